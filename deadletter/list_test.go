package deadletter_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

func TestList_Causes_AreGrouped(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		first := time.Now()
		b.giveUp(1, 2) // takes 8 seconds
		aside := time.Now()
		b.putAside(3, "refused", "23505")
		time.Sleep(time.Minute)
		b.putAside(4, "refused", "23505", deadletter.AttributeRedrive, "2 earlier")
		b.putAside(5, "refused", "22003")
		b.send(dlq, &sqs.SendMessageInput{
			MessageBody: aws.String("{"), MessageAttributes: attributes("failure-reason", "malformed", "failure-code", "malformed_json", "traceparent", traceparent(6)),
		})
		b.send(dlq, &sqs.SendMessageInput{MessageBody: aws.String("hello")})
		b.send(dlq, &sqs.SendMessageInput{
			MessageBody: aws.String(`{"Records":[]}`), MessageAttributes: attributes("RequestID", "r", "ErrorCode", "200", "ErrorMessage", "secret"),
		})

		l, err := b.open().List(t.Context(), deadletter.Filter{}, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if l.Seen != 8 || l.Matched != 8 || l.Unseen() != 0 {
			t.Errorf("seen %d, matched %d, unseen %d", l.Seen, l.Matched, l.Unseen())
		}
		for i := range l.Groups { // SQS makes them up
			if l.Groups[i].Example.MessageID == "" {
				t.Errorf("group %d has no example", i)
			}
			l.Groups[i].Example.MessageID = ""
		}
		example := func(n string, trace int) deadletter.Example {
			return deadletter.Example{EventSource: "/shop", EventID: n, EventType: "order.placed", TraceID: traceID(trace)}
		}
		later := aside.Add(time.Minute)
		want := []deadletter.Group{
			{Reason: "refused", Code: "23505", Count: 2, Oldest: aside, Newest: later, MinReceives: 1, MaxReceives: 1, MaxRedrives: 2, Example: example("e3", 3)},
			{Reason: "unsettled", Count: 2, Oldest: first, Newest: first, MinReceives: 4, MaxReceives: 4, Example: example("e1", 1)},
			{Reason: "function", Code: "200", Count: 1, Oldest: later, Newest: later, MinReceives: 1, MaxReceives: 1},
			{Reason: "malformed", Code: "malformed_json", Count: 1, Oldest: later, Newest: later, MinReceives: 1, MaxReceives: 1, Example: deadletter.Example{TraceID: traceID(6)}},
			{Reason: "refused", Code: "22003", Count: 1, Oldest: later, Newest: later, MinReceives: 1, MaxReceives: 1, Example: example("e5", 5)},
			{Reason: "unknown", Count: 1, Oldest: later, Newest: later, MinReceives: 1, MaxReceives: 1},
		}
		if diff := cmp.Diff(want, l.Groups, cmp.Comparer(func(a, b time.Time) bool { return a.UnixMilli() == b.UnixMilli() })); diff != "" {
			t.Errorf("groups (-want +got):\n%s", diff)
		}
		for _, g := range l.Groups {
			if deadletter.Why(g.Reason) == "" {
				t.Errorf("nothing says why letters are %q", g.Reason)
			}
		}
		b.wantDepth(dlq, 8)
	})
}

// What SNS could not deliver has no reason of its own, in whatever shape.
func TestList_Undelivered_IsSNSs(t *testing.T) {
	for name, raw := range map[string]bool{"raw": true, "envelope": false} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(b *bundle) {
				t := b.t
				if _, err := b.broker.Subscribe(messaging.SubscriptionConfig{
					Topic: "dev-orders-order", Queue: "small", RawMessageDelivery: raw, DeadLetterQueue: undelivered,
				}); err != nil {
					t.Fatal(err)
				}
				text := strings.Replace(body(1), `{"n"`, `{"x":"`+strings.Repeat("x", 2000)+`","n"`, 1) // too large for the queue
				if _, err := b.sns.Publish(t.Context(), &sns.PublishInput{
					TopicArn: &b.topic, Message: &text, MessageAttributes: snsAttributes("traceparent", traceparent(1)),
				}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				q := b.open(func(c *deadletter.Config) { c.QueueURL, c.Undelivered = b.url(undelivered), true })
				l, err := q.List(t.Context(), deadletter.Filter{}, 0, nil)
				if err != nil || len(l.Groups) != 1 {
					t.Fatalf("%v, groups %+v", err, l.Groups)
				}
				if g := l.Groups[0]; g.Reason != "undelivered" || g.Example.EventID != "e1" || g.Example.TraceID != traceID(1) {
					t.Errorf("got %+v", g)
				}
				// It goes where it was to go in the first place.
				if r := b.redrive(q); r.Sent != 1 {
					t.Fatalf("%+v", r)
				}
				b.wantDepth(undelivered, 0)
				m := b.messages(queue)
				if len(m) != 1 || !strings.Contains(m[0].Body, "order.placed") || raw && m[0].Attributes["traceparent"].Value != traceparent(1) {
					t.Errorf("the queue has %+v", m)
				}
			})
		})
	}
}

