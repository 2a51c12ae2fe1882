package span_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/internal/otlptest"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

// TestSpans_AnyProgram_SameAsSDK is what keeps this package honest: the same
// calls, made to it and to the SDK with the stock exporter, give the same
// OTLP, but for ids and the current time.
func TestSpans_AnyProgram_SameAsSDK(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { sameAsSDK(t, random{t}, rapid.IntRange(1, 40).Draw(t, "calls")) })
}

// FuzzSpans lets the fuzzer write the program.
func FuzzSpans(f *testing.F) {
	for seed := range byte(4) {
		b := make([]byte, 1<<10)
		_, _ = rand.NewChaCha8([32]byte{seed}).Read(b) // never fails
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		w := &written{program}
		sameAsSDK(t, w, 1+w.below(60))
	})
}

type fataler interface {
	otlptest.TB
	Fatal(args ...any)
}

func sameAsSDK(t fataler, s source, calls int) {
	sampler, limits := anySampler(s), anyLimits(s)
	ended := &snapshots{}
	sdk := sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler), sdktrace.WithRawSpanLimits(limits),
		sdktrace.WithResource(res), sdktrace.WithSpanProcessor(ended))
	var kept sink
	ours := span.New(span.Config{Sampler: span.Known(sampler), Limits: limits, Sink: &kept})
	p := &program{source: s, sdk: world{provider: sdk}, ours: world{provider: ours}}
	p.start(t)
	for range calls {
		choose(s, p.start, p.start, p.change, p.change, p.event, p.link, p.status, p.end, p.panicked)(t)
		p.check(t)
	}
	var want, got collector.ExportTraceServiceRequest
	if len(ended.spans) > 0 {
		var wire otlptest.Wire
		stock, err := otlptracehttp.New(context.Background(), otlptracehttp.WithHTTPClient(wire.Client()), otlptracehttp.WithInsecure())
		if err != nil {
			t.Fatal(err)
		}
		if err := stock.ExportSpans(context.Background(), ended.spans); err != nil {
			t.Fatalf("stock exporter: %v", err)
		}
		otlptest.Unmarshal(t, wire.Last(), &want)
	}
	otlptest.Unmarshal(t, otlp.NewResource(res).AppendSpans(nil, kept.spans), &got)
	p.sdk.normalise(&want)
	p.ours.normalise(&got)
	for s := range spansOf(&want) {
		// The SDK forgets how many it dropped if it kept none.
		forgot(&s.DroppedEventsCount, limits.EventCountLimit)
		forgot(&s.DroppedLinksCount, limits.LinkCountLimit)
	}
	for s := range spansOf(&got) {
		forgot(&s.DroppedEventsCount, limits.EventCountLimit)
		forgot(&s.DroppedLinksCount, limits.LinkCountLimit)
	}
	otlptest.AssertEqual(t, &got, &want)
}

func forgot(count *uint32, limit int) {
	if limit == 0 {
		*count = 0
	}
}

var res = resource.NewSchemaless(attribute.String("service.name", "test"))

// program makes the same calls in two worlds.
type program struct {
	source

	sdk, ours world
}

// world is one implementation of tracing with what was made of it.
type world struct {
	provider trace.TracerProvider
	spans    []trace.Span
	contexts []context.Context
}

func (p *program) both(f func(w *world)) {
	f(&p.sdk)
	f(&p.ours)
}

// check compares what spans say of themselves.
func (p *program) check(t fataler) {
	for i, want := range p.sdk.spans {
		got := p.ours.spans[i]
		if got.IsRecording() != want.IsRecording() {
			t.Fatalf("span %d is recording: %t, want %t", i, got.IsRecording(), want.IsRecording())
		}
		g, w := got.SpanContext(), want.SpanContext()
		if g.TraceFlags() != w.TraceFlags() || g.TraceState().String() != w.TraceState().String() || g.IsRemote() != w.IsRemote() || !g.IsValid() {
			t.Fatalf("span %d has the context %v, want %v", i, g, w)
		}
		if trace.SpanFromContext(p.ours.contexts[i]) != got {
			t.Fatalf("the context of span %d holds another", i)
		}
	}
}

func (p *program) start(fataler) {
	scope, name := p.scope(), p.text()
	o := span.Options{Kind: trace.SpanKind(p.below(7)), Time: anyTime(p), NewRoot: p.below(10) == 9, Links: several(p, 3, anyLink)}
	if p.below(2) == 0 {
		o.Shared = span.Share(choose(p, anyAttributes, plainAttributes)(p)...)
	}
	attrs, api := anyAttributes(p), p.below(2) == 0
	parent, remote := p.below(len(p.sdk.spans)+2)-2, anySpanContext(p)
	p.both(func(w *world) {
		ctx := context.Background()
		switch {
		case parent >= 0:
			ctx = w.contexts[parent]
		case parent == -2:
			ctx = trace.ContextWithSpanContext(ctx, remote)
		}
		tracer := w.provider.Tracer(scope.Name, trace.WithInstrumentationVersion(scope.Version), trace.WithSchemaURL(scope.SchemaURL),
			trace.WithInstrumentationAttributeSet(scope.Attributes))
		var s trace.Span
		if api {
			options := []trace.SpanStartOption{trace.WithSpanKind(o.Kind), trace.WithTimestamp(o.Time), trace.WithAttributes(attrs...), trace.WithLinks(o.Links...)}
			if o.NewRoot {
				options = append(options, trace.WithNewRoot())
			}
			ctx, s = tracer.Start(ctx, name, options...)
		} else {
			ctx, s = span.Start(ctx, tracer, name, o, attrs...)
		}
		w.spans, w.contexts = append(w.spans, s), append(w.contexts, ctx)
	})
}

