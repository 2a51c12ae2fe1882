package consumer_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

func spanContext(ctx context.Context) trace.SpanContext { return trace.SpanContextFromContext(ctx) }

// process are the process spans that have ended.
func process(t *testing.T, b *bundle) (found []sdktrace.ReadOnlySpan) {
	t.Helper()
	for _, s := range b.spans.Ended() {
		if s.SpanKind() == trace.SpanKindConsumer {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		t.Fatal("there is no process span")
	}
	return found
}

func malformed(n int) events.SQSMessage {
	m := placed(n)
	m.Body = fmt.Sprintf(`{"n":%d`, n)
	return m
}

func TestDeadLetter_Malformed_GoesAsItCameWithTheReason(t *testing.T) {
	b := setup(t, nil)
	m := malformed(1)
	m.MessageAttributes["tracestate"] = attribute("vendor=1,other=x")
	m.MessageAttributes["baggage"] = attribute("tenant=a%20b")
	m.MessageAttributes["attempts"] = events.SQSMessageAttribute{DataType: "Number.int", StringValue: aws.String("3")}
	m.MessageAttributes["blob"] = events.SQSMessageAttribute{DataType: "Binary", BinaryValue: []byte{0, 0xFF}}
	m.Attributes["AWSTraceHeader"] = "Root=1-67891233-abcdef012345678912345678;Sampled=0"
	if failed := b.invoke(t.Context(), placed(0), m, placed(2)); failed != nil {
		t.Errorf("failed: %v", failed)
	}
	dead := b.dead()
	if len(dead) != 1 {
		t.Fatalf("%d dead letters", len(dead))
	}
	if *dead[0].Body != m.Body {
		t.Errorf("the body is %q", *dead[0].Body)
	}
	want := map[string]string{
		"failure-reason": "malformed", "failure-code": "malformed_json",
		"traceparent": traceparent(1), "tracestate": "vendor=1,other=x", "baggage": "tenant=a%20b",
		"event-type": "order.placed", "accepted-at": *m.MessageAttributes["accepted-at"].StringValue,
		"alb-root": *m.MessageAttributes["alb-root"].StringValue, "attempts": "3", "blob": "",
	}
	if diff := cmp.Diff(want, texts(dead[0])); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if a := dead[0].MessageAttributes; *a["attempts"].DataType != "Number.int" || string(a["blob"].BinaryValue) != "\x00\xff" {
		t.Errorf("types and bytes are not kept: %v", a)
	}
	if got := dead[0].Attributes["AWSTraceHeader"]; got != m.Attributes["AWSTraceHeader"] {
		t.Errorf("AWSTraceHeader is %q", got)
	}
	if diff := cmp.Diff(map[string]int64{"written": 2, "dead_lettered malformed": 1}, b.outcomes()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if lines := b.log.with("message sent to the dead-letter queue"); len(lines) != 1 || lines[0]["code"] != "malformed_json" || lines[0]["sqs_message_id"] != "m1" {
		t.Errorf("log lines %v", lines)
	}
}

// Sending to the dead-letter queue is part of the message's own trace.
func TestDeadLetter_Span_IsInTheMessagesTrace(t *testing.T) {
	b := setup(t, nil)
	b.invoke(t.Context(), malformed(1), malformed(2))
	for _, p := range process(t, b) {
		sends := 0
		for _, s := range b.spans.Ended() {
			if s.Name() == "send dlq" && s.Parent().SpanID() == p.SpanContext().SpanID() {
				sends++
			}
		}
		if sends != 1 {
			t.Errorf("%d sends in trace %v, want 1", sends, p.SpanContext().TraceID())
		}
	}
}

func TestDeadLetter_Envelope_KeepsItsBodyAndContext(t *testing.T) {
	b := setup(t, nil)
	plain := malformed(1)
	plain.MessageAttributes["blob"] = events.SQSMessageAttribute{DataType: "Binary", StringValue: aws.String("AP8=")} // base64 in an envelope
	m := enveloped(plain)
	b.invoke(t.Context(), m)
	dead := b.dead()
	if len(dead) != 1 || *dead[0].Body != m.Body {
		t.Fatalf("%d dead letters, or not as it came", len(dead))
	}
	got := texts(dead[0])
	if got["traceparent"] != traceparent(1) || got["event-type"] != "order.placed" || got["failure-reason"] != "malformed" {
		t.Errorf("attributes are %v", got)
	}
	if blob := dead[0].MessageAttributes["blob"].BinaryValue; string(blob) != "\x00\xff" {
		t.Errorf("blob is %q", blob)
	}
}

// A message moved back from the dead-letter queue is what it was, and if it
// fails once more it says why once.
func TestDeadLetter_MovedBack_IsTheSameAgain(t *testing.T) {
	for name, shape := range map[string]func(events.SQSMessage) events.SQSMessage{
		"raw":          func(m events.SQSMessage) events.SQSMessage { return m },
		"SNS envelope": enveloped,
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, nil)
			b.sink.poison["1"] = true
			b.invoke(t.Context(), shape(placed(1)))
			first := b.dead()[0]
			back := events.SQSMessage{
				MessageId: "moved", Body: *first.Body, EventSourceARN: queueARN, MessageAttributes: make(map[string]events.SQSMessageAttribute),
			}
			for name, a := range first.MessageAttributes {
				back.MessageAttributes[name] = events.SQSMessageAttribute{DataType: *a.DataType, StringValue: a.StringValue}
			}
			b.invoke(t.Context(), back)
			second := b.dead()[0]
			if diff := cmp.Diff(texts(first), texts(second)); diff != "" || *second.Body != *first.Body {
				t.Errorf("the second dead letter differs (-first +second):\n%s", diff)
			}
			delete(b.sink.poison, "1")
			b.invoke(t.Context(), back)
			if len(b.sink.rows) != 1 {
				t.Error("the event was not written after all")
			}
			spans := process(t, b)
			if got := spans[len(spans)-1].Parent().TraceID().String(); got != traceparent(1)[3:35] {
				t.Errorf("it continues trace %s", got)
			}
		})
	}
}

