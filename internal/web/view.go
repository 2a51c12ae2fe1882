package web

import (
	"time"

	"github.com/tracehaul/tracehaul/internal/trace"
)

// summary is a trace's line in the list.
type summary struct {
	TraceID    string    `json:"trace_id"`
	Name       string    `json:"name"`
	Start      time.Time `json:"start"`
	DurationUS int64     `json:"duration_us"`
	Spans      int       `json:"span_count"`
	Errors     int       `json:"error_count"`
}

func summarise(t *trace.Trace) summary {
	start, end := t.Bounds()
	s := summary{TraceID: t.ID, Start: start, DurationUS: end.Sub(start).Microseconds()}
	t.Walk(func(n *trace.Node, _ int) {
		if s.Spans == 0 {
			s.Name = n.Span.Name
		}
		s.Spans++
		if n.Span.Status == "ERROR" {
			s.Errors++
		}
	})
	return s
}
