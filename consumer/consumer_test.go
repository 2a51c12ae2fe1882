package consumer_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/event"
)

func TestConsumer_GoodBatch_IsOneWriteInTheOrderOfKeys(t *testing.T) {
	b := setup(t, nil)
	messages := orders(25)
	if failed := b.invoke(t.Context(), messages...); failed != nil {
		t.Errorf("failed: %v", failed)
	}
	if len(b.sink.batches) != 1 || len(b.sink.rows) != 25 {
		t.Fatalf("%d writes, %d rows", len(b.sink.batches), len(b.sink.rows))
	}
	if !slices.IsSortedFunc(b.sink.batches[0], func(a, b *consumer.Record) int { return strings.Compare(a.Event.ID, b.Event.ID) }) {
		t.Error("the batch is not sorted")
	}
	if diff := cmp.Diff(map[string]int64{"written": 25}, b.outcomes()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

func TestConsumer_Record_HoldsWhatIsKnown(t *testing.T) {
	for name, test := range map[string]struct {
		shape func(events.SQSMessage) events.SQSMessage
		snsID string
	}{
		"raw":          {func(m events.SQSMessage) events.SQSMessage { return m }, ""},
		"SNS envelope": {enveloped, snsID},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, nil)
			message := placed(3)
			message.Attributes["ApproximateReceiveCount"] = "2"
			message = test.shape(message)
			b.invoke(t.Context(), message)
			r := b.sink.rows[event.Key{Source: "/orders", ID: "3"}]
			if r == nil {
				t.Fatal("there is no record")
			}
			if r.SQSMessageID != "m3" || r.SNSMessageID != test.snsID || r.ReceiveCount != 2 || r.ALBRoot != "1-67891233-000000000000000000000004" {
				t.Errorf("record is %+v", r)
			}
			if string(r.Event.Data) != `{"n":3}` || r.Event.Type != "order.placed" {
				t.Errorf("event is %+v", r.Event)
			}
			if !r.AcceptedAt.Before(r.SentAt) || !r.SentAt.Before(r.ReceivedAt) || time.Since(r.ReceivedAt) > time.Minute {
				t.Errorf("accepted %v, sent %v, received %v", r.AcceptedAt, r.SentAt, r.ReceivedAt)
			}
			span := process(t, b)[0]
			if got := spanContext(r.Context); got.SpanID() != span.SpanContext().SpanID() || got.TraceID().String() != traceparent(3)[3:35] {
				t.Errorf("the record's context is in %v, want the process span %v", got, span.SpanContext())
			}
		})
	}
}

