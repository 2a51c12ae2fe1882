package span_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

// setup returns a tracer that samples everything, and where its spans go.
func setup(t *testing.T, change ...func(*span.Config)) (*span.Provider, trace.Tracer, *sink) {
	t.Helper()
	var s sink
	c := span.Config{Sampler: sdktrace.ParentBased(sdktrace.AlwaysSample()), Limits: sdktrace.NewSpanLimits(), Sink: &s}
	for _, f := range change {
		f(&c)
	}
	p := span.New(c)
	return p, p.Tracer("test"), &s
}

func (s *sink) read(t *testing.T) []otlp.SpanFields {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []otlp.SpanFields
	for _, encoded := range s.spans {
		f, err := encoded.Read()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

func TestSpan_ManyGoroutines_NothingLostOrMixed(t *testing.T) {
	_, tracer, kept := setup(t)
	ctx, shared := tracer.Start(t.Context(), "shared")
	const goroutines, each = 8, 50
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range each {
				_, own := tracer.Start(ctx, fmt.Sprintf("own %d.%d", g, i), trace.WithAttributes(attribute.Int("g", g), attribute.Int("i", i)))
				shared.SetAttributes(attribute.Int(fmt.Sprintf("k%d", g), i))
				shared.AddEvent("tick", trace.WithAttributes(attribute.Int("g", g)))
				shared.AddLink(trace.Link{SpanContext: own.SpanContext()})
				shared.SetStatus(codes.Error, "busy")
				shared.SetName("shared")
				shared.RecordError(errors.New("x"))
				_ = shared.IsRecording()
				own.End()
				if g == 0 && i == each-1 {
					shared.End()
				}
			}
		})
	}
	wg.Wait()
	spans := kept.read(t)
	if len(spans) != goroutines*each+1 {
		t.Fatalf("%d spans ended, want %d", len(spans), goroutines*each+1)
	}
	for _, s := range spans {
		if s.Name == "shared" {
			if n := len(s.Attributes); n < 1 || n > goroutines {
				t.Errorf("the shared span has %d attributes: %v", n, s.Attributes)
			}
			continue
		}
		if want := fmt.Sprintf("own %d.%d", s.Attributes[0].Value.AsInt64(), s.Attributes[1].Value.AsInt64()); s.Name != want || s.ParentID != shared.SpanContext().SpanID() {
			t.Errorf("span %q has the attributes of %q and the parent %v", s.Name, want, s.ParentID)
		}
	}
}

func TestSpan_Ended_EverythingIsIgnored(t *testing.T) {
	_, tracer, kept := setup(t)
	_, first := tracer.Start(t.Context(), "first", trace.WithAttributes(attribute.String("of", "first")))
	first.End()
	_, second := tracer.Start(t.Context(), "second") // may have the first one's buffer
	first.SetAttributes(attribute.String("late", "x"))
	first.AddEvent("late")
	first.AddLink(trace.Link{SpanContext: second.SpanContext()})
	first.SetStatus(codes.Error, "late")
	first.SetName("late")
	first.RecordError(errors.New("late"))
	first.End()
	span.End(first, time.Now())
	second.End()
	spans := kept.read(t)
	if len(spans) != 2 || first.IsRecording() || !first.SpanContext().IsValid() {
		t.Fatalf("%d spans, the first is recording: %t", len(spans), first.IsRecording())
	}
	if s := spans[1]; len(s.Attributes)+len(s.Events)+len(s.Links) > 0 || s.Code != codes.Unset || s.Name != "second" {
		t.Errorf("the second span got %+v", s)
	}
}

