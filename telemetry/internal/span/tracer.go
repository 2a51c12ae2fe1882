package span

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/internal/remote"
)

// Tracer starts the spans of one scope.
type Tracer struct {
	embedded.Tracer

	provider *Provider
	scope    *otlp.Scope
}

// Start implements trace.Tracer.
func (t *Tracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	if len(options) == 0 {
		return t.start(ctx, name, &Options{}, nil)
	}
	c := trace.NewSpanStartConfig(options...)
	return t.start(ctx, name, &Options{Kind: c.SpanKind(), Time: c.Timestamp(), NewRoot: c.NewRoot(), Links: c.Links()}, c.Attributes())
}

func (t *Tracer) start(ctx context.Context, name string, o *Options, attrs []attribute.KeyValue) (context.Context, trace.Span) {
	if ctx == nil {
		ctx = context.Background()
	}
	var parent trace.SpanContext
	seen := ctx // by the generator of ids and the sampler
	if !o.NewRoot {
		parent = trace.SpanContextFromContext(ctx)
	} else {
		seen = trace.ContextWithSpanContext(ctx, parent)
	}
	c := trace.SpanContextConfig{TraceID: parent.TraceID(), TraceState: parent.TraceState(), TraceFlags: parent.TraceFlags()}
	t.provider.identify(seen, &c)
	var result sdktrace.SamplingResult
	if t.provider.sampler.inherited && parent.IsValid() && !parent.IsRemote() {
		if parent.IsSampled() {
			result.Decision = sdktrace.RecordAndSample
		}
	} else {
		result = t.provider.sample(seen, c.TraceID, name, o, attrs)
		c.TraceState = result.Tracestate
	}
	c.TraceFlags = c.TraceFlags.WithSampled(result.Decision == sdktrace.RecordAndSample)
	if result.Decision == sdktrace.Drop || t.provider.sink == nil {
		return t.unrecorded(ctx, c)
	}
	r := t.record(ctx, name, o, attrs, &result, &parent, c)
	if remote.Key == nil {
		return trace.ContextWithSpan(ctx, r), r
	}
	return r, r
}

func (t *Tracer) unrecorded(ctx context.Context, c trace.SpanContextConfig) (context.Context, trace.Span) {
	u := &unrecorded{Context: ctx, provider: t.provider, context: trace.NewSpanContext(c)}
	if remote.Key == nil {
		return trace.ContextWithSpan(ctx, u), u
	}
	return u, u
}

func (t *Tracer) record(ctx context.Context, name string, o *Options, attrs []attribute.KeyValue, result *sdktrace.SamplingResult, parent *trace.SpanContext, c trace.SpanContextConfig) *recording {
	r := &recording{
		Context: ctx, tracer: t, context: trace.NewSpanContext(c), parent: parent.SpanID(), parentRemote: parent.IsRemote(),
		kind: trace.ValidateSpanKind(o.Kind), start: o.Time, name: name, state: newState(),
	}
	if r.start.IsZero() {
		r.start = time.Now()
	}
	l := &t.provider.limits
	for i := range o.Links {
		r.state.addLink(l, &o.Links[i])
	}
	r.state.setAttributes(l, result.Attributes)
	if o.Shared != nil {
		r.state.setShared(l, o.Shared)
	}
	r.state.setAttributes(l, attrs)
	return r
}

// sample asks the sampler. Attributes are copied for it only if it wants them,
// so that the caller's need not be on the heap.
func (p *Provider) sample(ctx context.Context, id trace.TraceID, name string, o *Options, attrs []attribute.KeyValue) sdktrace.SamplingResult {
	parameters := sdktrace.SamplingParameters{ParentContext: ctx, TraceID: id, Name: name, Kind: o.Kind}
	if !p.sampler.plain {
		var shared []attribute.KeyValue
		if o.Shared != nil {
			shared = o.Shared.attributes
		}
		parameters.Attributes = slices.Concat(shared, attrs)
		parameters.Links = o.Links
	}
	return p.sampler.ShouldSample(parameters)
}

// identify chooses the ids: the generator does, if there is one.
func (p *Provider) identify(ctx context.Context, c *trace.SpanContextConfig) {
	switch {
	case p.ids == nil:
		identify(c)
	case c.TraceID.IsValid():
		c.SpanID = p.ids.NewSpanID(ctx, c.TraceID)
	default:
		c.TraceID, c.SpanID = p.ids.NewIDs(ctx)
	}
}

// identify chooses random ids.
func identify(c *trace.SpanContextConfig) {
	for !c.TraceID.IsValid() {
		binary.NativeEndian.PutUint64(c.TraceID[:8], rand.Uint64()) //nolint:gosec // ids are no secrets
		binary.NativeEndian.PutUint64(c.TraceID[8:], rand.Uint64()) //nolint:gosec // ids are no secrets
	}
	for !c.SpanID.IsValid() {
		binary.NativeEndian.PutUint64(c.SpanID[:], rand.Uint64()) //nolint:gosec // ids are no secrets
	}
}
