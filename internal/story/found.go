package story

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tracehaul/tracehaul/internal/trace"
)

// Backend is somewhere that knows of events.
type Backend interface {
	// Name is what a person calls it, such as "Tempo at http://localhost:3200".
	Name() string
	// Holds says what it can know.
	Holds() Holding
	// Look returns what is there of the clues. Finding nothing is no error.
	// What was found before an error comes with it.
	Look(ctx context.Context, c Clues) (Found, error)
}

// Holding is what a back end can know, a sum of the constants below.
type Holding uint8

// What back ends can know.
const (
	HoldsSpans Holding = 1 << iota
	HoldsRows
	HoldsLogs
	HoldsMessages
)

// NotAskedError is returned by a back end that cannot look by the clues it has
// got, which is not to find nothing. It is asked again once there are more.
type NotAskedError struct{ Why string }

func (e *NotAskedError) Error() string { return "it was not asked: " + e.Why }

// Intrusive is a back end that leaves a mark where it looks. It is asked last,
// and only if nobody else knows where the event is.
type Intrusive interface {
	Backend
	// Mark says in a word or two what mark.
	Mark() string
}

// Found is what one back end has.
type Found struct {
	Spans     []trace.Span `json:"spans,omitempty"` // of the event's traces and of those they link to
	Rows      []trace.Row  `json:"-"`
	Logs      []Log        `json:"logs,omitempty"`
	Messages  []Message    `json:"messages,omitempty"` // that lie in a queue now
	AccessLog []string     `json:"access_log,omitempty"`
	// Notes are what the reader has to know of how it was looked.
	Notes []string `json:"notes,omitempty"`
	// Cut are the reasons why the back end may have more spans than are here.
	Cut []string `json:"cut,omitempty"`
}

func (f *Found) empty() bool {
	return len(f.Spans) == 0 && len(f.Rows) == 0 && len(f.Logs) == 0 && len(f.Messages) == 0 && len(f.AccessLog) == 0
}

// clean takes out what stands where a trace's id should be and is none: the
// line or the message is of no trace then.
func (f *Found) clean() {
	for i := range f.Logs {
		if l := &f.Logs[i]; !IsTraceID(l.TraceID) {
			l.TraceID, l.SpanID = "", ""
		}
	}
	for i := range f.Messages {
		if m := &f.Messages[i]; !IsTraceID(m.TraceID) {
			m.TraceID, m.SpanID = "", ""
		}
	}
}

// Log is one line.
type Log struct {
	Time       time.Time      `json:"time"`
	Severity   string         `json:"severity"`
	Service    string         `json:"service"`
	Text       string         `json:"text"`
	TraceID    string         `json:"trace_id,omitempty"`
	SpanID     string         `json:"span_id,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

// Message is one that lies in a queue now.
type Message struct {
	Queue        string    `json:"queue"`
	DeadLetter   bool      `json:"dead_letter"`
	MessageID    string    `json:"message_id"`
	SNSMessageID string    `json:"sns_message_id,omitempty"`
	TraceID      string    `json:"trace_id,omitempty"`
	SpanID       string    `json:"span_id,omitempty"` // that it was sent in
	EventSource  string    `json:"event_source,omitempty"`
	EventID      string    `json:"event_id,omitempty"`
	EventType    string    `json:"event_type,omitempty"`
	EventSubject string    `json:"event_subject,omitempty"`
	Problem      string    `json:"problem,omitempty"` // why there is no event
	Reason       string    `json:"reason,omitempty"`  // why it is a dead letter
	Code         string    `json:"code,omitempty"`
	SentAt       time.Time `json:"sent_at"`
	ReceiveCount int       `json:"receive_count"`
	Redrives     int       `json:"redrives,omitempty"`
	// HiddenUntil is when it can be received again, zero if now.
	HiddenUntil time.Time `json:"hidden_until,omitzero"`
	Body        string    `json:"body,omitempty"`
	BodyBytes   int       `json:"body_bytes"`
}

// Kinds of spans, as OTLP names them.
const (
	kindServer   = "SERVER"
	kindProducer = "PRODUCER"
	kindConsumer = "CONSUMER"
	kindInternal = "INTERNAL"
	kindClient   = "CLIENT"

	statusError = "ERROR"
)

// attr is a span's attribute as text, or empty.
func attr(s *trace.Span, key attribute.Key) string { return text(s.Attributes[string(key)]) }

func has(s *trace.Span, key attribute.Key) bool {
	_, ok := s.Attributes[string(key)]
	return ok
}

// text is a value for a person; nil is empty.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any, []string, map[string]any:
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		return string(b)
	default:
		return fmt.Sprint(v)
	}
}

// number is a whole number that may have come as text or as JSON.
func number(v any) int {
	switch v := v.(type) {
	case int64:
		return int(v)
	case int32:
		return int(v)
	case int:
		return v
	case float64:
		return int(v)
	}
	var n int
	if _, err := fmt.Sscan(text(v), &n); err != nil {
		return 0
	}
	return n
}
