package awslambda_test

import (
	"context"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

const (
	xrayRoot   = "Root=1-5759e988-bd862e3fe1be46a994272793"
	xrayTrace  = "5759e988bd862e3fe1be46a994272793"
	xrayParent = "53995c3f42cd8ad8"
	otherRoot  = "Root=1-67891233-abcdef012345678912345678"
	otherTrace = "67891233abcdef012345678912345678"
)

var allHeaders = propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}, xray.Propagator{})

// fromHeaders is a Config.Parent.
func fromHeaders(ctx context.Context, event any) context.Context {
	e := event.(events.ALBTargetGroupRequest)
	return allHeaders.Extract(ctx, awslambda.Headers(e.Headers, e.MultiValueHeaders))
}

func withHeader(header string) events.ALBTargetGroupRequest {
	return events.ALBTargetGroupRequest{Headers: map[string]string{"x-amzn-trace-id": header}}
}

// idOrNone is a span's id, empty where there is none.
func idOrNone(sc trace.SpanContext) string {
	if !sc.HasSpanID() {
		return ""
	}
	return sc.SpanID().String()
}

// A load balancer sends a trace id and no parent: it is kept all the same.
func TestWrap_EventCarriesRootAlone_InvocationIsInItsTrace(t *testing.T) {
	for name, tt := range map[string]struct {
		event   string // its X-Amzn-Trace-Id
		lambda  string // the invocation's
		trace   string
		parent  string // empty: none
		dropped bool
	}{
		"Root":                       {event: xrayRoot, trace: xrayTrace},
		"Root, sampled":              {event: xrayRoot + ";Sampled=1", trace: xrayTrace},
		"Root, not sampled":          {event: xrayRoot + ";Sampled=0", dropped: true},
		"Root, and another of AWS's": {event: xrayRoot, lambda: otherRoot + ";Parent=" + xrayParent + ";Sampled=0", trace: xrayTrace},
		"Root, and AWS knows the parent": {
			event: xrayRoot, lambda: xrayRoot + ";Parent=" + xrayParent + ";Sampled=0", trace: xrayTrace, parent: xrayParent,
		},
		"Root and Parent": {
			event: otherRoot + ";Parent=00f067aa0ba902b7;Sampled=1", lambda: otherRoot + ";Parent=" + xrayParent + ";Sampled=0",
			trace: otherTrace, parent: "00f067aa0ba902b7",
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.config.XRayParent, b.config.Parent = true, fromHeaders
			h := awslambda.Wrap(func(context.Context, events.ALBTargetGroupRequest) (any, error) { return nil, nil }, b.config)
			if _, err := h(withTraceHeader(t.Context(), tt.lambda), withHeader(tt.event)); err != nil {
				t.Fatal(err)
			}
			if tt.dropped {
				if n := len(b.spans.Ended()); n != 0 {
					t.Errorf("%d spans, want none: the header says so", n)
				}
				return
			}
			span := b.invocation(t)
			if got := span.SpanContext().TraceID().String(); got != tt.trace {
				t.Errorf("the invocation is in trace %s, want %s", got, tt.trace)
			}
			if got := idOrNone(span.Parent()); got != tt.parent {
				t.Errorf("its parent is %q, want %q", got, tt.parent)
			}
		})
	}
}

// A decision beside the trace id is kept, too, also where Lambda knows the parent
// and has decided nothing: Sampled=0 is what it writes without active tracing.
func TestWrap_EventCarriesADecision_StandsUnlessLambdaHasDecided(t *testing.T) {
	for _, tt := range []struct {
		event, lambda string // Sampled
		spans         bool
	}{
		{event: ";Sampled=1", lambda: ";Sampled=0", spans: true},
		{event: ";Sampled=1", lambda: "", spans: true},
		{event: ";Sampled=0", lambda: ";Sampled=0", spans: false},
		{event: ";Sampled=0", lambda: ";Sampled=1", spans: true},
	} {
		for _, root := range []sdktrace.Sampler{sdktrace.AlwaysSample(), sdktrace.NeverSample()} {
			b := setup(t)
			b.config.TracerProvider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(b.spans),
				sdktrace.WithSampler(xray.Sampler(sdktrace.ParentBased(root))))
			b.config.XRayParent, b.config.Parent = true, fromHeaders
			h := awslambda.Wrap(func(context.Context, events.ALBTargetGroupRequest) (any, error) { return nil, nil }, b.config)
			ctx := withTraceHeader(t.Context(), xrayRoot+";Parent="+xrayParent+tt.lambda)
			if _, err := h(ctx, withHeader(xrayRoot+tt.event)); err != nil {
				t.Fatal(err)
			}
			if got := len(b.spans.Ended()) == 1; got != tt.spans {
				t.Errorf("event %q, Lambda %q, root sampler %s: sampled %v, want %v", tt.event, tt.lambda, root.Description(), got, tt.spans)
			}
		}
	}
}

