package span_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

// Mocks print the arguments of each call, the context among them.
func TestContext_Printed_NamesIDsAndNothingElse(t *testing.T) {
	type key struct{}
	for name, sampler := range map[string]sdktrace.Sampler{"recording": sdktrace.AlwaysSample(), "unrecorded": sdktrace.NeverSample()} {
		t.Run(name, func(t *testing.T) {
			_, tracer, _ := setup(t, func(c *span.Config) { c.Sampler = sampler })
			ctx, s := tracer.Start(context.Background(), "secret", trace.WithAttributes(attribute.String("password", "secret")))
			defer s.End()
			ids := s.SpanContext().TraceID().String() + " " + s.SpanContext().SpanID().String()
			if got, want := fmt.Sprint(ctx), "context.Background.WithSpan("+ids+")"; got != want {
				t.Errorf("it is printed as %s, want %s", got, want)
			}
			derived, cancel := context.WithCancel(context.WithValue(ctx, key{}, 1))
			defer cancel()
			if got := fmt.Sprint(derived); !strings.HasPrefix(got, "context.Background.WithSpan("+ids+").WithValue(") {
				t.Errorf("a context derived from it is printed as %s", got)
			}
		})
	}
}

// It fails under the race detector only.
func TestContext_PrintedWhileItsSpanIsWritten_NoRace(t *testing.T) {
	_, tracer, _ := setup(t)
	ctx, s := tracer.Start(t.Context(), "x")
	written := make(chan struct{})
	go func() {
		defer close(written)
		for i := range 100 {
			s.SetName(fmt.Sprint("n", i))
			s.SetAttributes(attribute.Int("a", i))
		}
		s.End()
	}()
	for range 100 {
		if got := fmt.Sprintf("%v %+v %#v %s", ctx, ctx, ctx, ctx); strings.Contains(got, "0x") {
			t.Fatalf("it is printed with addresses: %s", got)
		}
	}
	<-written
}
