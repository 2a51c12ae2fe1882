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

// The load balancer's span, where there is one, stands between its caller and
// whoever comes next.
func TestPropagatorInject_ALBParentAndNoSpan_PassesOnTheBalancersSpan(t *testing.T) {
	t.Parallel()
	const withSelf = "Self=" + self + ";Root=" + root + ";Parent=" + parent + ";Sampled=1"
	for header, want := range map[string]string{
		"Root=" + root:                       "Root=" + root + ";Parent=" + xray.ALBSpanID(rootID).String(),
		"Root=" + root + ";Sampled=0":        "Root=" + root + ";Parent=" + xray.ALBSpanID(rootID).String() + ";Sampled=0",
		withSelf:                             "Root=" + root + ";Parent=" + xray.ALBSpanID(selfID).String() + ";Sampled=1",
		"Root=" + root + ";Parent=" + parent: "Root=" + root + ";Parent=" + parent,
	} {
		p, carrier := xray.Propagator{ALBParent: true}, propagation.MapCarrier{}
		p.Inject(extract(p, header), carrier)
		if got := carrier[xray.HeaderName]; got != want {
			t.Errorf("%s: %q goes out, want %q", header, got, want)
		}
	}
}

func TestDecisionOf_HeaderOrSpan_WhatWasSaid(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]xray.Decision{
		"":                                   xray.Undecided,
		"Root=" + root:                       xray.Undecided,
		"Root=" + root + ";Sampled=0":        xray.NotSampled,
		"Root=" + root + ";Sampled=1":        xray.Sampled,
		"Root=" + root + ";Parent=" + parent: xray.Undecided,
		"Root=" + root + ";Parent=" + parent + ";Sampled=0": xray.NotSampled,
		"Root=" + root + ";Parent=" + parent + ";Sampled=1": xray.Sampled,
	} {
		if got := xray.DecisionOf(extract(xray.Propagator{}, header)); got != want {
			t.Errorf("%q: decision %v, want %v", header, got, want)
		}
	}
}
