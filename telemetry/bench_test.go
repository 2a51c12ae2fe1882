package telemetry_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry"
)

// BenchmarkSpan_Delivered measures all that a span costs: making it, the
// queue, encoding, and sending to a collector on this machine that only reads.
// It flushes every 512 spans, so that none is dropped. Stock is the SDK's
// batch processor with its OTLP/HTTP exporter, NoExport the SDK alone.
func BenchmarkSpan_Delivered(b *testing.B) {
	sink := func(b *testing.B) *collector {
		b.Helper()
		c := newCollector(b)
		c.misbehave(func(http.ResponseWriter, *http.Request) bool { return true })
		return c
	}
	b.Run("Tracehaul", func(b *testing.B) {
		tel := setup(b, configFor(sink(b).URL))
		benchmarkSpans(b, tel.TracerProvider().(flusher)) //nolint:forcetypeassert // it is
		if n := tel.Dropped(); len(n) > 0 {
			b.Errorf("dropped %v", n)
		}
	})
	b.Run("Stock", func(b *testing.B) {
		exporter, err := otlptracehttp.New(b.Context(), otlptracehttp.WithEndpointURL(sink(b).URL+"/v1/traces"))
		if err != nil {
			b.Fatal(err)
		}
		provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
		benchmarkSpans(b, provider)
		if err := provider.Shutdown(b.Context()); err != nil {
			b.Error(err)
		}
	})
	b.Run("NoExport", func(b *testing.B) {
		benchmarkSpans(b, sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(discard{})))
	})
}

// discard is a processor that makes the SDK do all its work, for nothing.
type discard struct{}

func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (discard) Shutdown(context.Context) error                  { return nil }
func (discard) ForceFlush(context.Context) error                { return nil }

type flusher interface {
	trace.TracerProvider
	ForceFlush(ctx context.Context) error
}

func benchmarkSpans(b *testing.B, provider flusher) {
	b.Helper()
	tracer := provider.Tracer("bench")
	attrs := []attribute.KeyValue{
		attribute.String("http.request.method", "POST"), attribute.String("http.route", "/v1/events"),
		attribute.String("url.path", "/v1/events"), attribute.Int("http.response.status_code", 202),
		attribute.String("server.address", "service.internal"), attribute.String("user_agent.original", "Go-http-client/1.1"),
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		_, span := tracer.Start(b.Context(), "POST /v1/events", trace.WithSpanKind(trace.SpanKindServer))
		span.SetAttributes(attrs...)
		span.End()
		if n++; n%512 == 0 {
			if err := provider.ForceFlush(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkSetup measures what telemetry adds to a program's start.
func BenchmarkSetup(b *testing.B) {
	env := map[string]string{"AWS_LAMBDA_FUNCTION_NAME": "consumer", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
	b.ReportAllocs()
	for b.Loop() {
		c, err := fromEnv(env)
		if err != nil {
			b.Fatal(err)
		}
		tel, err := telemetry.Setup(b.Context(), c)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		ctx, cancel := context.WithCancel(b.Context())
		cancel()
		_ = tel.Shutdown(ctx)
		b.StartTimer()
	}
}

// BenchmarkSpan_Parallel has all processors end spans into one queue, which
// nobody empties.
func BenchmarkSpan_Parallel(b *testing.B) {
	config := configFor(listen(b, hangs))
	config.Traces.Batch = telemetry.BatchConfig{QueueSize: 1 << 22, BatchSize: 512}
	config.Traces.QueueBytes = 1 << 32
	config.ShutdownTimeout = time.Millisecond
	tracer := setup(b, config).TracerProvider().Tracer("bench")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, span := tracer.Start(b.Context(), "work")
			span.End()
		}
	})
}
