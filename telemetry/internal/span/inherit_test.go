package span_test

import (
	"context"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/telemetry/internal/remote"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// A parent that came with a message is asked instead of the sampler.
func TestStart_RemoteParentWithADecision_SampledAsBySDK(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := random{t}
		sampler, sc := anySampler(s), anySpanContext(s)
		ctx := remote.Context(context.Background(), sc)
		_, want := sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler)).Tracer("test").Start(ctx, "x")
		_, got := span.New(span.Config{Sampler: span.Known(sampler), Limits: sdktrace.NewSpanLimits(), Sink: &sink{}}).Tracer("test").Start(ctx, "x")
		w, g := want.SpanContext(), got.SpanContext()
		if w.IsSampled() != g.IsSampled() || want.IsRecording() != got.IsRecording() || w.TraceState().String() != g.TraceState().String() {
			t.Errorf("%s samples %v (recording %v) %s, want %v (%v) %s", sampler.Description(),
				g.IsSampled(), got.IsRecording(), g.TraceState(), w.IsSampled(), want.IsRecording(), w.TraceState())
		}
	})
}

// A header with a parent of which nobody has decided is left to the sampler.
func TestStart_RemoteParentWithoutADecision_RootSamplerDecides(t *testing.T) {
	for want, root := range map[bool]sdktrace.Sampler{true: sdktrace.AlwaysSample(), false: sdktrace.NeverSample()} {
		sampler := span.Plain{Sampler: xray.Sampler(sdktrace.ParentBased(root)), Inherited: true}
		tracer := span.New(span.Config{Sampler: sampler, Limits: sdktrace.NewSpanLimits(), Sink: &sink{}}).Tracer("test")
		for decided, sampled := range map[xray.Decision]bool{xray.Undecided: want, xray.Sampled: true, xray.NotSampled: false} {
			ctx := xray.ContextWithHeader(t.Context(), xray.Header{Root: trace.TraceID{1}, Parent: trace.SpanID{2}, Sampled: decided})
			if _, s := tracer.Start(ctx, "x"); s.SpanContext().IsSampled() != sampled {
				t.Errorf("decision %v, root sampler %s: sampled is %v", decided, root.Description(), s.SpanContext().IsSampled())
			}
		}
	}
}