// scope is one of a few that differ in one respect each.
func (p *program) scope() instrumentation.Scope {
	return choose(p, instrumentation.Scope{Name: "a"}, instrumentation.Scope{Name: "a", Version: "1"}, instrumentation.Scope{Name: "a", SchemaURL: "https://a"},
		instrumentation.Scope{Name: "a", Attributes: attribute.NewSet(attribute.String("k", "v"))}, instrumentation.Scope{Name: "b"})
}

// pick chooses a span, which may have ended.
func (p *program) pick() int { return p.below(len(p.sdk.spans)) }

func (p *program) change(fataler) {
	i, attrs, name, api := p.pick(), anyAttributes(p), p.text(), p.below(2) == 0
	p.both(func(w *world) {
		if api {
			w.spans[i].SetAttributes(attrs...)
			w.spans[i].SetName(name)
			return
		}
		span.SetAttributes(w.spans[i], attrs...)
	})
}

func (p *program) event(fataler) {
	i, name, at, attrs, stack := p.pick(), p.text(), anyTime(p), anyAttributes(p), p.below(2) == 0
	err := choose[error](p, nil, nil, errors.New("x"), fmt.Errorf("y: %w", context.Canceled), context.DeadlineExceeded)
	p.both(func(w *world) {
		options := []trace.EventOption{trace.WithTimestamp(at), trace.WithAttributes(attrs...), trace.WithStackTrace(stack)}
		if err != nil {
			w.spans[i].RecordError(err, options...)
		} else {
			w.spans[i].AddEvent(name, options...)
		}
	})
}

func (p *program) link(fataler) {
	i, link, api := p.pick(), anyLink(p), p.below(2) == 0
	p.both(func(w *world) {
		if api {
			w.spans[i].AddLink(link)
		} else {
			span.AddLink(w.spans[i], link.SpanContext)
		}
	})
}

func (p *program) status(fataler) {
	i, code, description := p.pick(), choose(p, codes.Unset, codes.Error, codes.Ok), p.text()
	p.both(func(w *world) { w.spans[i].SetStatus(code, description) })
}

func (p *program) end(fataler) {
	i, at, api := p.pick(), anyTime(p), p.below(2) == 0
	p.both(func(w *world) {
		if api {
			w.spans[i].End(trace.WithTimestamp(at))
		} else {
			span.End(w.spans[i], at)
		}
	})
}

// panicked ends a span while its goroutine panics.
func (p *program) panicked(t fataler) {
	i, stack := p.pick(), p.below(2) == 0
	p.both(func(w *world) {
		defer func() {
			if r := recover(); r != "out" {
				t.Fatalf("recovered %v", r)
			}
		}()
		defer w.spans[i].End(trace.WithStackTrace(stack))
		panic("out")
	})
}

// snapshots keeps the SDK's spans that are sampled.
type snapshots struct{ spans []sdktrace.ReadOnlySpan }

func (*snapshots) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (*snapshots) Shutdown(context.Context) error                  { return nil }
func (*snapshots) ForceFlush(context.Context) error                { return nil }

func (s *snapshots) OnEnd(span sdktrace.ReadOnlySpan) {
	if span.SpanContext().IsSampled() {
		s.spans = append(s.spans, span)
	}
}

// normalise replaces ids by the number of the span that had them, and leaves
// out the current time, stack traces and what is meant to differ.
func (w *world) normalise(r *collector.ExportTraceServiceRequest) {
	ids := map[string]string{}
	for i, s := range w.spans {
		sc := s.SpanContext()
		traceID, spanID := sc.TraceID(), sc.SpanID()
		if _, ok := ids[string(traceID[:])]; !ok {
			ids[string(traceID[:])] = fmt.Sprint("trace ", i)
		}
		ids[string(spanID[:])] = fmt.Sprint("span ", i)
	}
	for s := range spansOf(r) {
		for _, id := range []*[]byte{&s.TraceId, &s.SpanId, &s.ParentSpanId} {
			if number, ok := ids[string(*id)]; ok {
				*id = []byte(number)
			}
		}
		if s.Status.GetCode() == 0 && s.Status.GetMessage() == "" {
			s.Status = nil
		}
		for _, at := range []*uint64{&s.StartTimeUnixNano, &s.EndTimeUnixNano} {
			*at = given(*at)
		}
		for _, e := range s.Events {
			e.TimeUnixNano = given(e.TimeUnixNano)
			for _, kv := range e.Attributes {
				if kv.Key == "exception.stacktrace" && strings.Contains(kv.Value.GetStringValue(), "goroutine ") {
					kv.Value = &commonpb.AnyValue{}
				}
			}
		}
		for _, l := range s.Links {
			l.TraceState = "" // the stock exporter leaves it out
		}
	}
}

// given is a time that the program gave, or 1 for the current one.
func given(nanos uint64) uint64 {
	if nanos > uint64(recently.UnixNano()) {
		return 1
	}
	return nanos
}

var recently = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func spansOf(r *collector.ExportTraceServiceRequest) func(func(*tracepb.Span) bool) {
	return func(yield func(*tracepb.Span) bool) {
		for _, rs := range r.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				for _, s := range ss.Spans {
					if !yield(s) {
						return
					}
				}
			}
		}
	}
}
