package story_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

const (
	queue = "dev-intake-order-ledger"
	dlq   = queue + "-dlq"
)

// at is a moment of the event's way, in milliseconds.
func at(ms float64) time.Time {
	return time.Date(2026, 11, 26, 8, 28, 54, 0, time.UTC).Add(time.Duration(ms * float64(time.Millisecond)))
}

// fake is a back end that has what it was given, for clues that lead to it.
type fake struct {
	name  string
	found story.Found
	err   error
	looks []story.Clues
	holds story.Holding
	wait  time.Duration
}

func (f *fake) Name() string { return f.name }

func (f *fake) Holds() story.Holding { return f.holds }

func (f *fake) Look(ctx context.Context, c story.Clues) (out story.Found, err error) {
	f.looks = append(f.looks, c)
	if f.wait > 0 {
		select {
		case <-time.After(f.wait):
		case <-ctx.Done():
			return out, ctx.Err()
		}
	}
	if f.err != nil {
		return out, f.err
	}
	of := func(id string) bool { return slices.Contains(c.TraceIDs, id) || slices.Contains(c.Linked, id) }
	for _, s := range f.found.Spans {
		message, _ := s.Attributes["messaging.message.id"].(string)
		if of(s.TraceID) || len(c.TraceIDs) == 0 && (slices.Contains(c.SNS, message) || slices.Contains(c.SQS, message)) {
			out.Spans = append(out.Spans, s)
		}
	}
	for _, l := range f.found.Logs {
		if of(l.TraceID) || len(c.TraceIDs) == 0 && len(out.Spans) > 0 {
			out.Logs = append(out.Logs, l)
		}
	}
	for _, row := range f.found.Rows {
		e := story.EventID{Source: row.Get("source").(string), ID: row.Get("id").(string)}
		if of(row.Get("trace_id").(string)) || slices.Contains(c.SQS, row.Get("sqs_message_id").(string)) || slices.Contains(c.Events, e) || slices.Contains(c.Events, story.EventID{ID: e.ID}) || isSubject(c, row.Get("subject")) {
			out.Rows = append(out.Rows, row)
		}
	}
	for _, m := range f.found.Messages {
		if of(m.TraceID) || slices.Contains(c.SQS, m.MessageID) || slices.Contains(c.Events, story.EventID{ID: m.EventID}) || isSubject(c, m.EventSubject) {
			out.Messages = append(out.Messages, m)
		}
	}
	if len(c.TraceIDs) > 0 {
		out.AccessLog, out.Notes = f.found.AccessLog, f.found.Notes
	}
	return out, nil
}

func isSubject(c story.Clues, of any) bool {
	subject, _ := of.(string)
	return subject != "" && slices.Contains(c.Subjects, subject)
}

// marking is a back end that leaves a mark.
type marking struct{ *fake }

func (marking) Mark() string { return "is counted" }

func span(spanID, parent, kind, name string, from, to float64, attributes map[string]any) trace.Span {
	service := "orders-intake"
	if kind == "CONSUMER" || kind == "INTERNAL" || kind == "CLIENT" {
		service = "orders-ledger"
	}
	if attributes == nil {
		attributes = map[string]any{}
	}
	return trace.Span{TraceID: id, SpanID: spanID, ParentSpanID: parent, Kind: kind, Name: name, Service: service, Start: at(from), End: at(to), Attributes: attributes, Links: []trace.Link{}}
}

const invocationTrace = "86f607b7b5b63e097df42286ff5ce84f"

// The spans of an event that arrived, as the pipeline makes them.
func balancer() trace.Span {
	return span("00000000000000a0", "", "SERVER", "POST", 0, 14, map[string]any{
		"tracehaul.alb.id": "app/dev", "http.request.method": "POST", "http.response.status_code": int64(202), "tracehaul.alb.target.reached": true, "tracehaul.alb.target.status_code": int64(202),
	})
}

func request(status int64) trace.Span {
	return span("00000000000000a1", "00000000000000a0", "SERVER", "POST /v1/events", 1, 13, map[string]any{"http.request.method": "POST", "http.response.status_code": status})
}

func send() trace.Span {
	return span("00000000000000b1", "00000000000000a1", "PRODUCER", "send dev-orders-order", 2, 12, map[string]any{
		"messaging.destination.name": "dev-orders-order", "messaging.message.id": snsID,
	})
}

// receive is one delivery with its wait, from a moment on.
func receive(spanID string, count int64, from float64, outcome string, more map[string]any) []trace.Span {
	attributes := map[string]any{
		"messaging.destination.name": queue, "messaging.message.id": sqsID, "tracehaul.message.receive_count": count, "tracehaul.outcome": outcome,
	}
	maps.Copy(attributes, more)
	process := span(spanID, "00000000000000b1", "CONSUMER", "process "+queue, from, from+8, attributes)
	if outcome == "failed" {
		process.Status, process.StatusText = "ERROR", "the database is away"
	}
	process.Links = []trace.Link{{TraceID: invocationTrace, SpanID: "00000000000000f1"}}
	return []trace.Span{
		span("c"+spanID[1:], "00000000000000b1", "INTERNAL", "wait "+queue, 12, from, map[string]any{"messaging.destination.name": queue, "messaging.message.id": sqsID}),
		process,
	}
}

func insert(parent string, from float64) trace.Span {
	return span("e"+parent[1:], parent, "CLIENT", "INSERT events", from, from+3, map[string]any{"db.system.name": "postgresql"})
}

func invocation() trace.Span {
	s := span("00000000000000f1", "", "SERVER", "dev-orders-ledger", 1000, 1012, map[string]any{"faas.invocation_id": "i-1"})
	s.TraceID, s.Service = invocationTrace, "orders-ledger"
	s.Links = []trace.Link{{TraceID: id, SpanID: "00000000000000b1"}}
	return s
}

func arrived() []trace.Span {
	return slices.Concat([]trace.Span{balancer(), request(202), send()}, receive("00000000000000d1", 1, 1000, "written", nil), []trace.Span{insert("00000000000000d1", 1002), invocation()})
}

func row() trace.Row {
	return trace.Row{
		{Name: "source", Value: "/orders/intake"},
		{Name: "id", Value: "order-4711"},
		{Name: "trace_id", Value: id},
		{Name: "span_id", Value: "00000000000000d1"},
		{Name: "sqs_message_id", Value: sqsID},
		{Name: "receive_count", Value: int32(1)},
		{Name: "accepted_at", Value: at(1)},
		{Name: "sent_at", Value: at(12)},
		{Name: "received_at", Value: at(1000)},
		{Name: "written_at", Value: at(1006)},
	}
}

// letter is a dead letter of the event, as SQS moves one.
func letter() story.Message {
	return story.Message{
		Queue: dlq, DeadLetter: true, MessageID: sqsID, TraceID: id, SpanID: "00000000000000b1", EventSource: "/orders/intake", EventID: "order-4711",
		Reason: "unsettled", SentAt: at(12), ReceiveCount: 6,
	}
}

// collect tells the story of the trace from one back end.
func collect(t *testing.T, f story.Found, change ...func(*story.Config)) *story.Story {
	t.Helper()
	c := story.Config{Given: id, Backends: []story.Backend{&fake{name: "everything", found: f, holds: story.HoldsSpans | story.HoldsRows | story.HoldsLogs | story.HoldsMessages}}}
	for _, ch := range change {
		ch(&c)
	}
	s, err := story.Collect(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wantAll(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in:\n%s", part, text)
		}
	}
}

func textOf(t *testing.T, s *story.Story) string {
	t.Helper()
	var b strings.Builder
	if err := s.WriteText(&b, story.Text{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
