package deadletter_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

func snsAttributes(name, value string) map[string]snstypes.MessageAttributeValue {
	return map[string]snstypes.MessageAttributeValue{name: {DataType: aws.String("String"), StringValue: &value}}
}

// What goes back is what came, but for why it failed, and with a note.
func TestRedrive_Message_IsWhatItWas(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		const header = "Root=1-67891233-abcdef012345678912345678;Sampled=0"
		a := attributes("failure-reason", "refused", "failure-code", "23505", "failure-dropped", "x",
			"traceparent", traceparent(1), "tracestate", "vendor=1", "baggage", "tenant=a", "event-type", "order.placed")
		a["attempts"] = sqstypes.MessageAttributeValue{DataType: aws.String("Number.int"), StringValue: aws.String("3")}
		a["blob"] = sqstypes.MessageAttributeValue{DataType: aws.String("Binary"), BinaryValue: []byte{0, 0xFF}}
		b.send(dlq, &sqs.SendMessageInput{
			MessageBody: aws.String(body(1)), MessageAttributes: a, MessageGroupId: aws.String("tenant-a"),
			MessageSystemAttributes: map[string]sqstypes.MessageSystemAttributeValue{
				"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(header)},
			},
		})
		r := b.redrive(b.open(), func(c *deadletter.RedriveConfig) { c.ID = "night" })
		if r.Sent != 1 || r.Left != 0 || r.Failed != 0 || r.Unmarked != 0 || len(r.Groups) != 1 {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(dlq, 0)
		b.wantDepth(queue, 1)
		m := b.messages(queue)[0]
		want := map[string]messaging.Attribute{
			"traceparent": {Type: "String", Value: traceparent(1)}, "tracestate": {Type: "String", Value: "vendor=1"},
			"baggage": {Type: "String", Value: "tenant=a"}, "event-type": {Type: "String", Value: "order.placed"},
			"attempts": {Type: "Number.int", Value: "3"}, "blob": {Type: "Binary", Value: "\x00\xff"},
			"redrive": {Type: "String", Value: "1 night"},
		}
		if diff := cmp.Diff(want, m.Attributes); diff != "" || m.Body != body(1) || m.TraceHeader != header {
			t.Errorf("body %s, header %s, attributes (-want +got):\n%s", m.Body, m.TraceHeader, diff)
		}
		out, err := b.client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(b.url(queue)), MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"},
		})
		if err != nil || out.Messages[0].Attributes["MessageGroupId"] != "tenant-a" {
			t.Errorf("%v, group %v", err, out.Messages[0].Attributes)
		}
	})
}

// The redrive has a trace of its own, which links to those of the messages.
func TestRedrive_Spans_LinkToTheMessages(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 12 {
			b.putAside(n, "refused", "23505")
		}
		b.redrive(b.open())
		linked := map[string]int{}
		var root trace.SpanContext
		sends := 0
		for _, s := range b.spans.Ended() {
			if s.Name() == "redrive "+dlq {
				root = s.SpanContext()
			}
		}
		for _, s := range b.spans.Ended() {
			if s.Name() != "send "+queue {
				continue
			}
			sends++
			if s.SpanKind() != trace.SpanKindProducer || s.Parent().SpanID() != root.SpanID() || !root.IsValid() {
				t.Errorf("a %v beneath %v, want a producer beneath %v", s.SpanKind(), s.Parent().SpanID(), root.SpanID())
			}
			for _, l := range s.Links() {
				linked[l.SpanContext.TraceID().String()]++
			}
		}
		want := map[string]int{}
		for n := range 12 {
			want[traceID(n)] = 1
		}
		if diff := cmp.Diff(want, linked); diff != "" || sends != 2 {
			t.Errorf("%d sends, links (-want +got):\n%s", sends, diff)
		}
		if want[root.TraceID().String()] != 0 {
			t.Error("the redrive is in the trace of a message")
		}
	})
}

func TestRedrive_NoRoomForTheNote_GoesWithout(t *testing.T) {
	for name, in := range map[string]*sqs.SendMessageInput{
		"ten attributes": {MessageBody: aws.String(body(1)), MessageAttributes: attributes("traceparent", traceparent(1), "a", "1", "b", "1", "c", "1", "d", "1", "e", "1", "f", "1", "g", "1", "h", "1", "i", "1")},
		"full":           {MessageBody: aws.String(strings.Repeat("x", 256<<10-10)), MessageAttributes: nil},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(b *bundle) {
				t := b.t
				b.send(dlq, in)
				if r := b.redrive(b.open()); r.Sent != 1 || r.Unmarked != 1 {
					t.Errorf("report %+v", r)
				}
				m := b.messages(queue)
				if len(m) != 1 || m[0].Attributes["redrive"].Value != "" || len(m[0].Attributes) != len(in.MessageAttributes) {
					t.Errorf("the queue has %+v", m)
				}
			})
		})
	}
}

