package trace

import (
	"cmp"
	"slices"
	"time"
)

// Node is a span with the spans beneath it, ordered by start.
type Node struct {
	Span     Span
	Children []*Node
	// Orphan is true when the span names a parent that is not in the trace:
	// it was not sampled, was lost, or is still to come.
	Orphan bool
}

// Trace is every span that was collected with one trace id, as trees.
// There is one root in a trace without gaps.
type Trace struct {
	ID    string
	Roots []*Node
}

// New orders the spans of one trace. Spans of other traces and repeated span
// ids are left out. Where spans name each other as parents in a ring, one of
// them becomes an orphan, so that no span is lost from view.
func New(id string, spans []Span) *Trace {
	nodes := make(map[string]*Node, len(spans))
	order := make([]*Node, 0, len(spans))
	for _, s := range spans {
		if s.TraceID != id || nodes[s.SpanID] != nil {
			continue
		}
		n := &Node{Span: s}
		nodes[s.SpanID] = n
		order = append(order, n)
	}
	slices.SortStableFunc(order, func(a, b *Node) int {
		return cmp.Or(
			a.Span.Start.Compare(b.Span.Start),
			b.Span.End.Compare(a.Span.End), // the longer one first: it is the likelier parent
			cmp.Compare(a.Span.SpanID, b.Span.SpanID),
		)
	})

	t := &Trace{ID: id}
	hungFrom := make(map[*Node]*Node, len(order))
	for _, n := range order {
		parent := nodes[n.Span.ParentSpanID]
		if parent == nil || reaches(parent, n, hungFrom) {
			n.Orphan = n.Span.ParentSpanID != ""
			t.Roots = append(t.Roots, n)
			continue
		}
		hungFrom[n] = parent
		parent.Children = append(parent.Children, n)
	}
	return t
}

// reaches reports whether the way up from n leads to target.
func reaches(n, target *Node, hungFrom map[*Node]*Node) bool {
	for ; n != nil; n = hungFrom[n] {
		if n == target {
			return true
		}
	}
	return false
}

// Walk calls visit for every span from the top down, children in order of
// their start, with the number of spans above it.
func (t *Trace) Walk(visit func(n *Node, depth int)) {
	var down func(nodes []*Node, depth int)
	down = func(nodes []*Node, depth int) {
		for _, n := range nodes {
			visit(n, depth)
			down(n.Children, depth+1)
		}
	}
	down(t.Roots, 0)
}

// Spans returns the spans in the order of [Trace.Walk].
func (t *Trace) Spans() []Span {
	spans := []Span{}
	t.Walk(func(n *Node, _ int) { spans = append(spans, n.Span) })
	return spans
}

// Bounds are the earliest start and the latest end of all spans; zero times
// for a trace without spans.
func (t *Trace) Bounds() (start, end time.Time) {
	t.Walk(func(n *Node, _ int) {
		if start.IsZero() || n.Span.Start.Before(start) {
			start = n.Span.Start
		}
		if n.Span.End.After(end) {
			end = n.Span.End
		}
	})
	return start, end
}
