package deadletter_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/internal/inprocess"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

const (
	queue       = "dev-intake-order-ledger"
	dlq         = queue + "-dlq"
	undelivered = queue + "-undelivered"
)

// bundle is a queue with its dead-letter queue, and the real client.
type bundle struct {
	t      *testing.T
	broker *messaging.Broker
	client *sqs.Client
	sns    *sns.Client
	topic  string
	spans  *tracetest.SpanRecorder
	traces *sdktrace.TracerProvider

	mu    sync.Mutex
	calls map[string]int // by action
	fault func(c messaging.Call, n int) *messaging.Fault
}

// bubble runs a test in which no time passes but what is waited for.
func bubble(t *testing.T, test func(b *bundle)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(setup(t)) })
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{t: t, calls: map[string]int{}, spans: tracetest.NewSpanRecorder()}
	b.traces = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(b.spans))
	b.broker = messaging.New(messaging.Config{Fault: func(c messaging.Call) *messaging.Fault {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.calls[c.Action]++
		if b.fault == nil {
			return nil
		}
		return b.fault(c, b.calls[c.Action])
	}})
	t.Cleanup(b.broker.Close)
	for _, c := range []messaging.QueueConfig{
		{Name: dlq, MessageRetention: 14 * 24 * time.Hour},
		{Name: undelivered},
		{Name: queue, VisibilityTimeout: time.Second, DeadLetterQueue: dlq, MaxReceiveCount: 3},
		{Name: "large", MaximumMessageSizeBytes: 1 << 20},
		{Name: "small", MaximumMessageSizeBytes: 1024},
	} {
		if _, err := b.broker.CreateQueue(c); err != nil {
			t.Fatal(err)
		}
	}
	b.topic, _ = b.broker.CreateTopic("dev-orders-order")
	cfg := aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient: inprocess.Client{"sqs": b.broker.SQS(), "sns": b.broker.SNS()},
	}
	b.client = sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = aws.String("http://sqs"); o.RetryMaxAttempts = 1 })
	b.sns = sns.NewFromConfig(cfg, func(o *sns.Options) { o.BaseEndpoint = aws.String("http://sns"); o.RetryMaxAttempts = 1 })
	return b
}

func (b *bundle) url(name string) string { return b.broker.QueueURL(name) }

// open opens the dead-letter queue, or another one.
func (b *bundle) open(change ...func(*deadletter.Config)) *deadletter.Queue {
	b.t.Helper()
	c := deadletter.Config{SQS: b.client, QueueURL: b.url(dlq)}
	for _, f := range change {
		f(&c)
	}
	q, err := deadletter.Open(b.t.Context(), c)
	if err != nil {
		b.t.Fatal(err)
	}
	return q
}

func body(n int) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"e%d","source":"/shop","type":"order.placed","data":{"n":%d}}`, n, n)
}

func traceID(n int) string     { return fmt.Sprintf("4bf92f3577b34da6a3ce929d0e0e%04x", n+1) }
func traceparent(n int) string { return fmt.Sprintf("00-%s-00f067aa0ba9%04x-01", traceID(n), n+1) }

func attributes(pairs ...string) map[string]sqstypes.MessageAttributeValue {
	a := map[string]sqstypes.MessageAttributeValue{}
	for i := 0; i < len(pairs); i += 2 {
		a[pairs[i]] = sqstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: &pairs[i+1]}
	}
	return a
}

// send puts a message into a queue.
func (b *bundle) send(to string, in *sqs.SendMessageInput) {
	b.t.Helper()
	in.QueueUrl = aws.String(b.url(to))
	if _, err := b.client.SendMessage(b.t.Context(), in); err != nil {
		b.t.Fatal(err)
	}
}

// putAside sends event n to the dead-letter queue as the consumer does.
func (b *bundle) putAside(n int, reason, code string, more ...string) {
	b.t.Helper()
	pairs := append([]string{"failure-reason", reason, "failure-code", code, "traceparent", traceparent(n), "event-type", "order.placed"}, more...)
	b.send(dlq, &sqs.SendMessageInput{MessageBody: aws.String(body(n)), MessageAttributes: attributes(pairs...)})
}

// hide receives dead letters as a run does that is killed then.
func (b *bundle) hide(n int, visibility time.Duration) {
	b.t.Helper()
	for n > 0 {
		out, err := b.client.ReceiveMessage(b.t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(b.url(dlq)), MaxNumberOfMessages: int32(min(n, 10)), VisibilityTimeout: int32(visibility / time.Second),
		})
		if err != nil || len(out.Messages) == 0 {
			b.t.Fatalf("%v, %d messages are missing", err, n)
		}
		n -= len(out.Messages)
	}
}

// giveUp has SQS move events to the dead-letter queue.
func (b *bundle) giveUp(events ...int) {
	b.t.Helper()
	for _, n := range events {
		b.send(queue, &sqs.SendMessageInput{MessageBody: aws.String(body(n)), MessageAttributes: attributes("traceparent", traceparent(n))})
	}
	for range 4 { // one more than the redrive policy allows
		for range len(events)/10 + 1 {
			_, err := b.client.ReceiveMessage(b.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(b.url(queue)), MaxNumberOfMessages: 10})
			if err != nil {
				b.t.Fatal(err)
			}
		}
		time.Sleep(2 * time.Second)
	}
}

// wantDepth wants so many visible messages, and none that somebody holds.
func (b *bundle) wantDepth(name string, want int) {
	b.t.Helper()
	d, err := b.broker.QueueDepth(name)
	if err != nil {
		b.t.Fatal(err)
	}
	if d.Visible != want || d.InFlight != 0 {
		b.t.Errorf("%s has %d messages that can be received and %d that are held, want %d and none", name, d.Visible, d.InFlight, want)
	}
}

func (b *bundle) messages(name string) []messaging.StoredMessage {
	b.t.Helper()
	all, err := b.broker.Messages(name, 10_000)
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

// redrive redrives to the queue, and wants no error.
func (b *bundle) redrive(q *deadletter.Queue, change ...func(*deadletter.RedriveConfig)) deadletter.Redriven {
	b.t.Helper()
	report, err := b.tryRedrive(b.t.Context(), q, change...)
	if err != nil {
		b.t.Fatal(err)
	}
	return report
}

func (b *bundle) tryRedrive(ctx context.Context, q *deadletter.Queue, change ...func(*deadletter.RedriveConfig)) (deadletter.Redriven, error) {
	c := deadletter.RedriveConfig{To: b.url(queue), TracerProvider: b.traces, ID: "r" + strconv.Itoa(len(b.spans.Ended()))}
	for _, f := range change {
		f(&c)
	}
	return q.Redrive(ctx, c)
}