func TestSpan_Allocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates, and takes from pools at random")
	}
	shared := span.Share(fixed...)
	at := time.Now()
	for name, tc := range map[string]struct {
		sampler sdktrace.Sampler
		f       func(ctx context.Context, tracer trace.Tracer)
		most    float64
	}{
		// The span; what more there is is the API's.
		"Sampled":           {sdktrace.AlwaysSample(), func(ctx context.Context, tracer trace.Tracer) { shortcut(ctx, tracer, shared) }, 1},
		"Sampled_API":       {sdktrace.AlwaysSample(), func(ctx context.Context, tracer trace.Tracer) { work(ctx, tracer, start) }, 3},
		"Sampled_API_Plain": {sdktrace.AlwaysSample(), func(ctx context.Context, tracer trace.Tracer) { _, s := tracer.Start(ctx, "x"); s.End() }, 1},
		"Unsampled":         {sdktrace.NeverSample(), func(ctx context.Context, tracer trace.Tracer) { shortcut(ctx, tracer, shared) }, 1},
		"Unsampled_Root":    {sdktrace.NeverSample(), func(_ context.Context, tracer trace.Tracer) { shortcut(context.Background(), tracer, shared) }, 1},
		"Sampled_EndedAt":   {sdktrace.AlwaysSample(), func(ctx context.Context, tracer trace.Tracer) { _, s := tracer.Start(ctx, "x"); span.End(s, at) }, 1},
		"Sampled_WithEvents": {sdktrace.AlwaysSample(), func(ctx context.Context, tracer trace.Tracer) {
			_, s := tracer.Start(ctx, "x")
			s.AddEvent("event")
			span.AddLink(s, s.SpanContext())
			s.End()
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := span.New(span.Config{Sampler: span.Known(sdktrace.ParentBased(tc.sampler)), Limits: sdktrace.NewSpanLimits(), Sink: nowhere{}})
			tracer := p.Tracer("test")
			ctx, parent := tracer.Start(t.Context(), "parent")
			defer parent.End()
			if n := testing.AllocsPerRun(1000, func() { tc.f(ctx, tracer) }); n > tc.most {
				t.Errorf("%v allocations, want %v", n, tc.most)
			}
		})
	}
}

// A sampler of OpenTelemetry's needs no copy of the attributes; if it were not
// recognised after an update of the SDK, spans would cost more than they need.
func TestKnown_SamplersOfTheSpecification_AreRecognised(t *testing.T) {
	for _, s := range []sdktrace.Sampler{
		sdktrace.AlwaysSample(), sdktrace.NeverSample(), sdktrace.ParentBased(sdktrace.AlwaysSample()), sdktrace.ParentBased(sdktrace.NeverSample()),
	} {
		known, ok := span.Known(s).(span.Plain)
		if inherited := strings.HasPrefix(s.Description(), "ParentBased"); !ok || known.Inherited != inherited {
			t.Errorf("%s is %#v", s.Description(), span.Known(s))
		}
	}
	// Not one that decides otherwise below local parents.
	if s := sdktrace.ParentBased(sdktrace.AlwaysSample(), sdktrace.WithLocalParentSampled(sdktrace.NeverSample())); span.Known(s) != s {
		t.Errorf("%s is %#v", s.Description(), span.Known(s))
	}
}

func TestContext_DerivedFromASpan_WorksAsAnyOther(t *testing.T) {
	type key struct{}
	_, tracer, _ := setup(t)
	base, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "value"), time.Hour)
	ctx, s := tracer.Start(base, "x")
	defer s.End()
	derived, cancelDerived := context.WithCancel(ctx)
	defer cancelDerived()
	if derived.Value(key{}) != "value" || trace.SpanFromContext(derived) != s {
		t.Errorf("value %v, span %v", derived.Value(key{}), trace.SpanFromContext(derived))
	}
	if got, _ := ctx.Deadline(); got.IsZero() {
		t.Error("the deadline is gone")
	}
	cancel()
	<-derived.Done()
	if !errors.Is(derived.Err(), context.Canceled) {
		t.Errorf("the derived context's error is %v", derived.Err())
	}
	if ctx, s := tracer.Start(nil, "x"); ctx == nil || trace.SpanFromContext(ctx) != s { //nolint:staticcheck // it must not panic
		t.Error("no context for a span without one")
	}
	detached := trace.ContextWithSpan(derived, noop.Span{})
	if _, ok := trace.SpanFromContext(detached).(noop.Span); !ok {
		t.Error("a span put over another is not found")
	}
}

// Which is why an ended span cannot let go of the context beneath.
func TestContext_OfAnEndedSpan_WorksAsBefore(t *testing.T) {
	type key struct{}
	_, tracer, _ := setup(t)
	base, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	ctx, s := tracer.Start(base, "x")
	s.End()
	if got := ctx.Value(key{}); got != "value" {
		t.Errorf("the value beneath is %v", got)
	}
	if _, child := tracer.Start(ctx, "child"); child.SpanContext().TraceID() != s.SpanContext().TraceID() {
		t.Error("a child that starts later is in another trace")
	}
	cancel()
	if ctx.Err() == nil {
		t.Error("it does not end with the one beneath")
	}
}

