package story

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Story is all that is known of one event.
type Story struct {
	Given    string    `json:"given"`
	As       Kind      `json:"as"`
	Pipeline string    `json:"pipeline,omitempty"`
	TraceID  string    `json:"trace_id"`
	At       time.Time `json:"collected_at"`

	Verdict    Verdict      `json:"verdict"`
	Hops       []Hop        `json:"hops"`
	Deliveries []Delivery   `json:"deliveries"`
	Missing    []Missing    `json:"missing"`
	Notes      []string     `json:"notes"`
	Timeline   []Moment     `json:"timeline"`
	Spans      []SpanView   `json:"spans"`
	Linked     []trace.Span `json:"linked"`
	Logs       []Log        `json:"logs"`
	Rows       []trace.Row  `json:"rows"`
	Messages   []Message    `json:"messages"`
	AccessLog  []string     `json:"access_log"`
	Asked      []Report     `json:"asked"`
	Skipped    []string     `json:"not_configured"`

	// Trace is the tree of the spans.
	Trace *trace.Trace `json:"-"`

	expect Expect
	focus  *EventID // the one event that was asked for, where a trace has more
}

// SpanView is a span with its place in the tree.
type SpanView struct {
	trace.Span

	Depth      int   `json:"depth"`
	Orphan     bool  `json:"orphan"`
	OffsetUS   int64 `json:"offset_us"` // from the trace's start
	DurationUS int64 `json:"duration_us"`
	// Clamped is by how many milliseconds its times were moved, so that they
	// do not run backwards.
	Clamped string `json:"clamped,omitempty"`
}

// Moment is something that happened, by whoever noted it.
type Moment struct {
	Time time.Time `json:"time"`
	What string    `json:"what"`
	// Clock is whose clock it was.
	Clock string `json:"clock"`
	// Backwards is true if it is before the moment that came before it: the
	// clocks differ.
	Backwards bool `json:"backwards,omitempty"`
}

// tell puts together what was collected.
func (s *collector) tell() *Story {
	t := &Story{
		Given: clip(mask(s.Given), 200), As: s.candidate.Kind, Pipeline: s.Expect.Pipeline, At: s.Now().UTC(),
		Rows: list(s.found.Rows), Messages: list(s.found.Messages), Logs: list(s.found.Logs), AccessLog: list(s.found.AccessLog),
		Notes: list(s.found.Notes), Skipped: list(s.Skipped), expect: s.Expect,
	}
	t.TraceID = s.chooseTrace()
	own, linked := s.ofTrace(t.TraceID)
	t.Trace, t.Linked = trace.New(t.TraceID, own), list(linked)
	t.Spans = views(t.Trace)
	t.keepLogs()
	slices.SortStableFunc(t.Logs, func(a, b Log) int { return a.Time.Compare(b.Time) })
	slices.SortStableFunc(t.Messages, func(a, b Message) int { return a.SentAt.Compare(b.SentAt) })
	t.focus = s.event()
	t.Asked = s.report()
	t.Deliveries = t.deliveries()
	t.Hops = t.hops()
	t.Verdict = t.judge()
	t.Missing = t.missing()
	t.Verdict.Gaps = len(t.Missing) > 0
	t.Timeline = t.timeline()
	t.note(s.clues.TraceIDs)
	t.cut(s.found.Cut)
	return t
}

// chooseTrace returns the trace of the event. Where the client brought one of its
// own, the load balancer's id leads to it, and is of one that is linked to.
func (s *collector) chooseTrace() string {
	ids := s.clues.TraceIDs
	i := slices.IndexFunc(ids, s.ofProgram)
	switch {
	case len(ids) == 0:
		return ""
	case i < 0:
		return ids[0]
	case i > 0:
		add(&s.clues.Linked, ids[0])
		s.clues.TraceIDs = ids[1:]
	}
	return ids[i]
}

// ofProgram reports whether anybody but the load balancer knows a trace.
func (s *collector) ofProgram(id string) bool {
	return s.hasRow("trace_id", id) || slices.ContainsFunc(s.found.Spans, func(span trace.Span) bool { return span.TraceID == id && !ofBalancer(span) })
}

