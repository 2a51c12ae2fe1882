package consumer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/internal/inprocess"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/awssdk"
)

const queueARN = "arn:aws:sqs:eu-west-1:000000000000:dev-shop-order-consumer"

// memory is a sink that keeps events in memory and fails on demand.
type memory struct {
	mu      sync.Mutex
	rows    map[event.Key]*consumer.Record
	batches [][]*consumer.Record
	poison  map[string]bool // ids that are refused
	write   func(ctx context.Context, call int) error
}

func (s *memory) Write(ctx context.Context, batch []*consumer.Record) ([]consumer.Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches = append(s.batches, slices.Clone(batch))
	if s.write != nil {
		if err := s.write(ctx, len(s.batches)); err != nil {
			return nil, err
		}
	}
	for _, r := range batch {
		if s.poison[r.Event.ID] {
			return nil, consumer.Refuse("23514", errors.New("a constraint"))
		}
	}
	stored := make([]consumer.Stored, len(batch))
	for i, r := range batch {
		stored[i] = consumer.Duplicate
		if s.rows[r.Event.Key()] == nil {
			s.rows[r.Event.Key()], stored[i] = r, consumer.Written
		}
	}
	return stored, nil
}

// bundle is a consumer between the real batch handler and the real client of a
// local SQS.
type bundle struct {
	t       *testing.T
	sink    *memory
	broker  *messaging.Broker
	sqs     *sqs.Client
	dlq     string
	spans   *tracetest.SpanRecorder
	metrics *sdkmetric.ManualReader
	log     *logLines
	handle  func(context.Context, events.SQSEvent) (events.SQSEventResponse, error)

	mu    sync.Mutex
	sends int // SendMessageBatch calls
	fault func(call int) *messaging.Fault
}

// setup makes a bundle. change may be nil.
func setup(t *testing.T, change func(*consumer.Config)) *bundle {
	t.Helper()
	b := &bundle{t: t, sink: &memory{rows: make(map[event.Key]*consumer.Record), poison: make(map[string]bool)}, log: new(logLines)}
	b.broker = messaging.New(messaging.Config{Fault: func(c messaging.Call) *messaging.Fault {
		if c.Action != "SendMessageBatch" {
			return nil
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.sends++
		if b.fault == nil {
			return nil
		}
		return b.fault(b.sends)
	}})
	t.Cleanup(b.broker.Close)
	if _, err := b.broker.CreateQueue(messaging.QueueConfig{Name: "dlq"}); err != nil {
		t.Fatal(err)
	}
	b.dlq = b.broker.QueueURL("dlq")

	b.spans = tracetest.NewSpanRecorder()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(b.spans))
	b.metrics = sdkmetric.NewManualReader()
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(b.metrics))
	cfg := aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient: inprocess.Client{"sqs": b.broker.SQS()},
	}
	awssdk.Instrument(&cfg, awssdk.Config{TracerProvider: tracers, MeterProvider: meters})
	b.sqs = sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = aws.String("http://sqs"); o.RetryMaxAttempts = 1 })

	logger := slog.New(slog.NewJSONHandler(b.log, nil))
	c := consumer.Config{Sink: b.sink, DeadLetterQueueURL: b.dlq, SQS: b.sqs, MeterProvider: meters, Logger: logger}
	if change != nil {
		change(&c)
	}
	consume, err := consumer.New(c)
	if err != nil {
		t.Fatal(err)
	}
	b.handle = awslambda.SQSBatch(consume.Handle, awslambda.Config{
		TracerProvider: tracers, MeterProvider: meters, Logger: logger, DeadlineMargin: 100 * time.Millisecond,
	})
	return b
}

// invoke hands a batch over and returns the ids of the messages that failed.
func (b *bundle) invoke(ctx context.Context, messages ...events.SQSMessage) (failed []string) {
	b.t.Helper()
	response, err := b.handle(ctx, events.SQSEvent{Records: messages})
	if err != nil {
		b.t.Fatalf("the handler returned %v, which brings back the whole batch", err)
	}
	for _, f := range response.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	slices.Sort(failed)
	return failed
}

// dead empties the dead-letter queue.
func (b *bundle) dead() (all []sqstypes.Message) {
	b.t.Helper()
	for {
		out, err := b.sqs.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{
			QueueUrl: &b.dlq, MaxNumberOfMessages: 10,
			MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"},
		})
		if err != nil {
			b.t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return all
		}
		for _, m := range out.Messages {
			if _, err := b.sqs.DeleteMessage(context.Background(), &sqs.DeleteMessageInput{QueueUrl: &b.dlq, ReceiptHandle: m.ReceiptHandle}); err != nil {
				b.t.Fatal(err)
			}
		}
		all = append(all, out.Messages...)
	}
}

