package awslambda_test

import (
	"log/slog"
	"testing"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

// A row of the consumer's takes about 20 µs, so what a message costs is looked
// after. What is left are the SDK's own: span, context, attributes, link twice
// and snapshot, and one for each time that is not the clock's.
func TestSQSBatch_SampledMessage_AddsFewAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	const n = 1000
	e, ctx := batchOf(n), invocationContext(t.Context())
	allocations := func(c awslambda.Config) float64 {
		h := awslambda.SQSBatch(writeAll, c)
		return testing.AllocsPerRun(10, func() { _, _ = h(ctx, e) }) / n
	}
	logger := slog.New(slog.NewJSONHandler(nowhere{}, nil))
	bare := allocations(awslambda.Config{TracerProvider: noop.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider(), Logger: logger})
	c := awslambda.Config{
		Logger:         logger,
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(discard{})),
		MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())),
	}
	both := allocations(c)
	c.NoWaitSpan = true
	process := allocations(c)
	t.Logf("%.1f allocations a message bare, %.1f with a process span, %.1f with a wait span, too", bare, process, both)
	if added := process - bare; added > 5.5 {
		t.Errorf("a process span adds %.1f allocations to a message, want at most 5.5", added)
	}
	if added := both - process; added > 5.5 {
		t.Errorf("a wait span adds %.1f allocations to a message, want at most 5.5", added)
	}
}