// Whoever wraps the handler besides, as with another package's instrumentation,
// has a span of this process in the context: it is nobody's parent, unless Parent
// says so.
func TestWrap_SpanOfAnotherWrapper_InvocationIsItsOwnTrace(t *testing.T) {
	for name, continues := range map[string]bool{"no parent": false, "event's parent": true} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			outer, span := b.config.TracerProvider.Tracer("another").Start(t.Context(), "outer")
			defer span.End()
			b.config.Parent = func(ctx context.Context, _ any) context.Context {
				if !continues {
					return ctx
				}
				return trace.ContextWithSpan(ctx, span)
			}
			h := awslambda.Wrap(func(context.Context, any) (any, error) { return nil, nil }, b.config)
			if _, err := h(outer, nil); err != nil {
				t.Fatal(err)
			}
			if got := b.invocation(t).Parent().SpanID() == span.SpanContext().SpanID(); got != continues {
				t.Errorf("the invocation is its child: %v, want %v", got, continues)
			}
		})
	}
	b := setup(t)
	outer, span := b.config.TracerProvider.Tracer("another").Start(t.Context(), "outer")
	defer span.End()
	if _, err := awslambda.SQSBatch(writeAll, b.config)(outer, batchOf(1)); err != nil {
		t.Fatal(err)
	}
	if b.invocation(t).SpanContext().TraceID() == span.SpanContext().TraceID() {
		t.Error("the invocation of a batch is in the other wrapper's trace")
	}
}

// What "Providers of your own" promises: what a header has decided is followed
// by OpenTelemetry's own sampler, and what it leaves open takes xray.Sampler.
func TestProvidersOfYourOwn_XRayHeader_SampledIfDecidedOrUnderstood(t *testing.T) {
	stock := sdktrace.ParentBased(sdktrace.AlwaysSample())
	for name, tt := range map[string]struct {
		sampler sdktrace.Sampler
		flag    string
		spans   bool
	}{
		"stock, Sampled=1":                  {stock, ";Sampled=1", true},
		"stock, Sampled=0":                  {stock, ";Sampled=0", false},
		"stock, undecided":                  {stock, "", false},
		"xray.Sampler, Sampled=1":           {xray.Sampler(stock), ";Sampled=1", true},
		"xray.Sampler, Sampled=0":           {xray.Sampler(stock), ";Sampled=0", true},
		"xray.Sampler, undecided":           {xray.Sampler(stock), "", true},
		"xray.Sampler, Sampled=1, root off": {xray.Sampler(sdktrace.ParentBased(sdktrace.NeverSample())), ";Sampled=1", true},
		"xray.Sampler, Sampled=0, root off": {xray.Sampler(sdktrace.ParentBased(sdktrace.NeverSample())), ";Sampled=0", false},
	} {
		t.Run(name, func(t *testing.T) {
			b, header := setup(t), xrayRoot+";Parent="+xrayParent+tt.flag
			b.config.TracerProvider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(b.spans), sdktrace.WithSampler(tt.sampler))
			b.config.XRayParent = true
			invoke := awslambda.Wrap(func(context.Context, any) (any, error) { return nil, nil }, b.config)
			if _, err := invoke(withTraceHeader(t.Context(), header), nil); err != nil {
				t.Fatal(err)
			}
			checkSpan(t, b, "prod-shop-writer", tt.spans)
			e := batchOf(1)
			e.Records[0].MessageAttributes = nil
			e.Records[0].Attributes["AWSTraceHeader"] = header
			if _, err := awslambda.SQSBatch(writeAll, b.config)(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			checkSpan(t, b, processName, tt.spans)
		})
	}
}

// checkSpan looks for a span under the header's parent.
func checkSpan(t *testing.T, b *bundle, name string, want bool) {
	t.Helper()
	var under []tracetest.SpanStub
	for _, s := range tracetest.SpanStubsFromReadOnlySpans(b.named(name)) {
		if s.SpanContext.TraceID().String() == xrayTrace && s.Parent.SpanID().String() == xrayParent {
			under = append(under, s)
		}
	}
	if got := len(under) == 1; got != want {
		t.Errorf("%q is under the header's parent: %v, want %v", name, got, want)
	}
}