// Whoever has X-Ray's propagator behind a load balancer sends Root, and perhaps no
// more: a trace without a span.
func TestList_RootAlone_HasItsTrace(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		const root = "Root=1-4bf92f35-77b34da6a3ce929d0e0e0001"
		system := map[string]sqstypes.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(root)},
		}
		for where, in := range map[string]*sqs.SendMessageInput{
			"the publisher's attribute":         {MessageAttributes: attributes("x-amzn-trace-id", root)},
			"beside a traceparent that is none": {MessageAttributes: attributes("X-Amzn-Trace-Id", root, "traceparent", "hello")},
			"AWSTraceHeader":                    {MessageSystemAttributes: system},
		} {
			in.MessageBody = aws.String(where)
			b.send(dlq, in)
		}
		letters := 0
		err := b.open().Each(t.Context(), 0, nil, func(l *deadletter.Letter) bool {
			letters++
			if l.TraceID != traceID(0) || !(deadletter.Filter{Traces: []string{traceID(0)}}).Match(l) {
				t.Errorf("%s: the trace is %q, want %s", l.Received.Body, l.TraceID, traceID(0))
			}
			return true
		})
		if err != nil || letters != 3 {
			t.Errorf("%d letters, want 3; %v", letters, err)
		}
	})
}

func TestList_Limit_SaysWhatWasNotSeen(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 25 {
			b.putAside(n, "refused", "23505")
		}
		var told []deadletter.Progress
		l, err := b.open().List(t.Context(), deadletter.Filter{}, 12, func(p deadletter.Progress) { told = append(told, p) })
		if err != nil || l.Seen != 12 || l.Unseen() != 13 {
			t.Errorf("%v, seen %d, unseen %d", err, l.Seen, l.Unseen())
		}
		if want := []deadletter.Progress{{Done: 10, Total: 12}, {Done: 12, Total: 12}}; !slices.Equal(told, want) {
			t.Errorf("progress %v, want %v", told, want)
		}
		b.wantDepth(dlq, 25)
	})
}

func TestList_Interrupted_GivesAllBack(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 25 {
			b.putAside(n, "refused", "23505")
		}
		ctx, cancel := context.WithCancel(t.Context())
		l, err := b.open().List(ctx, deadletter.Filter{}, 0, func(deadletter.Progress) { cancel() })
		if !errors.Is(err, context.Canceled) || l.Seen != 10 {
			t.Errorf("%v, seen %d", err, l.Seen)
		}
		b.wantDepth(dlq, 25)
	})
}

// If it ends without a chance to give them back, letters come back soon.
func TestList_NotGivenBack_SaysSoAndTheyComeBack(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		b.putAside(1, "refused", "23505")
		q := b.open()
		b.fault = func(c messaging.Call, _ int) *messaging.Fault {
			if c.Action == "ChangeMessageVisibilityBatch" {
				return &messaging.Fault{Drop: messaging.DropBefore}
			}
			return nil
		}
		if _, err := q.List(t.Context(), deadletter.Filter{}, 0, nil); err == nil || !strings.Contains(err.Error(), "not given back") {
			t.Errorf("got %v", err)
		}
		time.Sleep(30 * time.Second)
		b.wantDepth(dlq, 1)
	})
}

// Letters that others take meanwhile are not ours to see.
func TestList_SomeHidden_AreUnseen(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		b.putAside(1, "refused", "23505")
		b.putAside(2, "refused", "23505")
		if _, err := b.client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(b.url(dlq))}); err != nil {
			t.Fatal(err)
		}
		l, err := b.open().List(t.Context(), deadletter.Filter{}, 0, nil)
		if err != nil || l.Seen != 1 || l.Queue.Hidden != 1 || l.Unseen() != 1 {
			t.Errorf("%v, seen %d, hidden %d, unseen %d", err, l.Seen, l.Queue.Hidden, l.Unseen())
		}
	})
}

// A queue of which nothing may be received is not one without letters.
func TestList_ReceiveRefused_Error(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		b.putAside(1, "refused", "23505")
		b.fault = func(c messaging.Call, _ int) *messaging.Fault {
			if c.Action == "ReceiveMessage" {
				return &messaging.Fault{Error: &messaging.Error{Code: "AccessDenied", Message: "no", Status: 403}}
			}
			return nil
		}
		_, err := b.open().List(t.Context(), deadletter.Filter{}, 0, nil)
		if err == nil || !strings.HasPrefix(err.Error(), "read "+dlq+": ") || !strings.Contains(err.Error(), "AccessDenied") {
			t.Errorf("got %v, want an error that names the queue and AccessDenied", err)
		}
	})
}

