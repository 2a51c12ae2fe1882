package xray_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/xray"
)

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// extract reads header as a server does.
func extract(p propagation.TextMapPropagator, header string) context.Context {
	h := http.Header{}
	h.Set("x-amzn-trace-id", header) // proxies may change the case
	return p.Extract(context.Background(), propagation.HeaderCarrier(h))
}

// start starts a server span in ctx with a real SDK and returns it if it is
// sampled.
func start(ctx context.Context, t *testing.T, sampler sdktrace.Sampler) (sdktrace.ReadOnlySpan, trace.SpanContext) {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	tp := sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler), sdktrace.WithSpanProcessor(recorder))
	_, span := tp.Tracer("").Start(ctx, "span", trace.WithSpanKind(trace.SpanKindServer))
	span.End()
	if ended := recorder.Ended(); len(ended) == 1 {
		return ended[0], span.SpanContext()
	}
	return nil, span.SpanContext()
}

func TestPropagator_RootAlone_KeepsTraceIDAndRootSamplerDecides(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sampler sdktrace.Sampler
		sampled bool
	}{
		"AlwaysOn":                           {sdktrace.AlwaysSample(), true},
		"AlwaysOff":                          {sdktrace.NeverSample(), false},
		"TraceIDRatio 1":                     {sdktrace.TraceIDRatioBased(1), true},
		"TraceIDRatio 0":                     {sdktrace.TraceIDRatioBased(0), false},
		"ParentBased(AlwaysOn)":              {sdktrace.ParentBased(sdktrace.AlwaysSample()), true},
		"ParentBased(AlwaysOff)":             {sdktrace.ParentBased(sdktrace.NeverSample()), false},
		"ParentBased(TraceIDRatio 1)":        {sdktrace.ParentBased(sdktrace.TraceIDRatioBased(1)), true},
		"ParentBased(TraceIDRatio 0)":        {sdktrace.ParentBased(sdktrace.TraceIDRatioBased(0)), false},
		"Sampler(ParentBased(AlwaysOn))":     {xray.Sampler(sdktrace.ParentBased(sdktrace.AlwaysSample())), true},
		"Sampler(ParentBased(AlwaysOff))":    {xray.Sampler(sdktrace.ParentBased(sdktrace.NeverSample())), false},
		"Sampler(ParentBased(TraceIDRatio))": {xray.Sampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(1))), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := extract(xray.Propagator{}, "Root="+root)
			if trace.SpanContextFromContext(ctx).IsValid() {
				t.Error("the context has a parent")
			}
			span, sc := start(ctx, t, test.sampler)
			if sc.TraceID() != rootID {
				t.Errorf("trace id = %v, want Root's %v", sc.TraceID(), rootID)
			}
			if sc.IsSampled() != test.sampled || (span != nil) != test.sampled {
				t.Errorf("sampled = %v, want %v", sc.IsSampled(), test.sampled)
			}
			if span != nil && (span.Parent().SpanID().IsValid() || span.Parent().IsRemote()) {
				t.Errorf("parent = %+v, want none", span.Parent())
			}
		})
	}
}

// A ratio must pick the traces it would pick anywhere else in the system.
func TestPropagator_RootAlone_RatioDependsOnTraceID(t *testing.T) {
	t.Parallel()
	base := sdktrace.ParentBased(sdktrace.TraceIDRatioBased(0.5))
	for _, header := range []string{
		"Root=1-67891233-00000000ffffffffffffffff",
		"Root=1-67891233-000000000000000000000001",
	} {
		h, err := xray.Parse(header)
		if err != nil {
			t.Fatal(err)
		}
		want := base.ShouldSample(sdktrace.SamplingParameters{ParentContext: context.Background(), TraceID: h.Root})
		_, sc := start(extract(xray.Propagator{}, header), t, xray.Sampler(base))
		if got := sc.IsSampled(); got != (want.Decision == sdktrace.RecordAndSample) {
			t.Errorf("%s: sampled = %v, want %v", header, got, want.Decision)
		}
	}
}