func TestConsumer_AlreadyThere_IsAcknowledged(t *testing.T) {
	b := setup(t, nil)
	messages := orders(3)
	b.invoke(t.Context(), messages...)
	if failed := b.invoke(t.Context(), messages...); failed != nil {
		t.Errorf("failed: %v", failed)
	}
	if diff := cmp.Diff(map[string]int64{"written": 3, "duplicate": 3}, b.outcomes()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

func TestConsumer_SameEventTwiceInABatch_IsWrittenOnce(t *testing.T) {
	b := setup(t, nil)
	again, other := placed(1), placed(1)
	again.MessageId = "again"
	other.MessageId, other.Body = "other", strings.Replace(other.Body, "/orders", "/returns", 1) // another event
	if failed := b.invoke(t.Context(), placed(0), placed(1), again, other, placed(2)); failed != nil {
		t.Errorf("failed: %v", failed)
	}
	if len(b.sink.batches) != 1 || len(b.sink.batches[0]) != 4 {
		t.Errorf("the sink got %d batches, the first of %d, want one of 4", len(b.sink.batches), len(b.sink.batches[0]))
	}
	if diff := cmp.Diff(map[string]int64{"written": 4, "duplicate": 1}, b.outcomes()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if got := b.sink.rows[event.Key{Source: "/orders", ID: "1"}].SQSMessageID; got != "m1" {
		t.Errorf("%s was written, want the one that came first", got)
	}
}

// Two messages with one key, of which the first is poison, are judged apart.
func TestConsumer_SameKeyAsAPoisonOne_IsTriedOnItsOwn(t *testing.T) {
	b := setup(t, nil)
	calls := 0
	b.sink.write = func(context.Context, int) error {
		calls++
		if calls == 1 {
			return consumer.Refuse("x", nil)
		}
		return nil
	}
	again := placed(1)
	again.MessageId = "again"
	if failed := b.invoke(t.Context(), placed(1), again); failed != nil {
		t.Errorf("failed: %v", failed)
	}
	if dead := b.dead(); len(dead) != 1 || *dead[0].Body != placed(1).Body {
		t.Errorf("%d dead letters", len(dead))
	}
	if got := b.sink.rows[event.Key{Source: "/orders", ID: "1"}].SQSMessageID; got != "again" {
		t.Errorf("%s was written", got)
	}
}

func TestConsumer_Poison_TouchesNoNeighbour(t *testing.T) {
	b := setup(t, nil)
	b.sink.poison["17"] = true
	if failed := b.invoke(t.Context(), orders(100)...); failed != nil {
		t.Errorf("failed: %v", failed)
	}
	if len(b.sink.rows) != 99 {
		t.Errorf("%d rows, want the 99 others", len(b.sink.rows))
	}
	dead := b.dead()
	if len(dead) != 1 || *dead[0].Body != placed(17).Body {
		t.Fatalf("%d dead letters, or another one", len(dead))
	}
	if diff := cmp.Diff(map[string]int64{"written": 99, "dead_lettered refused": 1}, b.outcomes()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if lines := b.log.with("message sent to the dead-letter queue"); len(lines) != 1 || lines[0]["event_source"] != "/orders" || lines[0]["event_id"] != "17" {
		t.Errorf("log lines %v, want one that names the event", lines)
	}
}

// With p poisonous messages of n, everything else is written, and the sink is
// called at most 1 + 2p·⌈log2 n⌉ times.
func TestConsumer_AnyPoison_BoundedWrites(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(r, "messages")
		poison := rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, min(n, 8), rapid.ID[int]).Draw(r, "poison")
		b := setup(t, nil)
		for _, p := range poison {
			b.sink.poison[strconv.Itoa(p)] = true
		}
		if failed := b.invoke(t.Context(), orders(n)...); failed != nil {
			r.Errorf("failed: %v", failed)
		}
		if len(b.sink.rows) != n-len(poison) || len(b.dead()) != len(poison) {
			r.Errorf("%d rows of %d with %d poisonous", len(b.sink.rows), n, len(poison))
		}
		if calls, most := len(b.sink.batches), 1+2*len(poison)*bits.Len(uint(n-1)); calls > most {
			r.Errorf("%d writes for %d messages with %d poisonous, want at most %d", calls, n, len(poison), most)
		}
	})
}

var errAway = errors.New("away")

type passing struct{ error }

func (passing) Retryable() bool   { return true }
func (passing) ErrorCode() string { return "57P01" }

func TestConsumer_SinkAway_FailsAllAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		err    error
		reason string
	}{
		"passes by itself":     {passing{errAway}, "sink_unavailable"},
		"nobody knows":         {errAway, "sink_error"},
		"an inner timeout":     {fmt.Errorf("sink: %w", context.DeadlineExceeded), "sink_unavailable"},
		"wrapped, still known": {fmt.Errorf("sink: %w", passing{errAway}), "sink_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, nil)
			b.sink.write = func(context.Context, int) error { return test.err }
			messages := orders(50)
			if diff := cmp.Diff(ids(messages), b.invoke(t.Context(), messages...)); diff != "" {
				t.Errorf("failed (-want +got):\n%s", diff)
			}
			if len(b.sink.batches) != 1 {
				t.Errorf("%d writes, want no second attempt", len(b.sink.batches))
			}
			if diff := cmp.Diff(map[string]int64{"failed " + test.reason: 50}, b.outcomes()); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if lines := b.log.with("batch failed, its messages will come again"); len(lines) != 1 || lines[0]["reason"] != test.reason || lines[0]["failed"] != 50.0 {
				t.Errorf("log lines %v, want one", lines)
			}
		})
	}
}

