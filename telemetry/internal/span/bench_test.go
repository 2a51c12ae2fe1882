package span_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

// nowhere is a sink that takes spans and forgets them.
type nowhere struct{}

func (nowhere) Add(otlp.Span)                  {}
func (nowhere) AddAll([]otlp.Span)             {}
func (nowhere) Flush(context.Context) error    { return nil }
func (nowhere) Shutdown(context.Context) error { return nil }

// discard makes the SDK do all its work, for nothing.
type discard struct{}

func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (discard) Shutdown(context.Context) error                  { return nil }
func (discard) ForceFlush(context.Context) error                { return nil }

func providers(sampler sdktrace.Sampler) map[string]trace.TracerProvider {
	return map[string]trace.TracerProvider{
		"Ours": span.New(span.Config{Sampler: span.Known(sampler), Limits: sdktrace.NewSpanLimits(), Sink: nowhere{}}),
		"SDK":  sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler), sdktrace.WithSpanProcessor(discard{})),
	}
}

// work makes a child span as instrumentation does that knows only the API.
func work(ctx context.Context, tracer trace.Tracer, start []trace.SpanStartOption) {
	_, s := tracer.Start(ctx, "POST /v1/events", start...)
	s.SetAttributes(attribute.Int("http.response.status_code", 202), attribute.String("server.address", "service.internal"))
	s.End()
}

// shortcut makes the same through the functions of package span.
func shortcut(ctx context.Context, tracer trace.Tracer, shared *span.Shared) {
	_, s := span.Start(ctx, tracer, "POST /v1/events", span.Options{Kind: trace.SpanKindServer, Shared: shared},
		attribute.String("url.path", "/v1/events"), attribute.String("user_agent.original", "Go-http-client/1.1"))
	span.SetAttributes(s, attribute.Int("http.response.status_code", 202), attribute.String("server.address", "service.internal"))
	s.End()
}

var (
	fixed = []attribute.KeyValue{attribute.String("http.request.method", "POST"), attribute.String("http.route", "/v1/events")}
	start = []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(append(fixed, attribute.String("url.path", "/v1/events"), attribute.String("user_agent.original", "Go-http-client/1.1"))...),
	}
)

// BenchmarkSpan makes a span of six attributes, by our implementation and by
// the SDK's, through the API and, for ours, through the functions of this
// package. Nothing is delivered; ours is encoded nevertheless.
func BenchmarkSpan(b *testing.B) {
	for name, sampler := range map[string]sdktrace.Sampler{
		"Sampled": sdktrace.ParentBased(sdktrace.AlwaysSample()), "Unsampled": sdktrace.ParentBased(sdktrace.NeverSample()),
	} {
		for of, provider := range providers(sampler) {
			tracer := provider.Tracer("bench")
			ctx, parent := tracer.Start(b.Context(), "parent")
			b.Run(name+"/"+of, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					work(ctx, tracer, start)
				}
			})
			if of == "Ours" {
				b.Run(name+"/Shortcut", func(b *testing.B) {
					shared := span.Share(fixed...)
					b.ReportAllocs()
					for b.Loop() {
						shortcut(ctx, tracer, shared)
					}
				})
			}
			parent.End()
		}
	}
}

// manyAtOnce makes the spans of a batch of n messages, in each of the ways that
// there are.
func manyAtOnce(n int) map[string]func() {
	tracer := providers(sdktrace.ParentBased(sdktrace.AlwaysSample()))["Ours"].Tracer("bench")
	parents, shared := parentsOf(n, n), span.Share(fixed...)
	id, count := attribute.String("messaging.message.id", "00000000-0000-4000-8000-000000000000"), attribute.Int("count", 1)
	_, beside := tracer.Start(parents[0], "beside")
	return map[string]func(){
		"Group": func() {
			g, spans := span.NewGroup(tracer, "process", span.Options{Shared: shared}, n), make([]trace.Span, n)
			for i, parent := range parents {
				_, spans[i] = g.Start(parent, i, began)
			}
			for _, s := range spans {
				g.Complete(s, beside.SpanContext(), id, count)
			}
			for _, s := range spans {
				span.End(s, ended)
			}
			g.Flush()
		},
		"Siblings": func() {
			all := span.NewSiblings(tracer, "wait", span.Options{Shared: shared}, n)
			for _, parent := range parents {
				all.Add(parent, beside, began, ended, id, count)
			}
			all.Flush()
		},
		"Children": func() {
			span.StartChildren(parents, tracer, "INSERT", span.Options{Time: began, Shared: shared}).End(ended, nil)
		},
	}
}

// BenchmarkMany makes the spans of a batch of a thousand messages, by the span.
func BenchmarkMany(b *testing.B) {
	const n = 1000
	for name, batch := range manyAtOnce(n) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				batch()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/span")
		})
	}
}