// A letter that always comes back is known, and left alone in the end.
func TestRedrive_Again_CountsAndEnds(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		b.putAside(1, "refused", "23505")
		for round, want := range []string{"1 a", "2 b", "3 c"} {
			r := b.redrive(b.open(), func(c *deadletter.RedriveConfig) { c.MaxRedrives, c.ID = 3, want[2:] })
			if r.Sent != 1 {
				t.Fatalf("round %d: %+v", round, r)
			}
			m := b.messages(queue)[0]
			if got := m.Attributes["redrive"].Value; got != want {
				t.Errorf("round %d: redrive is %q, want %q", round, got, want)
			}
			b.bounce(1)
			time.Sleep(time.Second)
		}
		r := b.redrive(b.open(), func(c *deadletter.RedriveConfig) { c.MaxRedrives = 3 })
		if r.Sent != 0 || r.Exhausted != 1 {
			t.Errorf("after three: %+v", r)
		}
		b.wantDepth(dlq, 1)
	})
}

// bounce is a consumer that finds every message poisonous.
func (b *bundle) bounce(messages int) {
	for messages > 0 {
		out, err := b.client.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(b.url(queue)), MaxNumberOfMessages: 10, WaitTimeSeconds: 20, MessageAttributeNames: []string{"All"},
		})
		if err != nil {
			b.t.Error(err)
			return
		}
		for _, m := range out.Messages {
			a := maps.Clone(m.MessageAttributes)
			maps.Copy(a, attributes("failure-reason", "refused", "failure-code", "23505"))
			_, err1 := b.client.SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: aws.String(b.url(dlq)), MessageBody: m.Body, MessageAttributes: a})
			_, err2 := b.client.DeleteMessage(context.Background(), &sqs.DeleteMessageInput{QueueUrl: aws.String(b.url(queue)), ReceiptHandle: m.ReceiptHandle})
			if err := errors.Join(err1, err2); err != nil {
				b.t.Error(err)
			}
			messages--
		}
	}
}

// A consumer that puts all of them aside at once does not make it endless.
func TestRedrive_AllComeBackMeanwhile_Ends(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 25 {
			b.putAside(n, "refused", "23505")
		}
		time.Sleep(time.Second)
		q := b.open()
		done := make(chan struct{})
		go func() { defer close(done); b.bounce(25) }()
		r := b.redrive(q, func(c *deadletter.RedriveConfig) { c.Rate = 10 })
		<-done
		if r.Sent != 25 || r.Returned == 0 || r.Later != r.Returned {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(dlq, 25)
	})
}

func TestRedrive_Filter_LeavesTheOthers(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		b.giveUp(1, 2, 3)
		b.putAside(4, "refused", "23505")
		b.putAside(5, "malformed", "malformed_json")
		r := b.redrive(b.open(), func(c *deadletter.RedriveConfig) { c.Filter.Reasons = []string{deadletter.ReasonUnsettled} })
		if r.Sent != 3 || r.Skipped != 2 {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(dlq, 2)
		b.wantDepth(queue, 3)
	})
}

func TestRedrive_DryRun_ChangesNothing(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 12 {
			b.putAside(n, "refused", "23505")
		}
		before := b.messages(dlq)
		r := b.redrive(b.open(), func(c *deadletter.RedriveConfig) { c.DryRun, c.Limit = true, 11 })
		if r.Sent != 11 || !r.DryRun || r.Groups[0].Count != 11 {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(dlq, 12)
		b.wantDepth(queue, 0)
		for i, m := range b.messages(dlq) {
			if diff := cmp.Diff(before[i].Attributes, m.Attributes); diff != "" || m.MessageID != before[i].MessageID {
				t.Errorf("message %d changed:\n%s", i, diff)
			}
		}
	})
}

