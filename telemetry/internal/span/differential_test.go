package span_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
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
func TestSpans_AnyProgram_SameAsSDK(t *testing.T) { rapid.Check(t, sameAsSDK) }

func FuzzSpans(f *testing.F) { f.Fuzz(rapid.MakeFuzz(sameAsSDK)) }

func sameAsSDK(t *rapid.T) {
	sampler, limits := anySampler.Draw(t, "sampler"), anyLimits.Draw(t, "limits")
	ended := &snapshots{}
	sdk := sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler), sdktrace.WithRawSpanLimits(limits),
		sdktrace.WithResource(res), sdktrace.WithSpanProcessor(ended))
	var kept sink
	ours := span.New(span.Config{Sampler: span.Known(sampler), Limits: limits, Sink: &kept})
	p := &program{sdk: world{provider: sdk}, ours: world{provider: ours}}
	t.Repeat(map[string]func(*rapid.T){
		"":         p.check,
		"start":    p.start,
		"change":   p.change,
		"event":    p.event,
		"link":     p.link,
		"status":   p.status,
		"end":      p.end,
		"panicked": p.panicked,
	})
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
type program struct{ sdk, ours world }

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
func (p *program) check(t *rapid.T) {
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

func (p *program) start(t *rapid.T) {
	scope, name := otlptest.AnyScope.Draw(t, "scope"), rapid.String().Draw(t, "name")
	o := span.Options{
		Kind: trace.SpanKind(rapid.IntRange(0, 6).Draw(t, "kind")), Time: anyTime.Draw(t, "time"),
		NewRoot: rapid.IntRange(0, 9).Draw(t, "new root") == 0,
	}
	attrs := anyAttributes.Draw(t, "attributes")
	if rapid.Bool().Draw(t, "has shared") {
		o.Shared = span.Share(rapid.OneOf(anyAttributes, plainAttributes).Draw(t, "shared")...)
	}
	for range rapid.IntRange(0, 3).Draw(t, "links") {
		o.Links = append(o.Links, anyLink.Draw(t, "link"))
	}
	parent := rapid.IntRange(-2, len(p.sdk.spans)-1).Draw(t, "parent")
	remote := otlptest.AnySpanContext.Draw(t, "remote")
	api := rapid.Bool().Draw(t, "by the API")
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

// pick chooses a span, which may have ended.
func (p *program) pick(t *rapid.T) int {
	if len(p.sdk.spans) == 0 {
		t.Skip("no span yet")
	}
	return rapid.IntRange(0, len(p.sdk.spans)-1).Draw(t, "span")
}

func (p *program) change(t *rapid.T) {
	i, attrs := p.pick(t), anyAttributes.Draw(t, "attributes")
	name, api := rapid.String().Draw(t, "name"), rapid.Bool().Draw(t, "by the API")
	p.both(func(w *world) {
		if api {
			w.spans[i].SetAttributes(attrs...)
			w.spans[i].SetName(name)
			return
		}
		span.SetAttributes(w.spans[i], attrs...)
	})
}

func (p *program) event(t *rapid.T) {
	i, name, at := p.pick(t), rapid.String().Draw(t, "name"), anyTime.Draw(t, "time")
	attrs, stack := anyAttributes.Draw(t, "attributes"), rapid.Bool().Draw(t, "stack")
	err := rapid.SampledFrom([]error{nil, nil, errors.New("x"), fmt.Errorf("y: %w", context.Canceled), context.DeadlineExceeded}).Draw(t, "error")
	p.both(func(w *world) {
		options := []trace.EventOption{trace.WithTimestamp(at), trace.WithAttributes(attrs...), trace.WithStackTrace(stack)}
		if err != nil {
			w.spans[i].RecordError(err, options...)
		} else {
			w.spans[i].AddEvent(name, options...)
		}
	})
}

func (p *program) link(t *rapid.T) {
	i, link := p.pick(t), anyLink.Draw(t, "link")
	api := rapid.Bool().Draw(t, "by the API")
	p.both(func(w *world) {
		if api {
			w.spans[i].AddLink(link)
		} else {
			span.AddLink(w.spans[i], link.SpanContext)
		}
	})
}

func (p *program) status(t *rapid.T) {
	i, code := p.pick(t), rapid.SampledFrom([]codes.Code{codes.Unset, codes.Error, codes.Ok}).Draw(t, "code")
	description := rapid.String().Draw(t, "description")
	p.both(func(w *world) { w.spans[i].SetStatus(code, description) })
}

func (p *program) end(t *rapid.T) {
	i, at, api := p.pick(t), anyTime.Draw(t, "time"), rapid.Bool().Draw(t, "by the API")
	p.both(func(w *world) {
		if api {
			w.spans[i].End(trace.WithTimestamp(at))
		} else {
			span.End(w.spans[i], at)
		}
	})
}

// panicked ends a span while its goroutine panics.
func (p *program) panicked(t *rapid.T) {
	i, stack := p.pick(t), rapid.Bool().Draw(t, "stack")
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
