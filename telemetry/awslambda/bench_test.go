package awslambda_test

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

const (
	functionARN = "arn:aws:lambda:eu-west-1:123456789012:function:prod-shop-writer"
	queueARN    = "arn:aws:sqs:eu-west-1:123456789012:prod-shop-events-writer"
)

// nowhere takes lines, which are made to the last byte, unlike those of
// slog.DiscardHandler.
type nowhere struct{}

func (nowhere) Write(line []byte) (int, error) { return len(line), nil }

// record is the i-th message of a batch, from its own trace.
func record(i int) events.SQSMessage {
	parent := fmt.Sprintf("00-%032x-%016x-01", i+1, i+1)
	return events.SQSMessage{
		MessageId:      fmt.Sprintf("00000000-0000-4000-8000-%012x", i),
		Body:           `{"specversion":"1.0","id":"1","source":"/shop","type":"order.placed"}`,
		EventSource:    "aws:sqs",
		EventSourceARN: queueARN,
		Attributes: map[string]string{
			"SentTimestamp":           strconv.FormatInt(time.Now().Add(-time.Second).UnixMilli(), 10),
			"ApproximateReceiveCount": "1",
		},
		MessageAttributes: map[string]events.SQSMessageAttribute{
			"traceparent": {DataType: "String", StringValue: &parent},
		},
	}
}

func batchOf(n int) events.SQSEvent {
	var e events.SQSEvent
	for i := range n {
		e.Records = append(e.Records, record(i))
	}
	return e
}

func invocationContext(parent context.Context) context.Context {
	return lambdacontext.NewContext(parent, &lambdacontext.LambdaContext{
		AwsRequestID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd", InvokedFunctionArn: functionARN,
	})
}

// BenchmarkSQSBatch measures a batch of 1000 messages by the message: with
// tracing, without, and behind a handler that waits as for a database, so that
// part of the work is done beside it.
func BenchmarkSQSBatch(b *testing.B) {
	const n = 1000
	traced := awslambda.Config{
		TracerProvider: ownSpans(sdktrace.AlwaysSample()),
		MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())),
		Logger:         slog.New(slog.NewJSONHandler(nowhere{}, nil)),
	}
	noWait := traced
	noWait.NoWaitSpan = true
	unsampled := traced
	unsampled.TracerProvider = ownSpans(sdktrace.NeverSample())
	bare := awslambda.Config{TracerProvider: noop.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider(), Logger: traced.Logger}
	for _, tt := range []struct {
		name   string
		config awslambda.Config
		waits  time.Duration
	}{
		{"Bare", bare, 0},
		{"Traced", traced, 0},
		{"TracedNoWaitSpan", noWait, 0},
		{"Unsampled", unsampled, 0},
		{"BareBehindDatabase", bare, 20 * time.Millisecond},
		{"TracedBehindDatabase", traced, 20 * time.Millisecond},
	} {
		b.Run(tt.name, func(b *testing.B) {
			h := awslambda.SQSBatch(func(_ context.Context, batch []*awslambda.Message) error {
				time.Sleep(tt.waits)
				for _, m := range batch {
					m.Written()
				}
				return nil
			}, tt.config)
			e, ctx := batchOf(n), invocationContext(b.Context())
			b.ReportAllocs()
			for b.Loop() {
				if res, _ := h(ctx, e); len(res.BatchItemFailures) != 0 {
					b.Fatal("messages failed")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds()-int64(b.N)*tt.waits.Nanoseconds())/float64(b.N)/n, "ns/message")
		})
	}
}
