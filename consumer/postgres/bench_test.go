package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/consumer/postgres"
	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/pgxtrace"
)

// Rows per second of batches of 1,000 into the table that Up makes: raw COPY
// of values that are there, and the consumer from Lambda's records to Lambda's
// response, without telemetry and with all of it.
//
//	go test ./consumer/postgres -run '^$' -bench Rows -benchtime 100x
func BenchmarkRows(b *testing.B) {
	for _, way := range []struct {
		name string
		open func(b *testing.B, url string) func([]events.SQSMessage)
	}{
		{"copy", openCopy},
		{"untraced", func(b *testing.B, url string) func([]events.SQSMessage) {
			b.Helper()
			return openConsumer(b, url, pgxtrace.Config{
				TracerProvider: tracenoop.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider(),
			}, nil)
		}},
		{"traced", func(b *testing.B, url string) func([]events.SQSMessage) {
			b.Helper()
			tel := setUpTelemetry(b)
			return openConsumer(b, url, pgxtrace.Config{TracerProvider: tel.TracerProvider(), MeterProvider: tel.MeterProvider()}, tel.ForceFlush)
		}},
	} {
		b.Run(way.name, func(b *testing.B) {
			const batch = 1000
			write := way.open(b, postgrestest.Database(b))
			write(messages(0, 10)) // connects and prepares
			n := 10
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				records := messages(n, batch)
				n += batch
				b.StartTimer()
				write(records)
			}
			b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// messages are n messages from the first-th on, each of a trace of its own.
func messages(first, n int) []events.SQSMessage {
	now := time.Now()
	accepted, sent := now.UTC().Format(time.RFC3339Nano), strconv.FormatInt(now.UnixMilli(), 10)
	text := func(s string) events.SQSMessageAttribute {
		return events.SQSMessageAttribute{DataType: "String", StringValue: &s}
	}
	all := make([]events.SQSMessage, n)
	for i := range all {
		k := uint32(first + i + 1)
		id := fmt.Sprintf("%08x-0000-4000-8000-%012x", k*2654435761, k) // as good as random
		root := fmt.Sprintf("%08x%024x", k*2654435761, k)
		body := event.Event{
			ID: id, Source: "https://shop.example/orders", Type: "com.example.order.placed", Subject: "order/" + strconv.Itoa(int(k)),
			Time: now, DataContentType: "application/json",
			Data: json.RawMessage(`{"order":"` + strconv.Itoa(int(k)) + `","amount":12.5,"currency":"EUR","items":[{"sku":"A-1","n":2},{"sku":"B-7","n":1}],"customer":{"id":"c-1","name":"Ada"}}`),
		}.AppendJSON(nil)
		all[i] = events.SQSMessage{
			MessageId: id, Body: string(body), EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:eu-west-1:000000000000:dev-shop-order-consumer",
			Attributes: map[string]string{"SentTimestamp": sent, "ApproximateReceiveCount": "1"},
			MessageAttributes: map[string]events.SQSMessageAttribute{
				"traceparent": text("00-" + root + "-" + root[16:] + "-01"), event.AttributeType: text("com.example.order.placed"),
				event.AttributeSource: text("https://shop.example/orders"), event.AttributeAcceptedAt: text(accepted),
				event.AttributeALBRoot: text("1-" + root[:8] + "-" + root[8:]),
			},
		}
	}
	return all
}

func openConsumer(b *testing.B, url string, trace pgxtrace.Config, flush func(context.Context) error) func([]events.SQSMessage) {
	b.Helper()
	pool, err := postgres.Open(postgres.Config{URL: url, Trace: trace})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	if _, err := migrate.Up(b.Context(), pool); err != nil {
		b.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	c, err := consumer.New(consumer.Config{Sink: postgres.New(pool), MeterProvider: trace.MeterProvider, Logger: logger})
	if err != nil {
		b.Fatal(err)
	}
	handle := awslambda.SQSBatch(c.Handle, awslambda.Config{
		TracerProvider: trace.TracerProvider, MeterProvider: trace.MeterProvider, Logger: logger,
	})
	return func(records []events.SQSMessage) {
		response, err := handle(b.Context(), events.SQSEvent{Records: records})
		if err != nil || len(response.BatchItemFailures) > 0 {
			b.Fatalf("%d failures, %v", len(response.BatchItemFailures), err)
		}
		if flush != nil {
			b.StopTimer() // the collector's work is none of the consumer's
			if err := flush(b.Context()); err != nil {
				b.Error(err)
			}
			b.StartTimer()
		}
	}
}

// setUpTelemetry sends everything to a collector that throws it away.
func setUpTelemetry(b *testing.B) *telemetry.Telemetry {
	b.Helper()
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	b.Cleanup(collector.Close)
	cfg, err := telemetry.ConfigFromEnv(func(name string) string {
		return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_BSP_MAX_QUEUE_SIZE": "32768", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "4096"}[name]
	})
	if err != nil {
		b.Fatal(err)
	}
	cfg.LogWriter = io.Discard
	tel, err := telemetry.Setup(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = tel.Shutdown(context.WithoutCancel(b.Context())) })
	return tel
}

// openCopy copies the columns of the same messages, decoded beforehand.
func openCopy(b *testing.B, url string) func([]events.SQSMessage) {
	b.Helper()
	pool, err := pgxpool.New(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	if _, err := migrate.Up(b.Context(), pool); err != nil {
		b.Fatal(err)
	}
	names := []string{
		"source", "id", "type", "subject", "time", "data_content_type", "data", "trace_id", "span_id", "alb_root",
		"sqs_message_id", "receive_count", "accepted_at", "sent_at", "received_at",
	}
	return func(records []events.SQSMessage) {
		b.StopTimer()
		rows, now := make([][]any, len(records)), time.Now()
		for i, m := range records {
			e, err := event.ParseString(m.Body)
			if err != nil {
				b.Fatal(err)
			}
			parent := *m.MessageAttributes["traceparent"].StringValue
			rows[i] = []any{
				e.Source, e.ID, e.Type, e.Subject, e.Time, e.DataContentType, []byte(e.Data), parent[3:35], parent[36:52],
				*m.MessageAttributes[event.AttributeALBRoot].StringValue, m.MessageId, 1, now, now, now,
			}
		}
		b.StartTimer()
		if _, err := pool.CopyFrom(b.Context(), pgx.Identifier{"events"}, names, pgx.CopyFromRows(rows)); err != nil {
			b.Fatal(err)
		}
	}
}
