package remote_test

import (
	"context"
	"fmt"
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

func TestContext_Printed_NamesTheIDs(t *testing.T) {
	t.Parallel()
	sc := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	want := "context.Background.WithSpan(01000000000000000000000000000000 0200000000000000)"
	if got := fmt.Sprint(remote.Context(context.Background(), sc)); got != want {
		t.Errorf("it is printed as %s, want %s", got, want)
	}
	// A context that says nothing of itself is named by its type.
	type foreign struct{ context.Context }
	if got := remote.Describe(foreign{context.Background()}, "Query"); got != "remote_test.foreign.WithQuery" {
		t.Errorf("on a foreign context it is %s", got)
	}
}
