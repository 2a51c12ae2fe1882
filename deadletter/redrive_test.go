package deadletter_test

import (
	"context"
	"errors"
	"maps"
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