func TestRedrive_LimitAndRate_AreKept(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 30 {
			b.putAside(n, "refused", "23505")
		}
		begin := time.Now()
		r := b.redrive(b.open(), func(c *deadletter.RedriveConfig) { c.Limit, c.Rate = 25, 5 })
		if r.Sent != 25 {
			t.Errorf("report %+v", r)
		}
		if took := time.Since(begin); took < 4*time.Second || took > 6*time.Second {
			t.Errorf("25 at 5 a second took %v", took)
		}
		b.wantDepth(dlq, 5)
	})
}

// Letters that were not chosen stay hidden for as long as it runs.
func TestRedrive_Long_HoldsTheOthersAndGivesThemBack(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 10 {
			b.putAside(n, "malformed", "x")
		}
		for n := range 60 {
			b.putAside(n, "refused", "23505")
		}
		q := b.open(func(c *deadletter.Config) { c.Visibility = 4 * time.Second })
		r := b.redrive(q, func(c *deadletter.RedriveConfig) { c.Rate, c.Filter.Reasons = 1, []string{"refused"} })
		if r.Sent != 60 || r.Skipped != 10 {
			t.Errorf("report %+v", r)
		}
		for _, m := range b.messages(dlq) {
			if m.ReceiveCount != 1 {
				t.Errorf("a letter that was held for a minute was received %d times", m.ReceiveCount)
			}
		}
		b.wantDepth(dlq, 10)
	})
}

func TestRedrive_TooManyToHold_EndsAndSaysSo(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 30 {
			b.putAside(n, "malformed", "x")
		}
		q := b.open(func(c *deadletter.Config) { c.MaxHeld = 15 })
		r := b.redrive(q, func(c *deadletter.RedriveConfig) { c.Filter.Reasons = []string{"refused"} })
		if !r.Full || r.Skipped != 15 {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(dlq, 30)
	})
}

// on is a fault for one kind of call to one queue.
func on(action, resource string, f messaging.Fault, calls ...int) func(messaging.Call, int) *messaging.Fault {
	return func(c messaging.Call, n int) *messaging.Fault {
		if c.Action != action || c.Resource != resource || len(calls) > 0 && !slices.Contains(calls, n) {
			return nil
		}
		return &f
	}
}

func TestRedrive_SomeEntriesFail_ThoseStay(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 10 {
			b.putAside(n, "refused", "23505")
		}
		b.fault = on("SendMessageBatch", queue, messaging.Fault{FailEntries: []int{1, 7}})
		r := b.redrive(b.open())
		if r.Sent != 8 || r.Failed != 2 || len(r.Failures) != 1 {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(queue, 8)
		b.wantDepth(dlq, 2)
	})
}

// If nobody knows whether it was sent it is not deleted: it may come twice.
func TestRedrive_AnswerLost_NothingIsDeleted(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 10 {
			b.putAside(n, "refused", "23505")
		}
		b.fault = on("SendMessageBatch", queue, messaging.Fault{Drop: messaging.DropAfter}, 1)
		r, err := b.tryRedrive(t.Context(), b.open())
		if err == nil || r.Sent != 0 || r.Failed != 10 {
			t.Errorf("%v, report %+v", err, r)
		}
		b.wantDepth(dlq, 10)
		b.wantDepth(queue, 10)
		time.Sleep(time.Second)
		if r := b.redrive(b.open()); r.Sent != 10 {
			t.Errorf("the next one: %+v", r)
		}
		b.wantDepth(dlq, 0)
		b.wantDepth(queue, 20)
	})
}

func TestRedrive_NotDeleted_IsToldAndSentAgain(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 3 {
			b.putAside(n, "refused", "23505")
		}
		b.fault = on("DeleteMessageBatch", dlq, messaging.Fault{FailEntries: []int{0}}, 1, 2, 3) // of three tries
		r := b.redrive(b.open())
		if r.Sent != 3 || r.Left != 1 {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(dlq, 1)
		b.wantDepth(queue, 3)
	})
}

func TestRedrive_DeleteFailsOnce_IsTriedAgain(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 3 {
			b.putAside(n, "refused", "23505")
		}
		b.fault = on("DeleteMessageBatch", dlq, messaging.Fault{Drop: messaging.DropBefore}, 1)
		if r := b.redrive(b.open()); r.Sent != 3 || r.Left != 0 {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(dlq, 0)
	})
}

// One that the other queue can never take does not spoil it for the others.
func TestRedrive_OneTooLarge_OthersAreSent(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		b.putAside(0, "refused", "23505")
		b.send(dlq, &sqs.SendMessageInput{MessageBody: aws.String(strings.Repeat("x", 5000))})
		b.putAside(2, "refused", "23505")
		r := b.redrive(b.open(), func(c *deadletter.RedriveConfig) { c.To = b.url("small") })
		if r.Sent != 2 || r.Failed != 1 {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(dlq, 1)
	})
}