func TestDeadLetter_TenAttributesAlready_DropsAndSaysWhich(t *testing.T) {
	b := setup(t, nil)
	m := malformed(1)
	m.MessageAttributes = map[string]events.SQSMessageAttribute{"traceparent": attribute(traceparent(1)), "baggage": attribute("a=b")}
	for i := range 8 {
		m.MessageAttributes[fmt.Sprintf("user-%d", i)] = attribute("x")
	}
	b.invoke(t.Context(), m)
	got := texts(b.dead()[0])
	want := map[string]string{
		"failure-reason": "malformed", "failure-code": "malformed_json", "failure-dropped": "user-5,user-6,user-7",
		"traceparent": traceparent(1), "baggage": "a=b",
		"user-0": "x", "user-1": "x", "user-2": "x", "user-3": "x", "user-4": "x",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func TestDeadLetter_NearlyTooLarge_DropsTheLeastImportant(t *testing.T) {
	const limit = 256 << 10
	for _, test := range []struct {
		room int // beside the body
		want []string
	}{
		{0, nil},
		{40, []string{"failure-reason"}},
		{70, []string{"failure-code", "failure-reason"}},
		{120, []string{"failure-code", "failure-dropped", "failure-reason"}},
		{230, []string{"failure-code", "failure-dropped", "failure-reason", "traceparent"}},
		{500, []string{"failure-code", "failure-dropped", "failure-reason", "traceparent", "tracestate", "user"}},
		{700, []string{"baggage", "failure-code", "failure-reason", "traceparent", "tracestate", "user"}},
	} {
		t.Run(strconv.Itoa(test.room), func(t *testing.T) {
			b := setup(t, nil)
			m := malformed(1)
			m.Body = strings.Repeat("x", limit-test.room)
			m.MessageAttributes = map[string]events.SQSMessageAttribute{
				"traceparent": attribute(traceparent(1)), "tracestate": attribute("a=1"),
				"baggage": attribute("b=" + strings.Repeat("b", 400)), "user": attribute("u"),
			}
			if failed := b.invoke(t.Context(), m); failed != nil {
				t.Fatalf("failed: %v", failed)
			}
			dead := b.dead()
			got := slices.Sorted(maps.Keys(dead[0].MessageAttributes))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("attributes (-want +got):\n%s", diff)
			}
			if len(*dead[0].Body) != len(m.Body) {
				t.Error("the body was cut")
			}
		})
	}
}

// An envelope has each quote of a message escaped, so that it is larger than what
// SNS takes.
func TestDeadLetter_LargeEnvelope_HasItsReasonAndContext(t *testing.T) {
	b := setup(t, nil)
	if _, err := b.sqs.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
		QueueUrl: &b.dlq, Attributes: map[string]string{"MaximumMessageSize": "1048576"},
	}); err != nil {
		t.Fatal(err)
	}
	var messages []events.SQSMessage
	for i := range 3 {
		m := malformed(i)
		m.Body += strings.Repeat(`"`, 240<<10)
		messages = append(messages, enveloped(m))
	}
	if failed := b.invoke(t.Context(), messages...); failed != nil {
		t.Fatalf("failed: %v", failed)
	}
	dead := b.dead()
	if len(dead) != len(messages) {
		t.Fatalf("%d dead letters, want %d", len(dead), len(messages))
	}
	for _, d := range dead {
		if got := texts(d); len(*d.Body) < 480<<10 || got["failure-reason"] != "malformed" || got["traceparent"] == "" {
			t.Errorf("a body of %d bytes has attributes %v", len(*d.Body), got)
		}
	}
}

func TestDeadLetter_Many_GoInBatchesOfTenAndOfTheSizeAllowed(t *testing.T) {
	for name, test := range map[string]struct {
		messages, bytes, wantSends int
	}{
		"small ones": {25, 100, 3},
		"large ones": {5, 100 << 10, 3}, // two fit
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, nil)
			var messages []events.SQSMessage
			for i := range test.messages {
				m := malformed(i)
				m.Body += strings.Repeat("x", test.bytes)
				messages = append(messages, m)
			}
			if failed := b.invoke(t.Context(), messages...); failed != nil {
				t.Errorf("failed: %v", failed)
			}
			if b.sends != test.wantSends || len(b.dead()) != test.messages {
				t.Errorf("%d sends, want %d for all", b.sends, test.wantSends)
			}
		})
	}
}