// An answer without letters is not yet the end of a queue that should have
// some.
func TestList_OneEmptyAnswer_IsAskedAgain(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		b.putAside(1, "refused", "23505")
		q := b.open()
		if _, err := b.client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(b.url(dlq)), VisibilityTimeout: 2}); err != nil {
			t.Fatal(err)
		}
		if l, err := q.List(t.Context(), deadletter.Filter{}, 0, nil); err != nil || l.Seen != 1 {
			t.Errorf("%v, seen %d", err, l.Seen)
		}
	})
}

// Letters that cannot be kept hidden come again and again: each counts once,
// and it ends.
func TestList_NothingStaysHidden_Ends(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 40 {
			b.putAside(n, "refused", "23505")
		}
		q := b.open(func(c *deadletter.Config) { c.Visibility = 2 * time.Second })
		b.fault = func(c messaging.Call, _ int) *messaging.Fault {
			switch c.Action {
			case "ReceiveMessage":
				return &messaging.Fault{Delay: time.Second}
			case "ChangeMessageVisibilityBatch":
				return &messaging.Fault{Drop: messaging.DropBefore}
			}
			return nil
		}
		if l, err := q.List(t.Context(), deadletter.Filter{}, 0, nil); err == nil || l.Seen > 40 || l.Matched != l.Seen {
			t.Errorf("%v, seen %d", err, l.Seen)
		}
	})
}

func TestOpen_Refuses(t *testing.T) {
	b := setup(t)
	for name, test := range map[string]struct {
		c    deadletter.Config
		want string
	}{
		"FIFO":       {deadletter.Config{SQS: b.client, QueueURL: "http://sqs/000000000000/orders-dlq.fifo"}, "FIFO"},
		"no queue":   {deadletter.Config{SQS: b.client, QueueURL: "http://sqs/000000000000/none"}, "none"},
		"no client":  {deadletter.Config{QueueURL: "x"}, "SQS is nil"},
		"visibility": {deadletter.Config{SQS: b.client, QueueURL: "x", Visibility: time.Second}, "want whole seconds"},
		"too long":   {deadletter.Config{SQS: b.client, QueueURL: "x", Visibility: 10*time.Minute + time.Second}, "whole seconds from 2s to 10m0s"},
		"held":       {deadletter.Config{SQS: b.client, QueueURL: "x", MaxHeld: -1}, "MaxHeld is -1"},
	} {
		if _, err := deadletter.Open(t.Context(), test.c); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, test.want)
		}
	}
}

func TestResolve_NameARNAndURL(t *testing.T) {
	b := setup(t)
	want := b.url(dlq)
	for _, given := range []string{dlq, b.broker.QueueARN(dlq), want} {
		got, err := deadletter.Resolve(t.Context(), b.client, given)
		if err != nil || path(got) != path(want) {
			t.Errorf("%s: %s, %v", given, got, err)
		}
	}
	for _, given := range []string{"arn:aws:sns:eu-west-1:1:x", "no-such-queue"} {
		if _, err := deadletter.Resolve(t.Context(), b.client, given); err == nil {
			t.Errorf("%s was found", given)
		}
	}
}

func path(url string) string {
	_, path, _ := strings.Cut(url, "/0000")
	return path
}

func TestFilter_EachField_MustHold(t *testing.T) {
	at := time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC)
	l := &deadletter.Letter{MessageID: "m", Reason: "refused", Code: "23505", TraceID: traceID(1), SentAt: at}
	l.Event.ID = "e1"
	for name, test := range map[string]struct {
		f    deadletter.Filter
		want bool
	}{
		"empty":         {deadletter.Filter{}, true},
		"reason":        {deadletter.Filter{Reasons: []string{"malformed", "refused"}}, true},
		"other reason":  {deadletter.Filter{Reasons: []string{"malformed"}}, false},
		"other code":    {deadletter.Filter{Reasons: []string{"refused"}, Codes: []string{"22003"}}, false},
		"event":         {deadletter.Filter{Events: []string{"e1"}}, true},
		"other event":   {deadletter.Filter{Events: []string{"e"}}, false},
		"trace":         {deadletter.Filter{Traces: []string{traceID(1)}}, true},
		"other trace":   {deadletter.Filter{Traces: []string{traceID(2)}}, false},
		"other message": {deadletter.Filter{IDs: []string{"n"}}, false},
		"since":         {deadletter.Filter{Since: at}, true},
		"since later":   {deadletter.Filter{Since: at.Add(1)}, false},
		"until":         {deadletter.Filter{Until: at.Add(1)}, true},
		"until then":    {deadletter.Filter{Until: at}, false},
	} {
		if got := test.f.Match(l); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
		if test.f.Empty() != (name == "empty") {
			t.Errorf("%s: empty is %v", name, test.f.Empty())
		}
	}
}
