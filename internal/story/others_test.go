package story_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// failed is the line that a consumer writes of one message.
func failed(event, sqs string) story.Log {
	return story.Log{
		Time: at(1000), Severity: "WARN", Service: "orders-ledger", Text: "message failed, it will come again", TraceID: id, SpanID: "00000000000000e1",
		Attributes: map[string]any{
			"outcome": "failed", "reason": "sink_unavailable", "code": "57P01", "queue": queue, "sqs_message_id": sqs, "receive_count": int64(1),
			"event_source": "/orders/intake", "event_id": event,
		},
	}
}

// A search for text finds longer ids that begin with what was given, and
// whatever else has it in it: that is no story of what was given.
func TestCollect_PartOfAnotherID_IsNothing(t *testing.T) {
	database := &fake{name: "PostgreSQL", holds: story.HoldsRows, found: story.Found{Rows: []trace.Row{row()}}}
	lines := told{&fake{name: "CloudWatch Logs", holds: story.HoldsLogs, found: story.Found{Logs: []story.Log{failed("order-4711", sqsID)}}}}
	traces := told{&fake{name: "X-Ray", holds: story.HoldsSpans, found: story.Found{Spans: arrived()}}}
	for _, given := range []string{"order-471", "6922"} {
		s, err := story.Collect(t.Context(), story.Config{Given: given, Backends: []story.Backend{database, lines, traces}})
		if !errors.Is(err, story.ErrNothing) || s.Verdict.Arrived || s.TraceID != "" || len(s.Spans)+len(s.Rows)+len(s.Logs) > 0 {
			t.Errorf("%s: %v, story %+v", given, err, s)
		}
	}
	s, err := story.Collect(t.Context(), story.Config{Given: "order-4711", Backends: []story.Backend{lines, traces}})
	if err != nil || s.TraceID != id || len(s.Spans) == 0 {
		t.Errorf("the id itself: %v, story %+v", err, s)
	}
}

// A redriven message has another id than the lines about it from before.
func TestCollect_RedrivenAndNotSampled_Arrived(t *testing.T) {
	r := row()
	r[4].Value = "22222222-2222-4222-8222-222222222222"
	database := &fake{name: "PostgreSQL", holds: story.HoldsRows, found: story.Found{Rows: []trace.Row{r}}}
	refused := failed("order-4711", sqsID)
	refused.Text, refused.Attributes["outcome"], refused.Attributes["reason"], refused.Attributes["code"] = "message sent to the dead-letter queue", "dead_lettered", "refused", "23502"
	for _, expect := range []story.Expect{{}, {Queues: []string{queue}, RowQueue: queue}} {
		for name, l := range map[string]story.Log{"It took 1 receive: 1 failed before": failed("order-4711", sqsID), "it was a dead letter, and somebody has redriven it": refused} {
			lines := &fake{name: "CloudWatch Logs", holds: story.HoldsLogs, found: story.Found{Logs: []story.Log{l}}}
			s, err := story.Collect(t.Context(), story.Config{Given: "order-4711", Expect: expect, Backends: []story.Backend{database, lines}})
			if err != nil || !s.Verdict.Arrived || len(s.Deliveries) != 1 || len(s.Deliveries[0].SQSIDs) != 2 {
				t.Fatalf("%v, story %+v", err, s)
			}
			wantAll(t, textOf(t, s), "It arrived: the row is there.", name)
		}
	}
}

// What fails at another queue is no receive of the row's message.
func TestCollect_FailedAtAnotherQueue_IsTold(t *testing.T) {
	const mailer = "dev-intake-order-mailer"
	l := failed("order-4711", "another")
	l.Attributes["queue"] = mailer
	database := &fake{name: "PostgreSQL", holds: story.HoldsRows, found: story.Found{Rows: []trace.Row{row()}}}
	lines := &fake{name: "CloudWatch Logs", holds: story.HoldsLogs, found: story.Found{Logs: []story.Log{l}}}
	s, err := story.Collect(t.Context(), story.Config{Given: "order-4711", Expect: story.Expect{Queues: []string{queue, mailer}, RowQueue: queue}, Backends: []story.Backend{database, lines}})
	if err != nil || s.Verdict.Arrived || s.Verdict.Place != story.PlaceQueue || len(s.Deliveries) != 2 {
		t.Errorf("%v, story %+v", err, s)
	}
}

