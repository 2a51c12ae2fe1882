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
	d := t.decide(ctx, name, o, attrs)
	if !d.recorded {
		return t.unrecorded(ctx, d.SpanContextConfig)
	}
	r := new(recording)
	r.record(ctx, t, name, o, &d)
	r.state = newState()
	r.begin(o, attrs, &d)
	return r.inContext()
}

// inContext returns the span in the context of its children.
func (r *recording) inContext() (context.Context, trace.Span) {
	if remote.Key == nil {
		return trace.ContextWithSpan(r.Context, r), r
	}
	return r, r
}

// decision is what is known of a span before there is one.
type decision struct {
	trace.SpanContextConfig

	parent     trace.SpanContext
	recorded   bool
	attributes []attribute.KeyValue // the sampler's
}

func (t *Tracer) decide(ctx context.Context, name string, o *Options, attrs []attribute.KeyValue) (d decision) {
	seen := ctx // by the generator of ids and the sampler
	inherits := false
	if !o.NewRoot {
		parent := trace.SpanFromContext(ctx)
		d.parent, inherits = parent.SpanContext(), t.inherits(parent)
	} else {
		seen = trace.ContextWithSpanContext(ctx, d.parent)
	}
	d.TraceID, d.TraceState, d.TraceFlags = d.parent.TraceID(), d.parent.TraceState(), d.parent.TraceFlags()
	t.provider.identify(seen, &d.SpanContextConfig)
	sampling := sdktrace.Drop
	if inherits {
		if d.parent.IsSampled() {
			sampling = sdktrace.RecordAndSample
		}
	} else {
		result := t.provider.sample(seen, d.TraceID, name, o, attrs)
		sampling, d.TraceState, d.attributes = result.Decision, result.Tracestate, result.Attributes
	}
	d.TraceFlags = d.TraceFlags.WithSampled(sampling == sdktrace.RecordAndSample)
	d.recorded = sampling != sdktrace.Drop && t.provider.sink != nil
	return d
}

// inherits reports whether a child is sampled exactly if its parent is, so
// that nobody need be asked. A remote parent may be one of which nobody has
// decided.
func (t *Tracer) inherits(parent trace.Span) bool {
	if !t.provider.sampler.inherited {
		return false
	}
	sc := parent.SpanContext()
	if !sc.IsRemote() {
		return sc.IsValid()
	}
	r, ok := parent.(*remote.Span)
	return ok && r.Decided && sc.IsValid()
}

func (t *Tracer) unrecorded(ctx context.Context, c trace.SpanContextConfig) (context.Context, trace.Span) {
	u := &unrecorded{Context: ctx, provider: t.provider, context: trace.NewSpanContext(c)}
	if remote.Key == nil {
		return trace.ContextWithSpan(ctx, u), u
	}
	return u, u
}

// record makes r a span of the tracer that has no state yet.
func (r *recording) record(ctx context.Context, t *Tracer, name string, o *Options, d *decision) {
	r.Context, r.tracer, r.name = ctx, t, name
	r.context, r.parent, r.parentRemote = trace.NewSpanContext(d.SpanContextConfig), d.parent.SpanID(), d.parent.IsRemote()
	r.kind, r.start = uint8(trace.ValidateSpanKind(o.Kind)), o.Time //nolint:gosec // one of five
	if r.start.IsZero() {
		r.start = time.Now()
	}
}

// begin fills the state with what a span has from its start on.
func (r *recording) begin(o *Options, attrs []attribute.KeyValue, d *decision) {
	l := &r.tracer.provider.limits
	for i := range o.Links {
		r.state.addLink(l, &o.Links[i])
	}
	r.state.setAttributes(l, d.attributes)
	if o.Shared != nil {
		r.state.setShared(l, o.Shared)
	}
	r.state.setAttributes(l, attrs)
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
