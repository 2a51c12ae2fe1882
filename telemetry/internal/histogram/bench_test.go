package histogram_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/histogram"
)

// BenchmarkRecord records one value in a sampled trace, with four attributes,
// by the SDK and by this package, and by this package a thousand at once.
func BenchmarkRecord(b *testing.B) {
	ctx := trace.ContextWithSpanContext(b.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled,
	}))
	options := []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(
		attribute.String("messaging.system", "aws_sqs"), attribute.String("messaging.destination.name", "queue"),
		attribute.String("messaging.operation.name", "process"), attribute.String("outcome", "written"),
	))}
	sdk, ours := setup(b, nil), setup(b, wrapped)
	for name, w := range map[string]*world{"SDK": sdk, "Ours": ours} {
		h := w.histogram(b, "h")
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h.Record(ctx, .02, options...)
			}
		})
		b.Run(name+"Parallel", func(b *testing.B) {
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					h.Record(ctx, .02, options...)
				}
			})
		})
	}
	b.Run("OursAtOnce", func(b *testing.B) {
		h := ours.histogram(b, "h")
		histogram.Record(h, b.N, func(int) (context.Context, float64, bool) { return ctx, .02, true }, options...)
	})
}