func TestPropagator_EveryForm_ParentAndDecision(t *testing.T) {
	t.Parallel()
	alb, albSelf := xray.ALBSpanID(rootID), xray.ALBSpanID(selfID)
	on, off := sdktrace.ParentBased(sdktrace.AlwaysSample()), sdktrace.ParentBased(sdktrace.NeverSample())
	for _, test := range []struct {
		name      string
		header    string
		albParent bool
		parent    trace.SpanID
		on, off   bool // sampled with a root sampler that is on, or off
	}{
		{"Root", "Root=" + root, false, trace.SpanID{}, true, false},
		{"Self and Root", "Self=" + self + ";Root=" + root, false, trace.SpanID{}, true, false},
		{"Parent, sampled", "Root=" + root + ";Parent=" + parent + ";Sampled=1", false, parentID, true, true},
		{"Parent, not sampled", "Root=" + root + ";Parent=" + parent + ";Sampled=0", false, parentID, false, false},
		{"Parent, asked", "Root=" + root + ";Parent=" + parent + ";Sampled=?", false, parentID, true, false},
		{"Parent, undecided", "Root=" + root + ";Parent=" + parent, false, parentID, true, false},
		{"sampled without Parent", "Root=" + root + ";Sampled=1", false, trace.SpanID{}, true, true},
		{"not sampled without Parent", "Root=" + root + ";Sampled=0", false, trace.SpanID{}, false, false},
		{"malformed Parent", "Root=" + root + ";Parent=x", false, trace.SpanID{}, true, false},
		{"malformed Sampled", "Root=" + root + ";Parent=" + parent + ";Sampled=x", false, parentID, true, false},

		{"ALB: Root", "Root=" + root, true, alb, true, false},
		{"ALB: Self and Root", "Self=" + self + ";Root=" + root, true, albSelf, true, false},
		{"ALB: Self, Root, sampled", "Self=" + self + ";Root=" + root + ";Sampled=1", true, albSelf, true, true},
		{"ALB: Self, Root, Parent, not sampled", "Self=" + self + ";Root=" + root + ";Parent=" + parent + ";Sampled=0", true, albSelf, false, false},
		{"ALB: Parent from behind it", "Root=" + root + ";Parent=" + parent + ";Sampled=1", true, parentID, true, true},
		{"ALB: decision of a client without Root", "Root=" + root + ";Sampled=1", true, alb, true, true},
		{"ALB: refusal of a client without Root", "Root=" + root + ";Sampled=0", true, alb, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx := extract(xray.Propagator{ALBParent: test.albParent}, test.header)
			for _, root := range []struct {
				base    sdktrace.Sampler
				sampled bool
			}{{on, test.on}, {off, test.off}} {
				span, sc := start(ctx, t, xray.Sampler(root.base))
				if sc.TraceID() != rootID {
					t.Errorf("trace id = %v, want %v", sc.TraceID(), rootID)
				}
				if sc.IsSampled() != root.sampled {
					t.Errorf("sampled with %s = %v, want %v", root.base.Description(), sc.IsSampled(), root.sampled)
				}
				if span != nil && span.Parent().SpanID() != test.parent {
					t.Errorf("parent = %v, want %v", span.Parent().SpanID(), test.parent)
				}
				if span != nil && span.Parent().IsRemote() != test.parent.IsValid() {
					t.Errorf("parent is remote = %v", span.Parent().IsRemote())
				}
			}
		})
	}
}

func TestPropagator_NothingToContinue_StartsANewTrace(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		"", "hello", "Self=" + self + "0", "Parent=" + parent + ";Sampled=1", "Root=" + self + "0",
		"Root=" + root + ";x=" + strings.Repeat("y", 8<<10),
	} {
		for _, alb := range []bool{false, true} {
			ctx := extract(xray.Propagator{ALBParent: alb}, header)
			if sc := trace.SpanContextFromContext(ctx); sc.HasTraceID() || sc.HasSpanID() {
				t.Errorf("Extract(%.40q) = %v, want nothing", header, sc)
			}
			if _, sc := start(ctx, t, xray.Sampler(sdktrace.AlwaysSample())); !sc.IsSampled() {
				t.Errorf("Extract(%.40q): the new trace is not sampled", header)
			}
		}
	}
}

func TestPropagator_Traceparent_WinsInEitherOrder(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]propagation.TextMapPropagator{
		"behind": propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, xray.Propagator{ALBParent: true}),
		"before": propagation.NewCompositeTextMapPropagator(xray.Propagator{ALBParent: true}, propagation.TraceContext{}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, header := range []string{"Root=" + root, "Root=" + root + ";Parent=" + parent + ";Sampled=0"} {
				for flags, sampled := range map[string]bool{"01": true, "00": false} {
					ctx := p.Extract(context.Background(), propagation.MapCarrier{
						"traceparent":   traceparent[:53] + flags,
						xray.HeaderName: header,
					})
					_, sc := start(ctx, t, xray.Sampler(sdktrace.ParentBased(sdktrace.AlwaysSample())))
					if got, want := sc.TraceID(), traceID("0af7651916cd43dd8448eb211c80319c"); got != want {
						t.Errorf("trace id = %v, want traceparent's %v", got, want)
					}
					if sc.IsSampled() != sampled {
						t.Errorf("sampled = %v, want traceparent's %v", sc.IsSampled(), sampled)
					}
					if raw, ok := xray.RawHeader(ctx); !ok || raw != header {
						t.Errorf("RawHeader = %q, %v, want %q", raw, ok, header)
					}
				}
			}
		})
	}
}

