package awssdk_test

import (
	"context"
	"net/http"
	"runtime"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"

	"github.com/tracehaul/tracehaul/telemetry/awssdk"
	"github.com/tracehaul/tracehaul/telemetry/message"
)

// burst is what a HTTP client panics with.
type burst struct{ secret string }

func TestInstrument_Panic_EndsEverySpanAndGoesOn(t *testing.T) {
	t.Parallel()
	for method, test := range map[string]struct {
		call  func(context.Context, aws.Config) error
		spans int
		sent  int64
	}{
		"SQS/ListQueues": {call: func(ctx context.Context, cfg aws.Config) error {
			_, err := sqs.NewFromConfig(cfg).ListQueues(ctx, nil)
			return err
		}, spans: 1},
		"SNS/Publish": {call: func(ctx context.Context, cfg aws.Config) error {
			_, err := sns.NewFromConfig(cfg).Publish(ctx, &sns.PublishInput{TopicArn: new(topicARN), Message: new("x")})
			return err
		}, spans: 1, sent: 1},
		"SQS/SendMessage": {call: func(ctx context.Context, cfg aws.Config) error {
			_, err := sqs.NewFromConfig(cfg).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: new(queueURL), MessageBody: new("x")})
			return err
		}, spans: 1, sent: 1},
		"SNS/PublishBatch": {call: func(ctx context.Context, cfg aws.Config) error {
			ctx = message.WithEntries(ctx, []context.Context{ctx, ctx})
			_, err := sns.NewFromConfig(cfg).PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: new(topicARN), PublishBatchRequestEntries: entries("a", "b")})
			return err
		}, spans: 3, sent: 2},
		"SQS/SendMessageBatch": {call: func(ctx context.Context, cfg aws.Config) error {
			_, err := sqs.NewFromConfig(cfg).SendMessageBatch(ctx, &sqs.SendMessageBatchInput{
				QueueUrl: new(queueURL), Entries: []sqstypes.SendMessageBatchRequestEntry{{Id: new("a"), MessageBody: new("x")}},
			})
			return err
		}, spans: 1, sent: 1},
		"SQS/ReceiveMessage": {call: func(ctx context.Context, cfg aws.Config) error {
			_, err := sqs.NewFromConfig(cfg).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: new(queueURL)})
			return err
		}, spans: 1},
		"SQS/DeleteMessage": {call: func(ctx context.Context, cfg aws.Config) error {
			_, err := sqs.NewFromConfig(cfg).DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: new(queueURL), ReceiptHandle: new("x")})
			return err
		}, spans: 1},
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			value := &burst{"secret"}
			b := panicking(t, func() { panic(value) })
			ctx, _ := b.tracer.Start(context.Background(), "caller")
			if got := caught(func() { _ = test.call(ctx, b.cfg) }); got != value {
				t.Errorf("the caller recovers %v, want what was panicked with", got)
			}
			b.failedAll(t, method, test.spans, "awssdk_test.burst")
			var sent int64
			for _, n := range b.points(t, "messaging.client.sent.messages") {
				sent += n
			}
			if sent != test.sent {
				t.Errorf("%d messages are counted, want %d", sent, test.sent)
			}
		})
	}
}

// As testing.T does where an HTTP client of a test calls Fatal.
func TestInstrument_GoroutineExits_SpanEnds(t *testing.T) {
	t.Parallel()
	b := panicking(t, runtime.Goexit)
	done := make(chan any)
	go func() {
		defer func() { done <- recover() }()
		_, _ = sqs.NewFromConfig(b.cfg).ListQueues(context.Background(), nil)
	}()
	if v := <-done; v != nil {
		t.Errorf("the exit became a panic: %v", v)
	}
	b.failedAll(t, "SQS/ListQueues", 1, "goroutine_exit")
}

// panicking is a setup whose HTTP client does something else than to answer.
func panicking(t *testing.T, f func()) *bundle {
	t.Helper()
	c := awssdk.Config{}
	b := newBundle(t, &c, func(int, received) answer { return answer{} })
	b.cfg.HTTPClient = clientFunc(func(*http.Request) (*http.Response, error) { f(); return nil, nil })
	awssdk.Instrument(&b.cfg, c)
	return b
}

func caught(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

// failedAll says that a call has so many spans, all ended, and is measured, all
// with the same error.type.
func (b *bundle) failedAll(t *testing.T, method string, spans int, failure string) {
	t.Helper()
	if n := len(b.spans.Ended()); n != spans {
		t.Errorf("%d spans ended, want %d", n, spans)
	}
	for _, s := range b.spans.Ended() {
		if s.Status().Code != codes.Error || attributes(s)["error.type"] != failure {
			t.Errorf("status %v, attributes %v", s.Status(), attributes(s))
		}
	}
	point := "error.type=" + failure + ",rpc.method=" + method + ",rpc.system.name=aws-api"
	if diff := cmp.Diff(map[string]int64{point: 1}, b.points(t, "rpc.client.call.duration")); diff != "" {
		t.Errorf("call duration (-want +got):\n%s", diff)
	}
}
