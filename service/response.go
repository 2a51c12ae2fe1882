package service

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"sync"

	"go.opentelemetry.io/otel/trace"
)

// Accepted is the body of the answer 202 to a single event.
type Accepted struct {
	// ID and Source identify the event. For plain JSON the service made them.
	ID     string `json:"id"`
	Source string `json:"source"`

	// Status is "accepted".
	Status string `json:"status"`

	// TraceID is the trace in which the event travels, in hex.
	TraceID string `json:"trace_id,omitempty"`
}

// Batch is the body of the answer 202 to a batch.
type Batch struct {
	TraceID string `json:"trace_id,omitempty"`

	// Accepted is how many events SNS has confirmed: all of them.
	Accepted int `json:"accepted"`

	// Results has an entry for every event, in order.
	Results []Result `json:"results"`
}

// Result is what became of one event of a batch.
type Result struct {
	Index  int    `json:"index"`
	ID     string `json:"id"`
	Source string `json:"source"`

	// Status is "accepted" or "refused".
	Status string `json:"status"`

	// Code and Detail say why an event was refused, as those of a [Problem]
	// do.
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Problem is the body of every answer that is not 2xx (RFC 9457).
type Problem struct {
	// Type is a URI that leads to the description of Code.
	Type string `json:"type"`

	// Title is a short text that is the same for every problem of the type.
	Title string `json:"title"`

	// Status is the HTTP status.
	Status int `json:"status"`

	// Detail says what is wrong with this request. It never repeats anything
	// of the body, apart from names of fields.
	Detail string `json:"detail,omitempty"`

	// Code is a stable word for programs.
	Code string `json:"code"`

	// TraceID is the trace of this request, in hex.
	TraceID string `json:"trace_id,omitempty"`

	// Index and Field name the event of a batch and the attribute that is at
	// fault.
	Index *int   `json:"index,omitempty"`
	Field string `json:"field,omitempty"`

	// Accepted and Results say what became of each event when SNS did not
	// take all of them.
	Accepted *int     `json:"accepted,omitempty"`
	Results  []Result `json:"results,omitempty"`
}

var responses = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// respond answers with a JSON document.
func (s *Service) respond(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	s.sendAway(w.Header())
	write(w, status, v)
}

// sendAway has the client find another process for its next request, when this
// one stops. It is for the moment of the answer: who came before the process
// was told to stop would come again otherwise, just when it closes the
// connection.
func (s *Service) sendAway(h http.Header) {
	if s.draining.Load() {
		h.Set("Connection", "close")
	}
}

// write writes v, which is always encodable. Whether the client gets it is not
// for us to know.
func write(w http.ResponseWriter, status int, v any) {
	b := responses.Get().(*bytes.Buffer) //nolint:forcetypeassert // the pool holds nothing else
	defer responses.Put(b)
	b.Reset()
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err)
	}
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// respondAccepted answers with an [Accepted]. It is the answer to nearly every
// request, and so made without allocations.
func (s *Service) respondAccepted(w http.ResponseWriter, r *http.Request, result Result) {
	b := responses.Get().(*bytes.Buffer) //nolint:forcetypeassert // the pool holds nothing else
	defer responses.Put(b)
	b.Reset()
	text := appendAccepted(b.AvailableBuffer(), result, trace.SpanContextFromContext(r.Context()).TraceID())
	b.Write(text) // keeps what was allocated
	w.Header().Set("Content-Type", "application/json")
	s.sendAway(w.Header())
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write(text) //nolint:gosec // JSON, and declared as such
}

func appendAccepted(b []byte, result Result, id trace.TraceID) []byte {
	b = append(b, `{"id":`...)
	b = appendString(b, result.ID)
	b = append(b, `,"source":`...)
	b = appendString(b, result.Source)
	b = append(b, `,"status":"`+statusAccepted+`"`...)
	b = appendTraceID(b, id)
	return append(b, "}\n"...)
}

// appendTraceID appends the last field of an object, if there is a trace.
func appendTraceID(b []byte, id trace.TraceID) []byte {
	if !id.IsValid() {
		return b
	}
	b = append(b, `,"trace_id":"`...)
	b = hex.AppendEncode(b, id[:])
	return append(b, '"')
}

// appendString appends a JSON string.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7F {
			quoted, _ := json.Marshal(s) // never fails
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// traceID is the trace of a request, in hex, or empty.
func traceID(r *http.Request) string {
	if sc := trace.SpanContextFromContext(r.Context()); sc.HasTraceID() {
		return sc.TraceID().String()
	}
	return ""
}
