package consumer_test

import (
	"context"
	"log/slog"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

// anyQueue takes everything.
type anyQueue struct {
	entries []sqstypes.SendMessageBatchRequestEntry
}

func (q *anyQueue) SendMessageBatch(_ context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	q.entries = append(q.entries, in.Entries...)
	out := &sqs.SendMessageBatchOutput{}
	for _, e := range in.Entries {
		out.Successful = append(out.Successful, sqstypes.SendMessageBatchResultEntry{Id: e.Id})
	}
	return out, nil
}

// size is what SQS counts.
func size(e sqstypes.SendMessageBatchRequestEntry) int {
	n := len(*e.MessageBody)
	for name, a := range e.MessageAttributes {
		n += len(name) + len(aws.ToString(a.DataType)) + len(aws.ToString(a.StringValue)) + len(a.BinaryValue)
	}
	return n
}

// Whatever a message holds, it becomes either a record that is whole or a dead
// letter that SQS takes, and never both.
func FuzzConsumer_AnyMessage(f *testing.F) {
	good := placed(1)
	add := func(m events.SQSMessage, poison bool) {
		value := func(name string) string { return aws.ToString(m.MessageAttributes[name].StringValue) }
		f.Add(m.Body, value("traceparent"), value("accepted-at"), value("alb-root"), m.Attributes["SentTimestamp"], "more", poison)
	}
	add(good, false)
	add(good, true)
	add(enveloped(good), true)
	add(malformed(1), false)
	f.Add("", "", "", "", "", "", true)
	f.Add(`{"Type":"Notification","MessageAttributes":{"a":{"Type":"Binary","Value":"!"},"b":{"Type":"","Value":"x"}}}`, "x", "x", "x", "-1", "failure-reason", false)
	f.Fuzz(func(t *testing.T, body, traceparent, acceptedAt, root, sent, name string, poison bool) {
		q := &anyQueue{}
		sink := &memory{rows: make(map[event.Key]*consumer.Record)}
		if poison {
			sink.write = func(context.Context, int) error { return consumer.Refuse("no", nil) }
		}
		logger := slog.New(slog.DiscardHandler)
		c, err := consumer.New(consumer.Config{
			Sink: sink, DeadLetterQueueURL: "q", SQS: q, MeterProvider: metricnoop.NewMeterProvider(), Logger: logger,
		})
		if err != nil {
			t.Fatal(err)
		}
		handle := awslambda.SQSBatch(c.Handle, awslambda.Config{
			TracerProvider: tracenoop.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider(), Logger: logger,
		})
		response, err := handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{{
			MessageId: "m", Body: body, EventSourceARN: queueARN,
			Attributes: map[string]string{"SentTimestamp": sent, "AWSTraceHeader": root},
			MessageAttributes: map[string]events.SQSMessageAttribute{
				"traceparent": attribute(traceparent), "accepted-at": attribute(acceptedAt), "alb-root": attribute(root), name: attribute(sent),
			},
		}}})
		if err != nil || len(response.BatchItemFailures) > 0 {
			t.Fatalf("failures %v, %v", response.BatchItemFailures, err)
		}
		if len(sink.rows)+len(q.entries) != 1 {
			t.Fatalf("%d rows and %d dead letters", len(sink.rows), len(q.entries))
		}
		for _, e := range q.entries {
			if *e.MessageBody != body || len(e.MessageAttributes) > 10 || size(e) > max(256<<10, len(body)) {
				t.Errorf("a dead letter of %d bytes with %d attributes", size(e), len(e.MessageAttributes))
			}
			for name, a := range e.MessageAttributes {
				if aws.ToString(a.StringValue) == "" && len(a.BinaryValue) == 0 || aws.ToString(a.DataType) == "" {
					t.Errorf("attribute %q is empty, which SQS refuses", name)
				}
			}
		}
		for _, r := range sink.rows {
			for _, s := range []string{r.Event.ID, r.Event.Source, r.Event.Type, r.Event.Subject, r.ALBRoot, string(r.Event.Data)} {
				if !utf8.ValidString(s) {
					t.Errorf("%q is not UTF-8", s)
				}
			}
			if y := r.AcceptedAt.Year(); y < 0 || y > 9999 {
				t.Errorf("accepted at %v", r.AcceptedAt)
			}
		}
	})
}