// keepLogs leaves out lines of the traces that are linked to, but for those of
// the spans that are: an invocation has a hundred other messages.
func (t *Story) keepLogs() {
	wanted := map[string]bool{}
	for i := range t.Linked {
		wanted[t.Linked[i].TraceID] = true
	}
	t.Logs = slices.DeleteFunc(t.Logs, func(l Log) bool { return l.TraceID != t.TraceID && l.TraceID != "" && !wanted[l.TraceID] })
}

func views(t *trace.Trace) []SpanView {
	start, _ := t.Bounds()
	list := []SpanView{}
	t.Walk(func(n *trace.Node, depth int) {
		v := SpanView{Span: n.Span, Depth: depth, Orphan: n.Orphan, OffsetUS: n.Span.Start.Sub(start).Microseconds(), DurationUS: n.Span.Duration().Microseconds()}
		if has(&n.Span, semconv.ClockClampedKey) {
			v.Clamped = cmp.Or(attr(&n.Span, semconv.ClockSkewKey), "some")
		}
		list = append(list, v)
	})
	return list
}

func (s *collector) report() []Report {
	reports := slices.Clone(s.reports)
	for i := range reports {
		r := &reports[i]
		mark, marks := s.Backends[i].(Intrusive)
		switch {
		case r.Problem != "":
		case marks && !s.marked:
			r.Skipped = "it is known where the event is, and a look " + mark.Mark()
		case r.Skipped != "" && r.spans+r.rows+r.messages+r.logs+r.lines == 0:
		default:
			r.Found, r.Skipped = r.summary(), ""
		}
	}
	return reports
}

func (r *Report) summary() string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{r.spans, "span"}, {r.rows, "row"}, {r.messages, "message"}, {r.logs, "log line"}, {r.lines, "access-log line"}} {
		if p.n > 0 {
			parts = append(parts, trace.Counted(p.n, p.what))
		}
	}
	if len(parts) == 0 {
		return "nothing new"
	}
	return strings.Join(parts, ", ")
}

// note tells what a reader would stumble over.
func (t *Story) note(traces []string) {
	if len(t.Spans) == 0 && t.TraceID != "" && (len(t.Rows) > 0 || len(t.Logs) > 0 || len(t.Messages) > 0 || len(t.AccessLog) > 0) {
		t.Notes = append(t.Notes, t.unsampled())
	}
	if len(traces) > 1 {
		t.Notes = append(t.Notes, "The same event is in further traces, as it was sent more than once: "+strings.Join(traces[1:min(len(traces), 6)], ", "))
	}
	for i := range t.Spans {
		if v := &t.Spans[i]; v.Clamped != "" {
			t.Notes = append(t.Notes, fmt.Sprintf("Clocks differ: the times of %q were moved by %s ms, so that they do not run backwards.", v.Name, v.Clamped))
		}
	}
	for i := range t.Timeline {
		if t.Timeline[i].Backwards {
			t.Notes = append(t.Notes, fmt.Sprintf("Clocks differ: %q is, by the clock of %s, before what happened before it.", t.Timeline[i].What, t.Timeline[i].Clock))
		}
	}
}

// cut tells that not all spans were read, which may be why one is missing.
func (t *Story) cut(reasons []string) {
	for _, why := range reasons {
		t.Notes = append(t.Notes, "Not all spans are here: "+why+".")
	}
	for i := range t.Missing {
		if len(reasons) > 0 {
			t.Missing[i].Why = "It may be there, as not all spans were read: " + reasons[0] + ". Otherwise: " + t.Missing[i].Why
		}
	}
}

func (t *Story) unsampled() string {
	none := "No back end has a span"
	if len(t.Linked) > 0 {
		none += " but the load balancer's"
	}
	switch p := t.expect.SamplePercent; {
	case p > 0 && p < 100:
		return fmt.Sprintf("%s. %g %% of traces are sampled, so this one probably was not: times of the row, messages and log lines tell the way.", none, p)
	case t.asks(HoldsSpans):
		return none + ". The trace was not sampled, is older than traces are kept, or its spans are still to come: times of the row, messages and log lines tell the way."
	}
	return "No back end for traces answered: times of the row, messages and log lines tell the way."
}

// list makes JSON of an absent list [] rather than null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
