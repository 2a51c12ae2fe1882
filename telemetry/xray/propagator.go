package xray

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/remote"
)

// maxRaw is how much of a header [RawHeader] returns. AWS's own fields take
// less than 400 bytes; the rest is whatever a client put there.
const maxRaw = 1 << 10

// Propagator carries the trace context in the X-Amzn-Trace-Id header.
//
// On the way in, a W3C traceparent wins: when the context has a valid remote
// span context already, or when a propagator that comes later finds one, the
// header only stays readable through [RawHeader]. Otherwise:
//
//   - Root alone: the trace id is kept, there is no parent, the root sampler
//     decides.
//   - Root and Parent: the parent is remote. With Sampled=0 or 1 the decision
//     is made; without Sampled, or with Sampled=?, the root sampler decides
//     (this needs [Sampler]).
//   - Root and Sampled without Parent, the form in which X-Ray hands a
//     decision from the first service on: the trace id is kept, there is no
//     parent, and the decision is treated like a remote parent's (this needs
//     [Sampler]; without it the root sampler decides).
//   - Self, and no Root that can be read: Self is the trace id, there is no
//     parent, the root sampler decides. See [Header.OrSelf].
//   - anything else: the context is returned as it was.
type Propagator struct {
	// ALBParent makes the load balancer's own span, [Header.ALBSpanID], the
	// parent of requests that came through one, while the sampling decision
	// stays as above. Set it only where something turns the load balancer's
	// access log into spans: else traces hang from a span that never comes.
	// It needs [Sampler]. Defaults to false: the load balancer has no span.
	ALBParent bool
}

var _ propagation.TextMapPropagator = Propagator{}

// Inject writes Root, Parent and Sampled of the current span, and the Lineage
// of the header that came in if it belongs to the same trace. Where no span was
// started since Extract, that header's Parent and Sampled go on as they were: what
// nobody has decided leaves undecided, without Sampled. Where ALBParent made the
// load balancer's span the parent, that one goes on as Parent.
func (Propagator) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.HasTraceID() {
		return
	}
	h := Header{Root: sc.TraceID(), Parent: sc.SpanID(), Sampled: DecisionOf(ctx)}
	if raw, ok := RawHeader(ctx); ok {
		if in, _ := Parse(raw); in.Root == h.Root {
			h.Lineage = in.Lineage
		}
	}
	carrier.Set(HeaderName, h.String())
}

// DecisionOf returns what the current span's context, and the header that it came
// from, say of sampling. It is [Undecided] where there is neither a parent nor
// a decision.
func DecisionOf(ctx context.Context) Decision {
	sc := trace.SpanContextFromContext(ctx)
	c := partialHeader(ctx, sc)
	switch {
	case c != nil:
		return c.decided
	case !sc.HasSpanID(): // Root alone
		return Undecided
	case sc.IsSampled():
		return Sampled
	}
	return NotSampled
}

// Extract returns a context that continues the trace of the header.
func (p Propagator) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	raw := carrier.Get(HeaderName)
	if raw == "" {
		return ctx
	}
	c := &headerContext{Context: ctx, raw: raw, alb: p.ALBParent}
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() && sc.IsRemote() {
		return c
	}
	h, _ := Parse(raw)
	h = h.OrSelf()
	if p.ALBParent && h.throughALB() {
		h.Parent = h.ALBSpanID()
	}
	return c.continued(h)
}

// Fields returns the name of the header.
func (Propagator) Fields() []string { return []string{HeaderName} }

// RawHeader returns the X-Amzn-Trace-Id header as it arrived, cut to 1 KiB,
// and whether there was one: with whatever a client put there. For what joins a
// span to a line of the load balancer's access log, see [KnownHeader].
func RawHeader(ctx context.Context) (string, bool) {
	c, ok := ctx.Value(rawKey{}).(*headerContext)
	if !ok {
		return "", false
	}
	return c.raw[:min(len(c.raw), maxRaw)], true
}

// KnownHeader returns what [Known] leaves of the X-Amzn-Trace-Id header that
// arrived, wherever in it the fields stood and whichever header won. It is empty
// when there was none, or nothing of AWS's in it.
func KnownHeader(ctx context.Context) string {
	c, ok := ctx.Value(rawKey{}).(*headerContext)
	if !ok {
		return ""
	}
	return Known(c.raw)
}

// ALBSpanContext returns the load balancer's span of a request, where
// [Propagator.ALBParent] says that there is one, and it is in another trace
// than the given one: that of Root, where a traceparent has won. It is for a
// link, as it cannot be the parent.
func ALBSpanContext(ctx context.Context, other trace.TraceID) (trace.SpanContext, bool) {
	c, ok := ctx.Value(rawKey{}).(*headerContext)
	if !ok || !c.alb || c.remote.Of.TraceID() == other {
		return trace.SpanContext{}, false
	}
	h, _ := Parse(c.raw)
	h = h.OrSelf()
	if !h.Root.IsValid() || h.Root == other || !h.throughALB() {
		return trace.SpanContext{}, false
	}
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: h.Root, SpanID: h.ALBSpanID(), Remote: true}), true
}

// ContextWithHeader returns a context that continues the trace of h by the
// rules of [Propagator]: for headers that did not come by HTTP, like Lambda's
// or SQS's AWSTraceHeader. It returns ctx when h has no Root.
func ContextWithHeader(ctx context.Context, h Header) context.Context {
	return (&headerContext{Context: ctx}).continued(h)
}

// headerContext holds what is known of a header beyond the span context. It
// is a context of its own, instead of two values in two contexts, because it
// is made for every request.
type headerContext struct {
	context.Context //nolint:containedctx // it is a context

	raw string // empty when not from HTTP
	alb bool   // the load balancer has spans

	// The span that the header stands for, where it counts.
	remote  remote.Span
	counts  bool
	partial bool // decided says what the span context cannot, see Sampler
	decided Decision
}

type (
	rawKey      struct{}
	decisionKey struct{}
)

// Value answers for the parts that are set and leaves the others to the
// contexts beneath.
func (c *headerContext) Value(key any) any {
	if c.counts && key == remote.Key {
		return trace.Span(&c.remote)
	}
	switch key.(type) {
	case rawKey:
		if c.raw != "" {
			return c
		}
	case decisionKey:
		if c.partial {
			return c
		}
	}
	return c.Context.Value(key)
}

// String implements fmt.Stringer, without what a client sent.
func (c *headerContext) String() string {
	if c.counts {
		return remote.DescribeSpan(c.Context, c.remote.Of)
	}
	return remote.Describe(c.Context, "XRayHeader")
}

// continued returns c, or a context beneath it, with the span context of h.
func (c *headerContext) continued(h Header) context.Context {
	if !h.Root.IsValid() {
		if c.raw == "" {
			return c.Context
		}
		return c
	}
	config := trace.SpanContextConfig{TraceID: h.Root, SpanID: h.Parent, Remote: h.Parent.IsValid()}
	if h.Parent.IsValid() == (h.Sampled == Undecided) {
		// What a span context cannot say: a parent without a decision, and a
		// decision without a parent.
		c.partial, c.decided = true, h.Sampled
	} else if h.Sampled == Sampled {
		config.TraceFlags = trace.FlagsSampled
	}
	// A span context without a span id is not valid, so that samplers and
	// propagators treat it as none, but the SDK takes the trace id from it
	// for the root span that it starts.
	c.remote.Of = trace.NewSpanContext(config)
	if remote.Key == nil {
		return trace.ContextWithSpan(c, &c.remote)
	}
	c.counts = true
	return c
}
