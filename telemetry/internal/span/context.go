package span

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// spanKey is the key under which OpenTelemetry's API keeps the current span
// in a context. With it, a span is the context of its own children, which
// saves a context for each span. It is nil if the API does not look for the
// span in the usual way; spans are then put into a context by the API.
var spanKey = func() any {
	var p probe
	trace.SpanFromContext(&p)
	return p.key
}()

// probe is a context that notes which key it is asked for.
type probe struct {
	context.Context //nolint:containedctx // the methods that nobody calls

	key any
}

func (p *probe) Value(key any) any {
	p.key = key
	return nil
}

// Value implements context.Context.
func (r *recording) Value(key any) any {
	if key == spanKey {
		return r
	}
	return r.Context.Value(key)
}

// Value implements context.Context.
func (u *unrecorded) Value(key any) any {
	if key == spanKey {
		return u
	}
	return u.Context.Value(key)
}
