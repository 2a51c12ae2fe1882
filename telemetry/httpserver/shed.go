package httpserver

import (
	"context"
	"encoding/binary"
	"math/rand/v2"

	"go.opentelemetry.io/otel/trace"
)

// unrecorded returns a context in which there is nothing of a span but its
// ids, of the trace that ctx is in or of a new one, and that is not sampled,
// whatever a sampler would say.
func unrecorded(ctx context.Context) context.Context {
	parent := trace.SpanContextFromContext(ctx)
	c := trace.SpanContextConfig{TraceID: parent.TraceID(), TraceState: parent.TraceState()}
	for !c.TraceID.IsValid() {
		binary.NativeEndian.PutUint64(c.TraceID[:8], rand.Uint64()) //nolint:gosec // ids are no secrets
		binary.NativeEndian.PutUint64(c.TraceID[8:], rand.Uint64()) //nolint:gosec // ids are no secrets
	}
	for !c.SpanID.IsValid() {
		binary.NativeEndian.PutUint64(c.SpanID[:], rand.Uint64()) //nolint:gosec // ids are no secrets
	}
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(c))
}
