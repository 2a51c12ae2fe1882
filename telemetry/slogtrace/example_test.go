package slogtrace_test

import (
	"context"
	"log/slog"
	"os"

	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/slogtrace"
)

func Example() {
	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	logger := slog.New(slogtrace.NewHandler(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime})))

	// Any context with a span will do: from a tracer, or from a propagator.
	ctx := trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0x01}, SpanID: trace.SpanID{0x02}, TraceFlags: trace.FlagsSampled,
	}))
	logger.WithGroup("order").InfoContext(ctx, "accepted", "id", 7)

	// Output:
	// {"level":"INFO","msg":"accepted","order":{"id":7},"trace_id":"01000000000000000000000000000000","span_id":"0200000000000000","trace_flags":"01"}
}