// texts are the values of a message's text attributes.
func texts(m sqstypes.Message) map[string]string {
	values := make(map[string]string)
	for name, a := range m.MessageAttributes {
		values[name] = aws.ToString(a.StringValue)
	}
	return values
}

// outcomes are the counts of MetricOutcomes, by "outcome reason".
func (b *bundle) outcomes() map[string]int64 {
	b.t.Helper()
	counts := make(map[string]int64)
	for _, m := range b.collect("tracehaul.message.outcomes") {
		for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
			outcome, _ := p.Attributes.Value("tracehaul.outcome")
			reason, _ := p.Attributes.Value("tracehaul.reason")
			key := outcome.AsString()
			if reason.AsString() != "" {
				key += " " + reason.AsString()
			}
			counts[key] += p.Value
		}
	}
	return counts
}

func (b *bundle) collect(name string) (found []metricdata.Metrics) {
	b.t.Helper()
	var data metricdata.ResourceMetrics
	if err := b.metrics.Collect(context.Background(), &data); err != nil {
		b.t.Fatal(err)
	}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name == name {
				found = append(found, m)
			}
		}
	}
	return found
}

// traceparent is that of the n-th message.
func traceparent(n int) string { return fmt.Sprintf("00-%032x-%016x-01", n+1, n+1) }

// placed is the n-th message, delivered raw: an order, accepted a second ago.
func placed(n int) events.SQSMessage {
	now := time.Now()
	body := fmt.Sprintf(`{"specversion":"1.0","id":"%d","source":"/orders","type":"order.placed","data":{"n":%d}}`, n, n)
	return events.SQSMessage{
		MessageId: "m" + strconv.Itoa(n), Body: body, EventSource: "aws:sqs", EventSourceARN: queueARN, AWSRegion: "eu-west-1",
		Attributes: map[string]string{
			"SentTimestamp": strconv.FormatInt(now.Add(-500*time.Millisecond).UnixMilli(), 10), "ApproximateReceiveCount": "1",
		},
		MessageAttributes: map[string]events.SQSMessageAttribute{
			"traceparent": attribute(traceparent(n)),
			"event-type":  attribute("order.placed"),
			"accepted-at": attribute(now.Add(-time.Second).UTC().Format(time.RFC3339Nano)),
			"alb-root":    attribute(fmt.Sprintf("1-67891233-%024x", n+1)),
		},
	}
}

func attribute(value string) events.SQSMessageAttribute {
	return events.SQSMessageAttribute{DataType: "String", StringValue: &value}
}

func orders(n int) []events.SQSMessage {
	messages := make([]events.SQSMessage, n)
	for i := range messages {
		messages[i] = placed(i)
	}
	return messages
}

func ids(messages []events.SQSMessage) (ids []string) {
	for _, m := range messages {
		ids = append(ids, m.MessageId)
	}
	slices.Sort(ids)
	return ids
}

const snsID = "0a1b2c3d-1111-4222-8333-444455556666"

// enveloped lays a message into an SNS envelope. (SNS Developer Guide,
// "Amazon SNS message formats".)
func enveloped(m events.SQSMessage) events.SQSMessage {
	attributes := make(map[string]map[string]string)
	for name, a := range m.MessageAttributes {
		attributes[name] = map[string]string{"Type": a.DataType, "Value": aws.ToString(a.StringValue)}
	}
	envelope, err := json.Marshal(map[string]any{
		"Type": "Notification", "MessageId": snsID, "TopicArn": "arn:aws:sns:eu-west-1:000000000000:dev-shop-order",
		"Message": m.Body, "Timestamp": "2026-11-24T02:00:00.000Z", "MessageAttributes": attributes,
		"SignatureVersion": "1", "Signature": "c2lnbmVk", "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/cert.pem",
	})
	if err != nil {
		panic(err)
	}
	m.Body, m.MessageAttributes = string(envelope), nil
	return m
}

// logLines is a log in memory.
type logLines struct {
	mu    sync.Mutex
	lines []map[string]any
}

func (l *logLines) Write(line []byte) (int, error) {
	var fields map[string]any
	if err := json.Unmarshal(line, &fields); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fields)
	return len(line), nil
}

// with returns the lines with a message.
func (l *logLines) with(message string) (found []map[string]any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if line["msg"] == message {
			found = append(found, line)
		}
	}
	return found
}
