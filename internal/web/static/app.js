// Lists are made of text. The story comes from the server as HTML in which
// everything from outside is escaped.
const byId = (id) => document.getElementById(id);
const listed = { traces: [], filter: "" };
let shown = "";     // the trace on the page
let written = "";   // the HTML that stands there
let data = false;   // whether data and bodies are shown

function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [k, v] of Object.entries(props)) {
    if (k === "class") node.className = v;
    else if (v !== undefined && v !== false) node.setAttribute(k, v);
  }
  node.append(...children.filter((c) => c !== undefined && c !== null));
  return node;
}

function took(us) {
  if (us < 1000) return `${us} µs`;
  if (us < 1e6) return `${(us / 1000).toFixed(us < 1e5 ? 2 : 0)} ms`;
  if (us < 6e7) return `${(us / 1e6).toFixed(2)} s`;
  return `${Math.floor(us / 6e7)} min ${Math.round((us % 6e7) / 1e6)} s`;
}

async function get(path, options) {
  const response = await fetch(path, options);
  const text = await response.text();
  if (response.ok) return text;
  let detail;
  try { detail = JSON.parse(text).detail; } catch { /* no JSON */ }
  throw new Error(detail || `${response.status} ${response.statusText}`);
}

const api = async (path, options) => JSON.parse(await get(path, options));

function notice(text) {
  byId("notice").textContent = text || "";
  byId("notice").hidden = !text;
}

// --- the list -------------------------------------------------------------

const counted = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
const current = () => location.hash.slice(1);

function drawList() {
  const wanted = listed.filter.toLowerCase();
  const matching = listed.traces.filter((t) => !wanted || t.trace_id.includes(wanted) || t.name.toLowerCase().includes(wanted));
  byId("none").hidden = listed.traces.length > 0;
  byId("list").replaceChildren(...matching.map((t) => el("li", {}, el("a", {
    href: `#${t.trace_id}`, "aria-current": String(t.trace_id === current()),
  },
    el("div", { class: "top" }, el("span", { class: "name" }, t.name), el("span", { class: "mono" }, took(t.duration_us))),
    el("div", { class: "under" },
      el("span", { class: "mono" }, t.trace_id.slice(0, 16)),
      el("span", {}, `${counted(t.span_count, "span")}${t.error_count ? `, ${t.error_count} failed` : ""} · ${new Date(t.start).toLocaleTimeString()}`)),
  ))));
}

// --- one trace ------------------------------------------------------------

// What is unfolded stays so when there is more to show.
function replace(html) {
  const open = new Set([...byId("detail").querySelectorAll("details[open]")].map((d) => d.id));
  byId("detail").innerHTML = html;
  for (const d of byId("detail").querySelectorAll("details")) d.open = open.has(d.id);
}

async function show() {
  const id = current();
  byId("report").hidden = byId("data").hidden = !id;
  if (!id) return;
  byId("report").href = `traces/${encodeURIComponent(id)}/report`;
  try {
    const asked = data;
    const html = await get(`traces/${encodeURIComponent(id)}${asked ? "?body=true" : ""}`);
    if (id !== current() || asked !== data) return;
    if (html !== written) replace(html);
    shown = id; written = html;
  } catch (e) {
    if (shown === id) return notice(e.message);
    byId("detail").replaceChildren(el("div", { class: "quiet empty" }, e.message));
  }
}

// --- running --------------------------------------------------------------

async function refresh() {
  try {
    listed.traces = await api("api/traces");
    notice("");
    drawList();
    await show();
  } catch {
    notice("The pipeline does not answer. Is `tracehaul up` still running?");
  }
}

byId("filter").addEventListener("input", (e) => { listed.filter = e.target.value; drawList(); });
byId("send").addEventListener("click", async () => {
  byId("send").disabled = true;
  try {
    const { trace_id: id } = await api("api/events", { method: "POST" });
    location.hash = id;
    await refresh();
  } catch (e) {
    notice(e.message);
  } finally {
    byId("send").disabled = false;
  }
});
byId("data").addEventListener("click", () => {
  data = !data;
  byId("data").setAttribute("aria-pressed", String(data));
  byId("data").textContent = data ? "Hide the data" : "Show the data";
  show();
});
addEventListener("hashchange", () => { shown = ""; written = ""; drawList(); show(); });
refresh();
setInterval(() => { if (!document.hidden) refresh(); }, 1500);
