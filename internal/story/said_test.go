package story_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// line is one that a consumer writes of a message under the message's trace.
func line(spanID string, ms float64, outcome, reason, code string, more map[string]any) story.Log {
	attributes := map[string]any{
		"outcome": outcome, "reason": reason, "code": code, "queue": queue, "sqs_message_id": sqsID, "receive_count": int64(1), "error": "the database is away",
		"event_source": "/orders/intake", "event_id": "order-4711",
	}
	maps.Copy(attributes, more)
	return story.Log{Time: at(ms), Severity: "WARN", Service: "orders-ledger", TraceID: id, SpanID: spanID, Text: "message failed, it will come again", Attributes: attributes}
}

// Of a message that was not sampled, lines tell what spans would.
func TestCollect_NotSampled_LinesTellWhereItStoppedAndWhy(t *testing.T) {
	held := letter()
	held.Queue, held.DeadLetter, held.Reason, held.ReceiveCount, held.HiddenUntil = queue, false, "", 1, at(2000).Add(3*time.Minute)
	byConsumer := letter()
	byConsumer.MessageID, byConsumer.Reason, byConsumer.Code = "another", "refused", "23514"
	failed, refused := line("00000000000000d1", 100, "failed", "sink_unavailable", "57P01", nil), line("00000000000000d2", 200, "dead_lettered", "refused", "23514", nil)
	written := row()
	written[5].Value = int32(2)
	for name, tt := range map[string]struct {
		found story.Found
		place story.Place
		say   []string
	}{
		"held":           {story.Found{Messages: []story.Message{held}, Logs: []story.Log{failed}}, story.PlaceQueue, []string{"It stopped at the consumer of " + queue + " and waits", "Delivery 1 ended failed (sink_unavailable 57P01): the database is away", "hidden for another 3m"}},
		"lines alone":    {story.Found{Logs: []story.Log{failed}}, story.PlaceQueue, []string{"delivery 1 at 08:28:54.100, by its log line: failed", "It stopped at the consumer of " + queue + " and waits", "where the message lies now nobody could tell"}},
		"tried again":    {story.Found{Logs: []story.Log{failed}, Rows: []trace.Row{written}}, story.PlaceRow, []string{"It arrived: the row is there", "It took 2 receives: 1 failed before, the last for failed (sink_unavailable 57P01)"}},
		"moved by SQS":   {story.Found{Messages: []story.Message{letter()}, Logs: []story.Log{failed}}, story.PlaceDeadLetter, []string{"is a dead letter", "Delivery 1 ended failed (sink_unavailable 57P01)", "for the reason unsettled"}},
		"by consumer":    {story.Found{Messages: []story.Message{byConsumer}, Logs: []story.Log{failed, refused}}, story.PlaceDeadLetter, []string{"is a dead letter", "ended dead_lettered (refused 23514)", "for the reason refused 23514"}},
		"letter is gone": {story.Found{Logs: []story.Log{refused}}, story.PlaceDeadLetter, []string{"It stopped at the consumer of " + queue + " and is a dead letter", "redriven or dropped"}},
	} {
		for _, given := range []string{id, sqsID} {
			b := told{&fake{name: "everything", found: tt.found, holds: story.HoldsSpans | story.HoldsRows | story.HoldsLogs | story.HoldsMessages}}
			s, err := story.Collect(t.Context(), story.Config{Given: given, Backends: []story.Backend{b}, Now: func() time.Time { return at(2000) }})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if s.Verdict.Place != tt.place || len(s.Deliveries) != 1 || len(s.Missing) > 0 || given == sqsID && s.As != story.KindSQS {
				t.Errorf("%s: as %s the event is at %q, missing %v, of %+v", name, s.As, s.Verdict.Place, s.Missing, s.Deliveries)
			}
			wantAll(t, textOf(t, s), tt.say...)
		}
	}
}

