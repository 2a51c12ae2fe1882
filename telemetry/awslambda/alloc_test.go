package awslambda_test

import (
	"context"
	"log/slog"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

// nobody takes spans and forgets them.
type nobody struct{}

func (nobody) Add(otlp.Span)                  {}
func (nobody) AddAll([]otlp.Span)             {}
func (nobody) Flush(context.Context) error    { return nil }
func (nobody) Shutdown(context.Context) error { return nil }

// ownSpans makes the spans that telemetry.Setup makes.
func ownSpans(sampler sdktrace.Sampler) *span.Provider {
	limits := sdktrace.NewSpanLimits()
	limits.LinkCountLimit = 10_000
	return span.New(span.Config{Sampler: span.Known(sampler), Limits: limits, Sink: nobody{}})
}

// A row of the consumer's takes about 15 µs, so what a message costs is looked
// after: an allocation for the context that it came with, and one for its span
// if that is not sampled. Those that are have their memory together.
func TestSQSBatch_Message_AllocatesItsContext(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	const n = 1000
	e, ctx := batchOf(n), invocationContext(t.Context())
	for name, test := range map[string]struct {
		config awslambda.Config
		want   float64
	}{
		"process and wait": {awslambda.Config{TracerProvider: ownSpans(sdktrace.AlwaysSample())}, 1},
		"process":          {awslambda.Config{TracerProvider: ownSpans(sdktrace.AlwaysSample()), NoWaitSpan: true}, 1},
		"not sampled":      {awslambda.Config{TracerProvider: ownSpans(sdktrace.NeverSample())}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			test.config.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
			test.config.Logger = slog.New(slog.NewJSONHandler(nowhere{}, nil))
			h := awslambda.SQSBatch(writeAll, test.config)
			got := testing.AllocsPerRun(10, func() { _, _ = h(ctx, e) }) / n
			if got > test.want+.2 { // a batch has some of its own
				t.Errorf("a message takes %.2f allocations, want %.0f", got, test.want)
			}
		})
	}
}