// Where a message's trace is not sampled nothing leads to the invocation's line
// about its batch: the message has a line of its own, in its own trace.
func TestConsumer_BatchFails_MessagesHaveLinesOfTheirOwn(t *testing.T) {
	b := setup(t, func(c *consumer.Config) { c.Logger = slog.New(withTrace{c.Logger.Handler()}) })
	b.sink.write = func(context.Context, int) error { return passing{errAway} }
	m := placed(7)
	m.EventSourceARN, m.Attributes["ApproximateReceiveCount"] = "arn:aws:sqs:eu-west-1:000000000000:orders", "3"
	m.MessageAttributes["traceparent"] = attribute(strings.TrimSuffix(traceparent(7), "1") + "0")
	b.invoke(t.Context(), m)
	lines := b.log.with("message failed, it will come again")
	if len(lines) != 1 {
		t.Fatalf("log lines %v, want one", lines)
	}
	delete(lines[0], "time")
	want := map[string]any{
		"level": "WARN", "msg": "message failed, it will come again", "trace_id": traceparent(7)[3:35], "sampled": false, "outcome": "failed", "reason": "sink_unavailable", "code": "57P01",
		"queue": "orders", "sqs_message_id": "m7", "receive_count": 3.0, "error": "away", "event_source": "/orders", "event_id": "7",
	}
	if diff := cmp.Diff(want, lines[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	b.invoke(t.Context(), orders(150)...)
	if n := len(b.log.with("message failed, it will come again")); n != 101 {
		t.Errorf("%d lines of 1 and 150 messages, want 1 and 100", n)
	}
}

// withTrace adds the trace of the context, as telemetry does.
type withTrace struct{ slog.Handler }

func (h withTrace) Handle(ctx context.Context, r slog.Record) error {
	r.AddAttrs(slog.String("trace_id", spanContext(ctx).TraceID().String()), slog.Bool("sampled", spanContext(ctx).IsSampled()))
	return h.Handler.Handle(ctx, r)
}

func TestConsumer_SinkGoesAwayWhileHalving_KeepsWhatIsWritten(t *testing.T) {
	b := setup(t, nil)
	b.sink.poison["0"] = true // sorted first
	b.sink.write = func(_ context.Context, call int) error {
		if call == 6 { // after 8, 4, 2, 1 (poison), 1 (written)
			return passing{errAway}
		}
		return nil
	}
	failed := b.invoke(t.Context(), orders(8)...)
	if want := []string{"m2", "m3", "m4", "m5", "m6", "m7"}; !slices.Equal(failed, want) {
		t.Errorf("failed are %v, want %v", failed, want)
	}
	if len(b.sink.batches) != 6 {
		t.Errorf("%d writes, want none after the failure", len(b.sink.batches))
	}
	if keys := slices.Collect(maps.Keys(b.sink.rows)); len(keys) != 1 || keys[0].ID != "1" {
		t.Errorf("written: %v", keys)
	}
	// What was found to be poison before is not forgotten.
	if dead := b.dead(); len(dead) != 1 {
		t.Errorf("%d dead letters, want 1", len(dead))
	}
}

func TestConsumer_SinkThatDoesNotSayWhatItDid_FailsAll(t *testing.T) {
	for name, said := range map[string]silent{
		"of the second": {consumer.Written},
		"of a third":    {consumer.Written, consumer.Written, consumer.Written},
		"nothing":       nil,
		"zero values":   make(silent, 2),
		"no such value": {consumer.Written, consumer.Duplicate + 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, func(c *consumer.Config) { c.Sink = said })
			if failed := b.invoke(t.Context(), orders(2)...); len(failed) != 2 {
				t.Errorf("failed: %v", failed)
			}
			if diff := cmp.Diff(map[string]int64{"failed sink_error": 2}, b.outcomes()); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

// silent is a sink that says the same of every batch.
type silent []consumer.Stored

func (s silent) Write(context.Context, []*consumer.Record) ([]consumer.Stored, error) { return s, nil }

func TestConsumer_SeveralInvocationsAtOnce_AllWritten(t *testing.T) {
	b := setup(t, nil)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			messages := orders(200)[i*20 : 60+i*20] // overlapping
			messages = append(messages, malformed(1000+i))
			if failed := b.invoke(t.Context(), messages...); failed != nil {
				t.Errorf("failed: %v", failed)
			}
		})
	}
	wg.Wait()
	if len(b.sink.rows) != 200 || len(b.dead()) != 8 {
		t.Errorf("%d rows, want 200", len(b.sink.rows))
	}
	if got := b.outcomes(); got["written"] != 200 || got["duplicate"] != 8*60-200 || got["dead_lettered malformed"] != 8 {
		t.Errorf("outcomes are %v", got)
	}
}

func TestConsumer_EndToEnd_IsMeasuredInTheTraceOfNewEvents(t *testing.T) {
	b := setup(t, nil)
	unknown := placed(5)
	delete(unknown.MessageAttributes, "accepted-at")
	ahead := placed(6)
	ahead.MessageAttributes["accepted-at"] = attribute("2100-01-01T00:00:00Z")
	b.invoke(t.Context(), placed(0), unknown, ahead)
	b.invoke(t.Context(), placed(0))
	found := b.collect("tracehaul.event.end_to_end_time")
	if len(found) != 1 || found[0].Unit != "s" {
		t.Fatalf("found %v", found)
	}
	points := found[0].Data.(metricdata.Histogram[float64]).DataPoints
	if len(points) != 1 || points[0].Count != 2 {
		t.Fatalf("points %v, want one of 2: the duplicate and the unknown do not count", points)
	}
	if sum := points[0].Sum; sum < 1 || sum > 30 {
		t.Errorf("the sum is %v s, want about 1: what was accepted in the future took no time", sum)
	}
	if name, _ := points[0].Attributes.Value("messaging.destination.name"); name.AsString() != "dev-shop-order-consumer" {
		t.Errorf("queue is %q", name.AsString())
	}
	if n := len(points[0].Exemplars); n == 0 || !slices.ContainsFunc(points[0].Exemplars, func(e metricdata.Exemplar[float64]) bool {
		return hex.EncodeToString(e.TraceID) == traceparent(0)[3:35]
	}) {
		t.Errorf("%d exemplars, none of the first event's trace", n)
	}
}

func TestNew_Incomplete_SaysEverything(t *testing.T) {
	_, err := consumer.New(consumer.Config{DeadLetterQueueURL: "https://sqs.example/q", Freshness: -time.Second})
	if err == nil || !strings.Contains(err.Error(), "Sink") || !strings.Contains(err.Error(), "SQS") || !strings.Contains(err.Error(), "Freshness: want a duration of more than 0, got -1s") {
		t.Errorf("New gave %v", err)
	}
}