// A client may send the same trace id in both headers, with decisions that
// differ: that of the winning one counts.
func TestPropagator_TraceparentOfSameTrace_ItsDecisionCounts(t *testing.T) {
	t.Parallel()
	p := propagation.NewCompositeTextMapPropagator(xray.Propagator{}, propagation.TraceContext{})
	ctx := p.Extract(context.Background(), propagation.MapCarrier{
		"traceparent":   "00-" + rootID.String() + "-b7ad6b7169203331-00",
		xray.HeaderName: "Root=" + root + ";Parent=" + parent,
	})
	if _, sc := start(ctx, t, xray.Sampler(sdktrace.ParentBased(sdktrace.AlwaysSample()))); sc.IsSampled() {
		t.Error("the header's missing decision overruled traceparent's")
	}
}

func TestPropagator_NewRootAndChildren_AreNotTouched(t *testing.T) {
	t.Parallel()
	ctx := extract(xray.Propagator{}, "Root="+root+";Parent="+parent)
	tp := sdktrace.NewTracerProvider(sdktrace.WithSampler(xray.Sampler(sdktrace.ParentBased(sdktrace.AlwaysSample()))))
	tracer := tp.Tracer("")

	ctx, server := tracer.Start(ctx, "server")
	_, child := tracer.Start(ctx, "child")
	_, other := tracer.Start(ctx, "other", trace.WithNewRoot())
	if got := child.SpanContext(); got.TraceID() != rootID || !got.IsSampled() {
		t.Errorf("child = %v sampled %v, want the trace of Root, sampled", got.TraceID(), got.IsSampled())
	}
	if got := other.SpanContext(); got.TraceID() == rootID {
		t.Error("a new root has the trace id of Root")
	}
	_ = server

	rootOnly := extract(xray.Propagator{}, "Root="+root)
	if _, other := tracer.Start(rootOnly, "other", trace.WithNewRoot()); other.SpanContext().TraceID() == rootID {
		t.Error("a new root has the trace id of a Root that stood alone")
	}
}

// A client's Root that cannot be read gives way to what the load balancer made.
func TestPropagator_FaultyRoot_ContinuesSelf(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		"Self=" + self + ";Root=1-zzz;Parent=" + parent + ";Sampled=1",
		"Self=" + self + ";Root=1-00000000-000000000000000000000000;Sampled=1",
		"Self=" + self,
	} {
		ctx := extract(xray.Propagator{ALBParent: true}, header)
		for base, sampled := range map[sdktrace.Sampler]bool{sdktrace.AlwaysSample(): true, sdktrace.NeverSample(): false} {
			span, sc := start(ctx, t, xray.Sampler(sdktrace.ParentBased(base)))
			if sc.TraceID() != selfID || sc.IsSampled() != sampled {
				t.Errorf("%s: trace %v, sampled %v; want %v, %v", header, sc.TraceID(), sc.IsSampled(), selfID, sampled)
			}
			if span != nil && span.Parent().SpanID() != xray.ALBSpanID(selfID) {
				t.Errorf("%s: parent %v, want the load balancer's span", header, span.Parent().SpanID())
			}
		}
		w3c := propagation.NewCompositeTextMapPropagator(xray.Propagator{ALBParent: true}, propagation.TraceContext{})
		ctx = w3c.Extract(context.Background(), propagation.MapCarrier{xray.HeaderName: header, "traceparent": traceparent})
		got, ok := xray.ALBSpanContext(ctx, trace.SpanContextFromContext(ctx).TraceID())
		if !ok || got.TraceID() != selfID || got.SpanID() != xray.ALBSpanID(selfID) {
			t.Errorf("%s: the link is to %v-%v, %v", header, got.TraceID(), got.SpanID(), ok)
		}
	}
}