// oneByOne is a client that tells how many calls there were, and at once.
type oneByOne struct {
	*sqs.Client

	mu                  sync.Mutex
	calls, inside, most int
}

func (c *oneByOne) SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, options ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	c.count(1)
	defer c.count(-1)
	time.Sleep(time.Second) // of the bubble: whoever sends beside it has begun by then
	return c.Client.SendMessageBatch(ctx, in, options...)
}

func (c *oneByOne) count(inside int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inside += inside
	c.calls += max(0, inside)
	c.most = max(c.most, c.inside)
}

// What is found while letters are being sent goes into one call after that.
func TestDeadLetter_FoundDuringACall_GoesIntoTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := new(oneByOne)
		b := setup(t, func(c *consumer.Config) {
			client.Client, c.SQS = c.SQS.(*sqs.Client), client //nolint:forcetypeassert // as setup made it
		})
		b.sink.poison["1"], b.sink.poison["2"] = true, true
		b.sink.write = func(context.Context, int) error {
			synctest.Wait() // the first call is on its way
			return nil
		}
		if failed := b.invoke(t.Context(), malformed(0), placed(1), placed(2)); failed != nil {
			t.Errorf("failed: %v", failed)
		}
		if client.calls != 2 || client.most != 1 {
			t.Errorf("%d calls, %d at once; want 2, one after the other", client.calls, client.most)
		}
		if dead := b.dead(); len(dead) != 3 {
			t.Errorf("%d dead letters, want 3", len(dead))
		}
	})
}

func TestDeadLetter_QueueAway_FailsThoseAlone(t *testing.T) {
	b := setup(t, nil)
	b.fault = func(int) *messaging.Fault { return &messaging.Fault{Drop: messaging.DropBefore} }
	if failed := b.invoke(t.Context(), placed(0), malformed(1), malformed(2)); !slices.Equal(failed, []string{"m1", "m2"}) {
		t.Errorf("failed: %v", failed)
	}
	if diff := cmp.Diff(map[string]int64{"written": 1, "failed dead_letter_failed": 2}, b.outcomes()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if lines := b.log.with("message not sent to the dead-letter queue, it will come again"); len(lines) != 2 {
		t.Errorf("%d log lines", len(lines))
	}
}

func TestDeadLetter_QueueTakesSome_FailsTheOthers(t *testing.T) {
	b := setup(t, nil)
	b.fault = func(int) *messaging.Fault { return &messaging.Fault{FailEntries: []int{1}} }
	if failed := b.invoke(t.Context(), malformed(0), malformed(1), malformed(2)); !slices.Equal(failed, []string{"m1"}) {
		t.Errorf("failed: %v", failed)
	}
	if dead := b.dead(); len(dead) != 2 {
		t.Errorf("%d dead letters", len(dead))
	}
}

// What SQS refuses in one entry may fail the call for all entries.
func TestDeadLetter_OneEntryRefused_OthersAreSent(t *testing.T) {
	b := setup(t, nil)
	bad := malformed(1)
	bad.MessageAttributes["AWS.reserved"] = attribute("x") // names with that prefix are refused
	failed := b.invoke(t.Context(), malformed(0), bad, malformed(2))
	if !slices.Equal(failed, []string{"m1"}) {
		t.Errorf("failed: %v", failed)
	}
	if dead := b.dead(); len(dead) != 2 {
		t.Errorf("%d dead letters, want 2", len(dead))
	}
}

// What SQS refuses for who sends, or how often, no other way of sending mends.
func TestDeadLetter_CallRefused_IsNotSplit(t *testing.T) {
	for _, code := range []string{"RequestThrottled", "AccessDenied", "QueueDoesNotExist", "KmsThrottled"} {
		b := setup(t, nil)
		b.fault = func(int) *messaging.Fault {
			return &messaging.Fault{Error: &messaging.Error{Code: code, Message: "no", Status: 400}}
		}
		if failed := b.invoke(t.Context(), malformed(0), malformed(1), malformed(2)); len(failed) != 3 {
			t.Errorf("%s: failed: %v", code, failed)
		}
		if b.sends != 1 {
			t.Errorf("%s: %d sends of one batch, want 1", code, b.sends)
		}
	}
}

func TestDeadLetter_NoQueue_LeavesItToTheRedrivePolicy(t *testing.T) {
	b := setup(t, func(c *consumer.Config) { c.DeadLetterQueueURL, c.SQS = "", nil })
	if failed := b.invoke(t.Context(), malformed(0), placed(1)); !slices.Equal(failed, []string{"m0"}) {
		t.Errorf("failed: %v", failed)
	}
	if diff := cmp.Diff(map[string]int64{"written": 1, "failed malformed": 1}, b.outcomes()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}
