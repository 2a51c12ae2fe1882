package remote

import (
	"context"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Key is the key under which OpenTelemetry's API keeps the current span in a
// context. It is nil if the API does not look for the span in the usual way:
// then only the API can put one there.
var Key = func() any {
	var p probe
	trace.SpanFromContext(&p)
	return p.key
}()

// probe is a context that notes which key it is asked for.
type probe struct {
	context.Context //nolint:containedctx // the methods that nobody calls

	key any
}

// Value implements context.Context.
func (p *probe) Value(key any) any {
	p.key = key
	return nil
}

// Span is a span of which there is only the context.
type Span struct {
	noop.Span

	Of trace.SpanContext

	// Decided says that Of says for certain whether the trace is sampled.
	Decided bool
}

// SpanContext implements trace.Span.
func (s *Span) SpanContext() trace.SpanContext { return s.Of }

// Context returns a context in which sc is the current span's, which is
// sampled, or not, for certain.
func Context(ctx context.Context, sc trace.SpanContext) context.Context {
	c := &holder{Context: ctx, span: Span{Of: sc, Decided: true}}
	if Key == nil {
		return trace.ContextWithSpan(ctx, &c.span)
	}
	return c
}

// holder is a context with a span.
type holder struct {
	context.Context //nolint:containedctx // it is a context

	span Span
}

// Value implements context.Context.
func (h *holder) Value(key any) any {
	if key == Key {
		return trace.Span(&h.span)
	}
	return h.Context.Value(key)
}
