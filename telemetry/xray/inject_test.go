package xray_test

import (
	"context"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tracehaul/tracehaul/telemetry/xray"
)

func TestPropagatorInject_CurrentSpan_WritesHeader(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, in string
		flags    trace.TraceFlags
		want     string
	}{
		{"sampled", "", trace.FlagsSampled, "Root=" + root + ";Parent=" + parent + ";Sampled=1"},
		{"not sampled", "", 0, "Root=" + root + ";Parent=" + parent + ";Sampled=0"},
		{
			"the same trace's Lineage", "Root=" + root + ";Lineage=" + lineage, trace.FlagsSampled,
			"Root=" + root + ";Parent=" + parent + ";Sampled=1;Lineage=" + lineage,
		},
		{
			"another trace's Lineage", "Root=" + self + ";Lineage=" + lineage, trace.FlagsSampled,
			"Root=" + root + ";Parent=" + parent + ";Sampled=1",
		},
		{"fields of others", "Root=" + root + ";CalledFrom=app", 0, "Root=" + root + ";Parent=" + parent + ";Sampled=0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			if test.in != "" {
				ctx = extract(xray.Propagator{}, test.in)
			}
			ctx = trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
				TraceID: rootID, SpanID: parentID, TraceFlags: test.flags,
			}))
			carrier := propagation.MapCarrier{}
			xray.Propagator{}.Inject(ctx, carrier)
			if got := carrier[xray.HeaderName]; got != test.want {
				t.Errorf("header = %q, want %q", got, test.want)
			}
		})
	}
	carrier := propagation.MapCarrier{}
	xray.Propagator{}.Inject(context.Background(), carrier)
	if len(carrier) != 0 {
		t.Errorf("without a span it wrote %v", carrier)
	}
}

// Without a span in between, what came in goes on: what nobody has decided must
// not leave as a decision against it. So it is with a provider that makes no
// spans, as under OTEL_SDK_DISABLED.
func TestPropagatorInject_NoSpanInBetween_PassesOnWhatWasSaid(t *testing.T) {
	t.Parallel()
	const withParent = "Root=" + root + ";Parent=" + parent
	for header, want := range map[string]string{
		"Root=" + root:                           "Root=" + root,
		"Root=" + root + ";Sampled=?":            "Root=" + root,
		"Root=" + root + ";Sampled=0":            "Root=" + root + ";Sampled=0",
		"Root=" + root + ";Sampled=1":            "Root=" + root + ";Sampled=1",
		"Root=" + root + ";Lineage=" + lineage:   "Root=" + root + ";Lineage=" + lineage,
		withParent:                               withParent,
		withParent + ";Sampled=?":                withParent,
		withParent + ";Sampled=0":                withParent + ";Sampled=0",
		withParent + ";Sampled=1":                withParent + ";Sampled=1",
		"Self=" + self + ";Root=malformed":       "Root=" + self,
		"Root=malformed;Parent=" + parent + ";x": "",
	} {
		ctx := extract(xray.Propagator{}, header)
		silent, _ := noop.NewTracerProvider().Tracer("").Start(ctx, "span")
		for how, ctx := range map[string]context.Context{"no span": ctx, "a provider that makes none": silent} {
			carrier := propagation.MapCarrier{}
			xray.Propagator{}.Inject(ctx, carrier)
			if got := carrier[xray.HeaderName]; got != want {
				t.Errorf("%s, %s: %q goes out, want %q", header, how, got, want)
			}
		}
		dropped, _ := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())).Tracer("").Start(ctx, "span")
		carrier := propagation.MapCarrier{}
		xray.Propagator{}.Inject(dropped, carrier)
		if got := carrier[xray.HeaderName]; !strings.Contains(got, ";Sampled=0") {
			t.Errorf("%s, and a span that is not sampled: %q goes out, want Sampled=0", header, got)
		}
	}
}