func TestRedrive_RequestRefused_SendsOneByOne(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 3 {
			b.putAside(n, "refused", "23505")
		}
		refusal := &messaging.Error{Code: "InvalidParameterValue", Message: "no", Status: 400}
		b.fault = on("SendMessageBatch", queue, messaging.Fault{Error: refusal}, 1, 3) // all three, and the second alone
		r := b.redrive(b.open())
		if r.Sent != 2 || r.Failed != 1 || r.Failures["InvalidParameterValue: no"] != 1 {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(dlq, 1)
		b.wantDepth(queue, 2)
	})
}

func TestRedrive_Batches_AreWithinTheLimits(t *testing.T) {
	for name, test := range map[string]struct {
		to              string
		messages, bytes int
		want            int
	}{
		"small ones":               {queue, 25, 0, 3},
		"large ones":               {queue, 5, 100 << 10, 3}, // two fit
		"a queue that takes a MiB": {"large", 5, 100 << 10, 1},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(b *bundle) {
				t := b.t
				for n := range test.messages {
					text := fmt.Sprintf("%d %s", n, strings.Repeat("x", test.bytes))
					b.send(dlq, &sqs.SendMessageInput{MessageBody: &text})
				}
				r := b.redrive(b.open(), func(c *deadletter.RedriveConfig) { c.To = b.url(test.to) })
				if r.Sent != test.messages || b.calls["SendMessageBatch"] != test.want {
					t.Errorf("%d calls, want %d; report %+v", b.calls["SendMessageBatch"], test.want, r)
				}
				b.wantDepth(test.to, test.messages)
			})
		})
	}
}

func TestRedrive_Interrupted_EndsWhatIsOnItsWay(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 30 {
			b.putAside(n, "refused", "23505")
		}
		ctx, cancel := context.WithCancel(t.Context())
		b.fault = func(c messaging.Call, n int) *messaging.Fault {
			if c.Action == "SendMessageBatch" && n == 2 {
				cancel() // in the middle of a call
			}
			return nil
		}
		r, err := b.tryRedrive(ctx, b.open())
		if !errors.Is(err, context.Canceled) || r.Sent != 20 {
			t.Errorf("%v, report %+v", err, r)
		}
		b.wantDepth(dlq, 10)
		b.wantDepth(queue, 20)
	})
}

func TestRedrive_Refuses(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for name, test := range map[string]struct {
			change func(*deadletter.RedriveConfig)
			want   string
		}{
			"nowhere":  {func(c *deadletter.RedriveConfig) { c.To = "" }, "no queue to send to"},
			"itself":   {func(c *deadletter.RedriveConfig) { c.To = b.url(dlq) }, "to itself"},
			"FIFO":     {func(c *deadletter.RedriveConfig) { c.To += ".fifo" }, "FIFO"},
			"no queue": {func(c *deadletter.RedriveConfig) { c.To += "x" }, "NonExistentQueue"},
			"rate":     {func(c *deadletter.RedriveConfig) { c.Rate = -1 }, "rate of -1"},
			"limit":    {func(c *deadletter.RedriveConfig) { c.Limit = -1 }, "limit of -1"},
		} {
			if _, err := b.tryRedrive(t.Context(), b.open(), test.change); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: got %v, want an error with %q", name, err, test.want)
			}
		}
	})
}

// What comes when it has begun is not taken, note or no note.
func TestRedrive_LaterOnes_Stay(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		b.putAside(1, "refused", "23505")
		q := b.open()
		time.Sleep(time.Second)
		b.putAside(2, "refused", "23505")
		if r := b.redrive(q); r.Sent != 1 || r.Later != 1 || r.Returned != 0 {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(dlq, 1)
	})
}

// One that can send nothing does not go through the whole queue.
func TestRedrive_NothingIsTaken_GivesUp(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 130 {
			b.putAside(n, "refused", "23505")
		}
		b.fault = on("SendMessageBatch", queue, messaging.Fault{FailEntries: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}})
		r, err := b.tryRedrive(t.Context(), b.open())
		if err == nil || r.Failed != 100 {
			t.Errorf("%v, report %+v", err, r)
		}
		b.wantDepth(dlq, 130)
	})
}