// What a span tells of is not told again by its line, which may be of a
// receive whose span is lost, too.
func TestCollect_SampledWithLines_EachReceiveOnce(t *testing.T) {
	spans := slices.Concat([]trace.Span{balancer(), request(202), send()}, receive("00000000000000d1", 1, 100, "failed", nil), []trace.Span{invocation()})
	of := func(lines ...story.Log) *story.Story { return collect(t, story.Found{Spans: spans, Logs: lines}) }
	first, second := line("00000000000000d1", 105, "failed", "sink_unavailable", "57P01", nil), line("00000000000000d2", 205, "failed", "deadline", "", map[string]any{"receive_count": int64(2)})
	if s := of(first); len(s.Deliveries) != 1 || len(s.Deliveries[0].Receives) != 1 || len(s.Missing) > 0 {
		t.Errorf("missing %v of %+v", s.Missing, s.Deliveries)
	}
	if s := of(second, first); len(s.Deliveries) != 1 || len(s.Deliveries[0].Receives) != 2 || s.Deliveries[0].Receives[1].Reason != "deadline" || !strings.Contains(strings.Join(s.Verdict.Why, " "), "Delivery 2 ended failed (deadline)") {
		t.Errorf("verdict %+v of %+v", s.Verdict, s.Deliveries)
	}
	spans = spans[:3]
	if s := of(first); len(s.Deliveries) != 1 || s.Deliveries[0].SNSMessageID != snsID || !slices.Equal(missing(s), []string{"process " + queue}) {
		t.Errorf("missing %q of %+v", missing(s), s.Deliveries)
	}
}

// A line names the message, by which those are asked who know no trace; one of
// a trace that is linked to is of another message.
func TestCollect_LineOfAMessage_LeadsOn(t *testing.T) {
	m := letter()
	m.TraceID, m.SpanID = "", ""
	lines := &fake{name: "lines", holds: story.HoldsLogs, found: story.Found{Logs: []story.Log{line("00000000000000d1", 100, "failed", "deadline", "", nil)}}}
	letters := &fake{name: "letters", holds: story.HoldsMessages, found: story.Found{Messages: []story.Message{m}}}
	s, err := story.Collect(t.Context(), story.Config{Given: id, Backends: []story.Backend{letters, lines}})
	if err != nil || len(s.Deliveries) != 1 || s.Verdict.Place != story.PlaceDeadLetter {
		t.Errorf("%v, messages %+v", err, s.Deliveries)
	}

	foreign := line("00000000000000d9", 100, "failed", "deadline", "", map[string]any{"sqs_message_id": "sqs-9", "event_id": "order-9"})
	foreign.TraceID = invocationTrace
	s = collect(t, story.Found{Spans: arrived(), Rows: []trace.Row{row()}, Logs: []story.Log{foreign}})
	if len(s.Logs) != 1 || len(s.Deliveries) != 1 || len(s.Deliveries[0].Receives) != 1 {
		t.Errorf("the invocation's line made %+v", s.Deliveries)
	}
}

// Lines name no sending: they go to one that has no message yet, and a letter
// that a consumer has made is told by its line.
func TestCollect_LinesOfABatch_EachToItsMessage(t *testing.T) {
	second := send()
	second.SpanID, second.Attributes = "00000000000000b2", map[string]any{"messaging.destination.name": "dev-orders-order", "messaging.message.id": "sns-2"}
	byConsumer := letter()
	byConsumer.MessageID, byConsumer.Reason = "another", "refused"
	s := collect(t, story.Found{Spans: []trace.Span{send(), second}, Messages: []story.Message{byConsumer}, Logs: []story.Log{
		line("00000000000000d2", 90, "failed", "deadline", "", map[string]any{"sqs_message_id": "sqs-2", "event_id": "order-4712"}),
		line("00000000000000d1", 100, "dead_lettered", "refused", "23514", nil),
	}})
	if len(s.Deliveries) != 2 || !slices.Equal(s.Deliveries[0].SQSIDs, []string{"another", sqsID}) || !slices.Equal(s.Deliveries[1].SQSIDs, []string{"sqs-2"}) || s.Deliveries[1].EventID != "order-4712" {
		t.Errorf("deliveries %+v", s.Deliveries)
	}
}
