package trace

import "time"

// Span is one finished span. Its JSON form is what `tracehaul demo --json`
// prints.
type Span struct {
	TraceID      string         `json:"trace_id"`                 // 32 lower-case hex digits
	SpanID       string         `json:"span_id"`                  // 16 lower-case hex digits
	ParentSpanID string         `json:"parent_span_id"`           // empty for a root
	Name         string         `json:"name"`                     //
	Kind         string         `json:"kind"`                     // INTERNAL, SERVER, CLIENT, PRODUCER or CONSUMER
	Service      string         `json:"service"`                  // service.name of the resource
	Start        time.Time      `json:"start"`                    // UTC
	End          time.Time      `json:"end"`                      // UTC
	Status       string         `json:"status,omitempty"`         // empty, OK or ERROR
	StatusText   string         `json:"status_message,omitempty"` //
	Attributes   map[string]any `json:"attributes"`               // string, bool, int64, float64, or a slice of these
	Resource     map[string]any `json:"-"`                        // of the process that made it
	Links        []Link         `json:"links"`                    //
	Events       []Event        `json:"events,omitempty"`         //
}

// Link points from a span to another one, often in another trace.
type Link struct {
	TraceID    string         `json:"trace_id"`
	SpanID     string         `json:"span_id"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

// Event is something that happened at one moment of a span.
type Event struct {
	Name       string         `json:"name"`
	Time       time.Time      `json:"time"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

// Duration is how long the span took.
func (s Span) Duration() time.Duration { return s.End.Sub(s.Start) }
