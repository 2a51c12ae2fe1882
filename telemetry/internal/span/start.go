package span

import (
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tracehaul/tracehaul/telemetry/internal/remote"
)

// Options say how a span starts. They are what the API's SpanStartOptions
// are, in a form that needs no allocation.
type Options struct {
	// Kind defaults to internal.
	Kind trace.SpanKind

	// Time defaults to now.
	Time time.Time

	// NewRoot makes the span the first of a trace of its own. Defaults to
	// false.
	NewRoot bool

	// Shared are attributes that many spans have. They come before the span's
	// own. Defaults to none.
	Shared *Shared

	// Links defaults to none.
	Links []trace.Link
}

// Start starts a span of any tracer. Attrs are not kept, and not part of
// Options, so that they can be on the caller's stack.
func Start(ctx context.Context, tracer trace.Tracer, name string, o Options, attrs ...attribute.KeyValue) (context.Context, trace.Span) {
	switch t := tracer.(type) {
	case *Tracer:
		return t.start(ctx, name, &o, attrs)
	case noop.Tracer:
		return t.Start(ctx, name)
	default:
		return t.Start(ctx, name, o.forAPI(attrs)...) //nolint:spancheck // the caller's
	}
}

// Unrecorded returns a context with a span of which there is nothing but its
// ids, of the trace that ctx is in or of a new one, and that is not sampled,
// whatever a sampler would say. The ids are the tracer's, or random where it is
// of others, whose generator is out of reach.
func Unrecorded(ctx context.Context, tracer trace.Tracer) (context.Context, trace.Span) {
	parent := trace.SpanContextFromContext(ctx)
	c := trace.SpanContextConfig{TraceID: parent.TraceID(), TraceState: parent.TraceState()}
	if t, ok := tracer.(*Tracer); ok {
		t.provider.identify(ctx, &c)
		return t.unrecorded(ctx, c)
	}
	identify(&c)
	ctx = remote.Context(ctx, trace.NewSpanContext(c))
	return ctx, trace.SpanFromContext(ctx)
}

// forAPI copies the attributes: the API may keep them.
func (o *Options) forAPI(attrs []attribute.KeyValue) []trace.SpanStartOption {
	options := []trace.SpanStartOption{trace.WithSpanKind(o.Kind)}
	if !o.Time.IsZero() {
		options = append(options, trace.WithTimestamp(o.Time))
	}
	if o.NewRoot {
		options = append(options, trace.WithNewRoot())
	}
	if o.Shared != nil {
		options = append(options, trace.WithAttributes(o.Shared.attributes...))
	}
	if len(attrs) > 0 {
		options = append(options, trace.WithAttributes(slices.Clone(attrs)...))
	}
	if len(o.Links) > 0 {
		options = append(options, trace.WithLinks(o.Links...))
	}
	return options
}

// SetAttributes is span.SetAttributes. Attrs are not kept.
func SetAttributes(span trace.Span, attrs ...attribute.KeyValue) {
	switch s := span.(type) {
	case *recording:
		s.SetAttributes(attrs...)
	case *unrecorded, noop.Span:
	default:
		span.SetAttributes(slices.Clone(attrs)...)
	}
}

// SetShared is SetAttributes for what many spans have. It is fastest before
// any other attribute, and with a span of a Tracer of this package: with
// others SetAttributes is, once for all.
func SetShared(span trace.Span, set *Shared) {
	if s, ok := span.(*recording); ok {
		s.setShared(set)
		return
	}
	SetAttributes(span, set.attributes...)
}

// AddLink is span.AddLink for a link without attributes.
func AddLink(span trace.Span, to trace.SpanContext) {
	switch s := span.(type) {
	case *recording:
		s.addLink(&trace.Link{SpanContext: to})
	case *unrecorded, noop.Span:
	default:
		span.AddLink(trace.Link{SpanContext: to})
	}
}

// End ends a span at a given time, which is now if it is zero. Unlike the
// method it takes no notice of a panic.
func End(span trace.Span, at time.Time) {
	switch s := span.(type) {
	case *recording:
		if at.IsZero() {
			at = s.now()
		}
		s.mu.Lock()
		if s.ended {
			s.mu.Unlock()
			return
		}
		s.end(at)
	case *unrecorded, noop.Span:
	default:
		span.End(trace.WithTimestamp(at))
	}
}
