package remote_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/remote"
)

type key struct{}

func TestContext_IsWhatTheAPIMakes(t *testing.T) {
	t.Parallel()
	if remote.Key == nil {
		t.Error("the API does not look for the span in the usual way: contexts cost twice as much")
	}
	ctx, leave := context.WithCancel(context.WithValue(context.Background(), key{}, "value"))
	for _, sc := range []trace.SpanContext{
		{},
		trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}}),
		trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, Remote: true}),
	} {
		ours, theirs := trace.SpanFromContext(remote.Context(ctx, sc)), trace.SpanFromContext(trace.ContextWithSpanContext(ctx, sc))
		if !ours.SpanContext().Equal(theirs.SpanContext()) || ours.IsRecording() != theirs.IsRecording() {
			t.Errorf("%+v is %+v in the context, want %+v", sc, ours.SpanContext(), theirs.SpanContext())
		}
		if tracer := ours.TracerProvider().Tracer("test"); tracer == nil {
			t.Error("the span has no tracer provider")
		}
	}
	inner := remote.Context(remote.Context(ctx, trace.SpanContext{}), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{3}}))
	if id := trace.SpanContextFromContext(inner).TraceID(); id != (trace.TraceID{3}) {
		t.Errorf("trace id = %v, want that of the inner context", id)
	}
	if inner.Value(key{}) != "value" || inner.Err() != nil {
		t.Error("the context beneath does not show")
	}
	leave()
	if inner.Err() == nil {
		t.Error("the context does not end with the one beneath")
	}
}
