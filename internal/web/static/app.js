// Everything shown is set as text, never as markup: names and attributes come
// from whoever sent the spans.
const byId = (id) => document.getElementById(id);
const listed = { traces: [], filter: "" };
let shown = null;   // the detail on the page
let open = new Set(); // span ids whose attributes are unfolded

function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [k, v] of Object.entries(props)) {
    if (k === "class") node.className = v;
    else if (k.startsWith("on")) node.addEventListener(k.slice(2), v);
    else if (v !== undefined && v !== false) node.setAttribute(k, v);
  }
  node.append(...children.filter((c) => c !== undefined && c !== null));
  return node;
}

function svg(tag, attrs, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [k, v] of Object.entries(attrs)) node.setAttribute(k, v);
  node.append(...children);
  return node;
}

function took(us) {
  if (us < 1000) return `${us} µs`;
  if (us < 1e6) return `${(us / 1000).toFixed(us < 1e5 ? 2 : 0)} ms`;
  if (us < 6e7) return `${(us / 1e6).toFixed(2)} s`;
  return `${Math.floor(us / 6e7)} min ${Math.round((us % 6e7) / 1e6)} s`;
}

async function api(path, options) {
  const response = await fetch(path, options);
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.detail || `${response.status} ${response.statusText}`);
  return body;
}

function notice(text) {
  byId("notice").textContent = text || "";
  byId("notice").hidden = !text;
}

// --- the list -------------------------------------------------------------

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

const current = () => location.hash.slice(1);

function services(d) {
  return new Map(d.services.map((name, i) => [name, `c${i % 5}`]));
}

function table(entries) {
  return el("table", {}, el("tbody", {}, ...entries.map(([k, v]) => el("tr", {}, el("td", {}, k), el("td", {}, text(v))))));
}

function text(v) {
  if (v === null || v === undefined) return "–";
  if (typeof v !== "object") return String(v);
  const line = JSON.stringify(v);
  return line.length <= 160 ? line : JSON.stringify(v, null, 2);
}

const counted = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

function drawHop(h) {
  const state = h.failed ? "failed" : h.seen ? "" : "unseen";
  return el("div", { class: `hop ${state}` },
    el("h3", {}, h.name), el("div", { class: "title" }, h.seen ? h.title : h.unseen || "not seen yet"),
    el("dl", {}, ...h.facts.flatMap((f) => [el("dt", {}, f.label), el("dd", {}, f.value)])));
}

function drawTrack(s, whole, colour) {
  const at = (100 * s.offset_us) / whole;
  const width = Math.max((100 * s.duration_us) / whole, 0.4);
  return svg("svg", { class: "track", viewBox: "0 0 100 14", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { x: Math.min(at, 99.6), y: 2, width, height: 10, class: colour }));
}

function drawMore(s, d) {
  const link = (l) => {
    const other = d.linked.find((o) => o.span_id === l.span_id);
    const label = other ? `${other.name} (${other.service})` : l.span_id;
    return el("div", {}, el("a", { href: `#${l.trace_id}`, class: "mono" }, label), el("span", { class: "quiet mono" }, ` in ${l.trace_id.slice(0, 16)}…`));
  };
  return el("div", { class: "more" },
    el("div", {}, el("div", { class: "caption" }, "Span"),
      table([["span id", s.span_id], ["parent", s.parent_span_id || "none"], ["start", s.start], ["status", s.status || "unset"],
        ...(s.status_message ? [["message", s.status_message]] : [])]),
      ...(s.links.length ? [el("div", { class: "caption" }, "Links"), ...s.links.map(link)] : []),
      ...(s.events || []).map((e) => el("div", {}, el("div", { class: "caption" }, `Event: ${e.name}`), table(Object.entries(e.attributes || {}).sort())))),
    el("div", {}, el("div", { class: "caption" }, "Attributes"), table(Object.entries(s.attributes).sort())));
}

function drawSpan(s, d, colours) {
  const whole = Math.max(d.duration_us, 1);
  const colour = colours.get(s.service) || "c0";
  const toggle = () => {
    if (!open.delete(s.span_id)) open.add(s.span_id);
    drawDetail();
  };
  return el("div", { class: `span ${s.status === "ERROR" ? "error" : ""}` },
    el("button", { class: "line", type: "button", "aria-expanded": String(open.has(s.span_id)), onclick: toggle },
      el("span", { class: "label" },
        ...Array.from({ length: s.depth }, () => el("span", { class: "branch" })),
        el("span", { class: "text" }, s.name), el("span", { class: "kind" }, s.orphan ? `${s.kind}, parent not seen` : s.kind)),
      el("span", { class: "service" }, el("span", { class: `dot ${colour}` }), s.service),
      drawTrack(s, whole, colour),
      el("span", { class: "took" }, took(s.duration_us))),
    open.has(s.span_id) ? drawMore(s, d) : null);
}

function drawRows(d) {
  if (d.rows_problem) return el("div", { class: "row quiet" }, d.rows_problem);
  if (!d.rows.length) return el("div", { class: "row quiet" }, "No row carries this trace id (yet).");
  return el("div", {}, ...d.rows.map((r) => el("div", { class: "row" }, table(Object.entries(r)))));
}

function drawDetail() {
  const d = shown;
  if (!d) return;
  const colours = services(d);
  const state = d.error_count ? el("span", { class: "badge bad" }, `${d.error_count} failed`)
    : d.complete ? el("span", { class: "badge" }, "no gaps") : el("span", { class: "badge bad" }, "has gaps");
  byId("detail").replaceChildren(
    el("h1", {}, d.name, " ", state),
    el("div", { class: "quiet" }, el("span", { class: "mono" }, d.trace_id), ` · ${took(d.duration_us)} · ${new Date(d.start).toLocaleString()}`),
    el("section", {}, el("h2", {}, "The way"), el("div", { class: "hops" }, ...d.hops.map(drawHop))),
    el("section", {}, el("h2", {}, "Waterfall"), el("div", { class: "panel" },
      el("div", { class: "ruler" }, el("span", {}, "span"), el("span", {}, "service"),
        el("span", { class: "scale" }, el("span", {}, "0"), el("span", {}, took(Math.round(d.duration_us / 2))), el("span", {}, took(d.duration_us))), el("span", { class: "took" }, "took")),
      ...d.spans.map((s) => drawSpan(s, d, colours)))),
    el("section", {}, el("h2", {}, d.rows.length > 1 ? "The rows" : "The row"), el("div", { class: "panel" }, drawRows(d))),
    ...(d.linked.length ? [el("section", {}, el("h2", {}, "Linked from other traces"), el("div", { class: "panel row" },
      table(d.linked.map((s) => [s.name, `${s.kind} · ${s.service} · ${took((new Date(s.end) - new Date(s.start)) * 1000)} · ${s.trace_id}`]))))] : []),
    ...(d.access_log.length ? [el("section", {}, el("h2", {}, "Access log"), el("div", { class: "panel" }, ...d.access_log.map((l) => el("pre", {}, l))))] : []));
}

async function show() {
  const id = current();
  if (!id) return;
  try {
    const d = await api(`api/traces/${encodeURIComponent(id)}`);
    if (id !== current()) return;
    const same = shown && JSON.stringify(shown) === JSON.stringify(d);
    shown = d;
    if (!same) drawDetail();
  } catch (e) {
    if (shown && shown.trace_id === id) return notice(e.message);
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
addEventListener("hashchange", () => { shown = null; open = new Set(); drawList(); show(); });
refresh();
setInterval(() => { if (!document.hidden) refresh(); }, 1500);