func TestRawHeader_LongHeader_IsCut(t *testing.T) {
	t.Parallel()
	ctx := extract(xray.Propagator{}, "Root="+root+";x="+strings.Repeat("y", 9<<10))
	raw, ok := xray.RawHeader(ctx)
	if !ok || len(raw) != 1024 || !strings.HasPrefix(raw, "Root="+root) {
		t.Errorf("RawHeader = %d bytes, %v", len(raw), ok)
	}
	if _, ok := xray.RawHeader(context.Background()); ok {
		t.Error("RawHeader found a header where there is none")
	}
}

func TestContextWithHeader_InsideARequest_LeavesItsRawHeader(t *testing.T) {
	t.Parallel()
	ctx := extract(xray.Propagator{}, "Root="+root)
	ctx = xray.ContextWithHeader(ctx, xray.Header{Root: selfID, Parent: parentID})
	if raw, ok := xray.RawHeader(ctx); !ok || raw != "Root="+root {
		t.Errorf("RawHeader = %q, %v", raw, ok)
	}
	span, sc := start(ctx, t, xray.Sampler(sdktrace.ParentBased(sdktrace.AlwaysSample())))
	if sc.TraceID() != selfID || span == nil || span.Parent().SpanID() != parentID {
		t.Errorf("the span is in trace %v with parent %v", sc.TraceID(), span)
	}
	before := context.Background()
	if got := xray.ContextWithHeader(before, xray.Header{Sampled: xray.Sampled}); got != before {
		t.Error("a header without a Root made another context")
	}
}

func TestPropagator_RootAlone_ThreeAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	carrier := propagation.HeaderCarrier{}
	carrier.Set(xray.HeaderName, "Root="+root)
	n := testing.AllocsPerRun(100, func() { xray.Propagator{}.Extract(context.Background(), carrier) })
	if n > 3 {
		t.Errorf("Extract allocates %v times, want 3 at most", n)
	}
}

func TestSampler_Description_NamesBase(t *testing.T) {
	t.Parallel()
	if got, want := xray.Sampler(sdktrace.AlwaysSample()).Description(), "XRay{AlwaysOnSampler}"; got != want {
		t.Errorf("Description = %q, want %q", got, want)
	}
}

// Where a traceparent wins, the load balancer's span is in another trace, that
// of Root: it is for a link.
func TestALBSpanContext(t *testing.T) {
	const w3c = "4bf92f3577b34da6a3ce929d0e0e4736"
	traceparent := "00-" + w3c + "-00f067aa0ba902b7-01"
	for name, test := range map[string]struct {
		header, traceparent string
		noALB               bool
		want                string // span id, in the trace of Root
	}{
		"RootAlone":         {header: "Root=" + root},
		"TraceparentWins":   {header: "Root=" + root, traceparent: traceparent, want: xray.ALBSpanID(rootID).String()},
		"WithSelf":          {header: "Self=" + self + ";Root=" + root, traceparent: traceparent, want: xray.ALBSpanID(selfID).String()},
		"NotThroughOne":     {header: "Root=" + root + ";Parent=" + parent + ";Sampled=1", traceparent: traceparent},
		"SameTrace":         {header: "Root=" + root, traceparent: "00-" + rootID.String() + "-00f067aa0ba902b7-01"},
		"SampledNoParent":   {header: "Root=" + root + ";Sampled=0", traceparent: traceparent, want: xray.ALBSpanID(rootID).String()},
		"NeitherIsRead":     {header: "Self=x;Root=x", traceparent: traceparent},
		"BalancerHasNone":   {header: "Root=" + root, traceparent: traceparent, noALB: true},
		"NoHeader":          {traceparent: traceparent},
		"NeitherHasAnybody": {},
	} {
		for order, p := range map[string]propagation.TextMapPropagator{
			"behind": propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, xray.Propagator{ALBParent: !test.noALB}),
			"before": propagation.NewCompositeTextMapPropagator(xray.Propagator{ALBParent: !test.noALB}, propagation.TraceContext{}),
		} {
			ctx := p.Extract(context.Background(), propagation.MapCarrier{xray.HeaderName: test.header, "traceparent": test.traceparent})
			got, ok := xray.ALBSpanContext(ctx, trace.SpanContextFromContext(ctx).TraceID())
			if ok != (test.want != "") || ok && (got.TraceID() != rootID || got.SpanID().String() != test.want || !got.IsRemote()) {
				t.Errorf("%s, %s traceparent: got %v-%v, %v; want %q", name, order, got.TraceID(), got.SpanID(), ok, test.want)
			}
		}
	}
}