// With two consumers a row is half of it: the other's letters are looked into,
// and where there is none nothing is promised.
func TestCollect_TwoQueuesOneRow_OtherIsLookedFor(t *testing.T) {
	const mailer = "dev-intake-order-mailer"
	m := letter()
	m.Queue, m.MessageID = mailer+"-dlq", "another"
	for _, given := range []string{id, "order-4711", sqsID} {
		for _, found := range [][]story.Message{nil, {m}} {
			database := &fake{name: "PostgreSQL", holds: story.HoldsRows, found: story.Found{Rows: []trace.Row{row()}}}
			letters := marking{&fake{name: "letters", holds: story.HoldsMessages, found: story.Found{Messages: found}}}
			s, err := story.Collect(t.Context(), story.Config{Given: given, Expect: story.Expect{Queues: []string{queue, mailer}, RowQueue: queue}, Backends: []story.Backend{database, letters}})
			if err != nil || len(letters.looks) == 0 || s.Verdict.Arrived != (found == nil) {
				t.Fatalf("%s: %v after %d looks, verdict %+v", given, err, len(letters.looks), s.Verdict)
			}
			if found == nil && !strings.Contains(s.Verdict.Headline, "the row is there. Of "+mailer+" nothing is known.") {
				t.Errorf("headline %q", s.Verdict.Headline)
			}
		}
	}
}

// How many events a trace has that was not sampled nobody knows: one that is
// written is not all.
func TestCollect_TraceNotSampled_LettersAreLookedInto(t *testing.T) {
	database := &fake{name: "PostgreSQL", holds: story.HoldsRows, found: story.Found{Rows: []trace.Row{row()}}}
	m := letter()
	m.EventID, m.MessageID = "order-4712", "another"
	letters := marking{&fake{name: "letters", holds: story.HoldsMessages, found: story.Found{Messages: []story.Message{m}}}}
	s, err := story.Collect(t.Context(), story.Config{Given: id, Backends: []story.Backend{database, letters}})
	if err != nil || s.Verdict.Place != story.PlaceDeadLetter || len(letters.looks) == 0 {
		t.Errorf("%v, story %+v", err, s)
	}
}

func TestCollect_MessageWithACredentialInItsSubject_Masked(t *testing.T) {
	m := letter()
	m.EventSubject = "https://x.example/?token=SECRETSECRET"
	if s := collect(t, story.Found{Messages: []story.Message{m}}); strings.Contains(s.Messages[0].EventSubject, "SECRET") {
		t.Errorf("subject %q", s.Messages[0].EventSubject)
	}
}

// A request that brings no event is none that has lost its message.
func TestCollect_RequestOfAnotherProgram_NoEvent(t *testing.T) {
	read, other, ours := request(200), request(202), request(202)
	read.Attributes["http.request.method"] = "GET"
	other.Service = "shop"
	for want, s := range map[string]trace.Span{"a request of orders-intake that brings no event": read, "a request of shop that brings no event": other} {
		got, err := story.Collect(t.Context(), story.Config{
			Given: id, Expect: story.Expect{Service: "orders-intake", Queues: []string{queue}},
			Backends: []story.Backend{&fake{name: "up", holds: story.HoldsSpans | story.HoldsMessages, found: story.Found{Spans: []trace.Span{s}}}},
		})
		if !errors.Is(err, story.ErrNoEvent) || got.Verdict.Place != story.PlaceNone || len(got.Missing) > 0 {
			t.Fatalf("%v, verdict %+v, missing %v", err, got.Verdict, got.Missing)
		}
		wantAll(t, textOf(t, got), want)
	}
	s := collect(t, story.Found{Spans: []trace.Span{ours}}, func(c *story.Config) { c.Expect = story.Expect{Service: "orders-intake"} })
	wantAll(t, textOf(t, s), "The service has it, and nothing is known of a message.")
}