func TestProvider_NoSink_ContextsOnly(t *testing.T) {
	p, tracer, _ := setup(t, func(c *span.Config) { c.Sink = nil })
	_, s := tracer.Start(t.Context(), "x")
	if s.IsRecording() || !s.SpanContext().IsSampled() || s.TracerProvider() != p {
		t.Errorf("recording %t, context %v", s.IsRecording(), s.SpanContext())
	}
	s.End()
	if err := errors.Join(p.ForceFlush(t.Context()), p.Shutdown(t.Context())); err != nil {
		t.Error(err)
	}
	if _, late := p.Tracer("late").Start(t.Context(), "x"); late.SpanContext().IsValid() {
		t.Error("a tracer after the shutdown starts spans")
	}
}

// numbers is a generator of ids that counts.
type numbers struct{ n *byte }

func (g numbers) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	*g.n++
	return trace.SpanID{*g.n, byte(len(trace.SpanContextFromContext(ctx).TraceState().String()))}
}

func (g numbers) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if trace.SpanContextFromContext(ctx).IsValid() {
		panic("there is a parent")
	}
	return trace.TraceID{99}, g.NewSpanID(ctx, trace.TraceID{})
}

func TestProvider_IDs_ComeFromTheGenerator(t *testing.T) {
	var n byte
	_, tracer, _ := setup(t, func(c *span.Config) { c.IDs = numbers{&n} })
	ctx, root := tracer.Start(t.Context(), "root")
	_, child := tracer.Start(ctx, "child")
	_, another := tracer.Start(ctx, "root", trace.WithNewRoot())
	var got []string
	for _, s := range []trace.Span{root, child, another} {
		got = append(got, s.SpanContext().TraceID().String()[:2]+" "+s.SpanContext().SpanID().String()[:2])
		s.End()
	}
	if want := []string{"63 01", "63 02", "63 03"}; !slices.Equal(got, want) {
		t.Errorf("ids %v, want %v", got, want)
	}
}

func TestProvider_RandomIDs_Differ(t *testing.T) {
	_, tracer, _ := setup(t)
	traces, spans := map[trace.TraceID]bool{}, map[trace.SpanID]bool{}
	for range 1000 {
		_, s := tracer.Start(t.Context(), "x")
		traces[s.SpanContext().TraceID()], spans[s.SpanContext().SpanID()] = true, true
		s.End()
	}
	if len(traces) != 1000 || len(spans) != 1000 {
		t.Errorf("%d traces and %d spans of 1000 differ", len(traces), len(spans))
	}
}

func TestUnrecorded_IDsOfTheGenerator_TraceAndStateOfTheParent(t *testing.T) {
	var n byte
	_, own, _ := setup(t, func(c *span.Config) { c.IDs = numbers{&n} })
	state, err := trace.ParseTraceState("a=b")
	if err != nil {
		t.Fatal(err)
	}
	parent := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{7}, SpanID: trace.SpanID{8}, TraceFlags: trace.FlagsSampled, TraceState: state, Remote: true,
	})
	for name, tracer := range map[string]trace.Tracer{"own": own, "SDK": sdktrace.NewTracerProvider().Tracer("test"), "noop": noop.Tracer{}} {
		t.Run(name, func(t *testing.T) {
			n = 0
			ctx, root := span.Unrecorded(t.Context(), tracer)
			_, child := span.Unrecorded(trace.ContextWithSpanContext(t.Context(), parent), tracer)
			if root.IsRecording() || root.SpanContext().IsSampled() || !root.SpanContext().IsValid() || root.SpanContext().IsRemote() || trace.SpanFromContext(ctx) != root {
				t.Errorf("the root is %v, recording %t", root.SpanContext(), root.IsRecording())
			}
			sc := child.SpanContext()
			if sc.TraceID() != parent.TraceID() || sc.TraceState().String() != "a=b" || sc.IsSampled() || sc.SpanID() == parent.SpanID() || !sc.IsValid() {
				t.Errorf("below %v it is %v", parent, sc)
			}
			if name == "own" && (root.SpanContext().TraceID() != trace.TraceID{99} || root.SpanContext().SpanID()[0] != 1 || sc.SpanID()[0] != 2) {
				t.Errorf("ids are %v and %v, want the generator's", root.SpanContext(), sc)
			}
		})
	}
}
