package xray

import (
	"context"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Sampler wraps the sampler of a tracer provider so that it understands what
// a header can say and a W3C span context cannot: a parent without a sampling
// decision, which base treats like a root, and a decision without a parent,
// which base treats like a remote parent's. Any other span goes to base as it
// is.
//
// Root alone needs no sampler of its own: its trace id is kept, and any
// sampler decides, with a stock tracer provider.
func Sampler(base sdktrace.Sampler) sdktrace.Sampler { return sampler{base} }

type sampler struct{ base sdktrace.Sampler }

// ShouldSample implements sdktrace.Sampler.
func (s sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	p.ParentContext = decidable(p.ParentContext)
	return s.base.ShouldSample(p)
}

// Description implements sdktrace.Sampler.
func (s sampler) Description() string { return "XRay{" + s.base.Description() + "}" }

// decidable returns ctx with the span context that a sampler needs to see to
// decide as the header wants.
func decidable(ctx context.Context) context.Context {
	sc := trace.SpanContextFromContext(ctx)
	c := partialHeader(ctx, sc)
	if c == nil {
		return ctx
	}
	if c.decided == Undecided {
		return trace.ContextWithSpanContext(ctx, trace.SpanContext{})
	}
	// ParentBased looks only at span contexts with a span id; any will do.
	config := trace.SpanContextConfig{TraceID: sc.TraceID(), SpanID: ALBSpanID(sc.TraceID())}
	if c.decided == Sampled {
		config.TraceFlags = trace.FlagsSampled
	}
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(config))
}

// partialHeader returns the header that the span context sc of ctx came from, if
// that header said what a span context cannot; else nil.
func partialHeader(ctx context.Context, sc trace.SpanContext) *headerContext {
	if !sc.HasTraceID() || sc.HasSpanID() && !sc.IsRemote() {
		return nil // no parent, or a local one: the usual cases cost no lookup
	}
	c, ok := ctx.Value(decisionKey{}).(*headerContext)
	if !ok || c.remote.Of.TraceID() != sc.TraceID() || c.remote.Of.SpanID() != sc.SpanID() {
		return nil // the span context came from elsewhere, say from a traceparent
	}
	return c
}