// A line says what became of a receive, not where the message is now.
func TestCollect_FailedByItsLine_LettersAreLookedInto(t *testing.T) {
	m := letter()
	m.MessageID = sqsID
	letters := marking{&fake{name: "letters", holds: story.HoldsMessages, found: story.Found{Messages: []story.Message{m}}}}
	lines := told{&fake{name: "CloudWatch Logs", holds: story.HoldsLogs, found: story.Found{Logs: []story.Log{failed("order-4711", sqsID)}}}}
	s, err := story.Collect(t.Context(), story.Config{Given: "order-4711", Expect: story.Expect{Queues: []string{queue}, RowQueue: queue}, Backends: []story.Backend{lines, letters}})
	if err != nil || s.Verdict.Place != story.PlaceDeadLetter || len(letters.looks) == 0 {
		t.Errorf("%v after %d looks, verdict %+v", err, len(letters.looks), s.Verdict)
	}
}

// The line of a receive that has a span as well tells which event it is of.
func TestCollect_SampledAndFailed_StoryOfTheEvent(t *testing.T) {
	l := failed("order-4711", sqsID)
	receives := receive("00000000000000e1", 1, 1000, "failed", nil)
	found := story.Found{Logs: []story.Log{l}, Spans: append([]trace.Span{balancer(), request(202), send()}, receives...)}
	everything := told{&fake{name: "up", holds: story.HoldsLogs | story.HoldsSpans | story.HoldsMessages, found: found}}
	s, err := story.Collect(t.Context(), story.Config{Given: "order-4711", Backends: []story.Backend{everything}})
	if err != nil || s.Verdict.Place != story.PlaceQueue || len(s.Deliveries) != 1 || s.Deliveries[0].EventID != "order-4711" {
		t.Errorf("%v, story %+v", err, s)
	}
}

// A client with telemetry has a request above the service's.
func TestCollect_CallerHasARequestToo_ServiceIsTold(t *testing.T) {
	caller, service := request(200), request(400)
	caller.Service, caller.SpanID, caller.Attributes["http.request.method"] = "shop", "00000000000000a9", "GET"
	caller.Start, service.ParentSpanID = at(0), caller.SpanID
	found := story.Found{Spans: []trace.Span{caller, service}}
	s := collect(t, found, func(c *story.Config) { c.Expect = story.Expect{Service: "orders-intake"} })
	if s.Verdict.Place != story.PlaceRefused {
		t.Errorf("verdict %+v, want that the service has refused it", s.Verdict)
	}
}

// What a consumer with a filter has written is no other consumer's.
func TestCollect_FilteredConsumerWrote_OthersLettersAreLookedInto(t *testing.T) {
	const filtered = "dev-intake-order-partner"
	receives := receive("00000000000000e1", 1, 1000, "written", nil)
	for i := range receives {
		receives[i].Attributes["messaging.destination.name"], receives[i].Attributes["messaging.message.id"] = filtered, "another"
	}
	traces := &fake{name: "Tempo", holds: story.HoldsSpans, found: story.Found{Spans: append([]trace.Span{balancer(), request(202), send()}, receives...)}}
	letters := marking{&fake{name: "letters", holds: story.HoldsMessages, found: story.Found{Messages: []story.Message{letter()}}}}
	expect := story.Expect{Queues: []string{queue}, RowQueue: queue, MaxReceives: map[string]int{queue: 5, filtered: 5}}
	s, err := story.Collect(t.Context(), story.Config{Given: id, Expect: expect, Backends: []story.Backend{traces, letters}})
	if err != nil || s.Verdict.Arrived || len(letters.looks) == 0 {
		t.Errorf("%v after %d looks, verdict %+v", err, len(letters.looks), s.Verdict)
	}
}

// A row names its queue, though the consumer's span is still to come.
func TestCollect_RowBeforeItsSpan_QueueIsKnown(t *testing.T) {
	const mailer = "dev-intake-order-mailer"
	found := story.Found{Spans: []trace.Span{balancer(), request(202), send()}, Rows: []trace.Row{row()}}
	s := collect(t, found, func(c *story.Config) {
		c.Expect = story.Expect{Queues: []string{queue, mailer}, RowQueue: queue}
	})
	if !strings.Contains(s.Verdict.Headline, "Of "+mailer+" nothing is known.") || strings.Contains(s.Verdict.Headline, queue) {
		t.Errorf("headline %q", s.Verdict.Headline)
	}
}
