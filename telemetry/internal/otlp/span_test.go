package otlp_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

var anySpan = rapid.Custom(func(t *rapid.T) tracetest.SpanStub {
	stub := tracetest.SpanStub{
		Name:                 rapid.String().Draw(t, "name"),
		SpanContext:          anySpanContext.Draw(t, "context"),
		SpanKind:             trace.SpanKind(rapid.IntRange(0, 6).Draw(t, "kind")),
		StartTime:            anyTime.Draw(t, "start"),
		EndTime:              anyTime.Draw(t, "end"),
		Attributes:           attributes(2, 12).Draw(t, "attributes"),
		DroppedAttributes:    rapid.IntRange(-1, 1<<33).Draw(t, "dropped attributes"),
		DroppedEvents:        rapid.IntRange(-1, 1<<33).Draw(t, "dropped events"),
		DroppedLinks:         rapid.IntRange(-1, 1<<33).Draw(t, "dropped links"),
		InstrumentationScope: anyScope.Draw(t, "scope"),
		Status: sdktrace.Status{
			Code:        rapid.SampledFrom([]codes.Code{codes.Unset, codes.Error, codes.Ok}).Draw(t, "code"),
			Description: rapid.String().Draw(t, "description"),
		},
	}
	if rapid.Bool().Draw(t, "has parent") {
		stub.Parent = anySpanContext.Draw(t, "parent")
	}
	for range rapid.IntRange(0, 3).Draw(t, "events") {
		stub.Events = append(stub.Events, sdktrace.Event{
			Name: rapid.String().Draw(t, "event"), Time: anyTime.Draw(t, "at"),
			Attributes:            attributes(0, 3).Draw(t, "attributes"),
			DroppedAttributeCount: rapid.IntRange(0, 3).Draw(t, "dropped"),
		})
	}
	for range rapid.IntRange(0, 3).Draw(t, "links") {
		stub.Links = append(stub.Links, sdktrace.Link{
			SpanContext:           anySpanContext.Draw(t, "linked"),
			Attributes:            attributes(0, 3).Draw(t, "attributes"),
			DroppedAttributeCount: rapid.IntRange(0, 3).Draw(t, "dropped"),
		})
	}
	return stub
})

func TestAppendSpans_AnySpans_SameAsStockExporter(t *testing.T) {
	var w wire
	stock, err := otlptracehttp.New(t.Context(), otlptracehttp.WithHTTPClient(w.client()), otlptracehttp.WithInsecure())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		res := anyResource.Draw(t, "resource")
		var spans []sdktrace.ReadOnlySpan
		for _, stub := range rapid.SliceOfN(anySpan, 1, 5).Draw(t, "spans") {
			stub.Resource = res
			spans = append(spans, stub.Snapshot())
		}
		if err := stock.ExportSpans(context.Background(), spans); err != nil {
			t.Fatalf("stock exporter: %v", err)
		}
		want := unmarshal(t, w.last(), &collector.ExportTraceServiceRequest{})
		got := unmarshal(t, otlp.AppendSpans(nil, spans), &collector.ExportTraceServiceRequest{})
		alignWithStock(want, got)
		assertEqual(t, got, want)
	})
}

// alignWithStock takes away the two differences that are meant: we leave out
// an empty status, and the stock exporter leaves out the trace state of links.
func alignWithStock(want, got *collector.ExportTraceServiceRequest) {
	for s := range allSpans(want) {
		if s.Status.GetCode() == 0 && s.Status.GetMessage() == "" {
			s.Status = nil
		}
	}
	for s := range allSpans(got) {
		for _, l := range s.Links {
			l.TraceState = ""
		}
	}
}

func allSpans(r *collector.ExportTraceServiceRequest) func(func(*tracepb.Span) bool) {
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

func TestAppendSpans_LinkWithTraceState_KeepsIt(t *testing.T) {
	ts, err := trace.ParseTraceState("vendor=1")
	if err != nil {
		t.Fatal(err)
	}
	span := tracetest.SpanStub{Links: []sdktrace.Link{{
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceState: ts}),
	}}}.Snapshot()
	got := unmarshal(t, otlp.AppendSpans(nil, []sdktrace.ReadOnlySpan{span}), &collector.ExportTraceServiceRequest{})
	if s := got.ResourceSpans[0].ScopeSpans[0].Spans[0].Links[0].TraceState; s != "vendor=1" {
		t.Errorf("the link's trace state is %q, want vendor=1", s)
	}
}

func TestAppendSpans_NoSpans_AppendsNothing(t *testing.T) {
	if b := otlp.AppendSpans([]byte("x"), nil); string(b) != "x" {
		t.Errorf("got %q", b)
	}
}

// FuzzAppendSpans: whatever strings a span holds, a receiver can decode the
// request, and valid strings reach it unchanged.
func FuzzAppendSpans(f *testing.F) {
	f.Add("GET /", "k", "v", uint64(1))
	f.Add("\xff", "\xc3\x28", "a\xe2\x82", uint64(1<<63))
	f.Add(strings.Repeat("long ", 100), "", strings.Repeat("\x80", 300), uint64(0))
	f.Fuzz(func(t *testing.T, name, key, value string, nanos uint64) {
		span := tracetest.SpanStub{
			Name:       name,
			StartTime:  time.Unix(0, int64(nanos)),
			Attributes: []attribute.KeyValue{attribute.String(key, value), attribute.StringSlice(value, []string{key, name})},
			Events:     []sdktrace.Event{{Name: value}},
			Status:     sdktrace.Status{Code: codes.Error, Description: value},
		}.Snapshot()
		request := otlp.AppendSpans(nil, []sdktrace.ReadOnlySpan{span, span})
		spans := slices.Collect(allSpans(unmarshal(t, request, &collector.ExportTraceServiceRequest{})))
		if len(spans) != 2 {
			t.Fatalf("%d spans arrived, want 2", len(spans))
		}
		if want := strings.ToValidUTF8(name, "\uFFFD"); spans[1].Name != want {
			t.Errorf("the name arrived as %q, want %q", spans[1].Name, want)
		}
		if want := strings.ToValidUTF8(value, "\uFFFD"); spans[1].Attributes[0].Value.GetStringValue() != want {
			t.Errorf("the value arrived as %q, want %q", spans[1].Attributes[0].Value.GetStringValue(), want)
		}
	})
}

func BenchmarkAppendSpans(b *testing.B) {
	spans := exampleSpans(512)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = otlp.AppendSpans(buf[:0], spans)
	}
	b.SetBytes(int64(len(buf)))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512, "ns/span")
}

// exampleSpans are server spans as the HTTP middleware makes them, every
// other one with a child from another scope.
func exampleSpans(n int) []sdktrace.ReadOnlySpan {
	scopes := []instrumentation.Scope{{Name: "github.com/tracehaul/tracehaul/telemetry/httpserver", Version: "0.1.0"}, {Name: "github.com/tracehaul/tracehaul/telemetry/awssdk"}}
	spans := make([]sdktrace.ReadOnlySpan, n)
	for i := range spans {
		spans[i] = tracetest.SpanStub{
			Name:        "POST /v1/events",
			SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1, byte(i)}, SpanID: trace.SpanID{2, byte(i)}, TraceFlags: trace.FlagsSampled}),
			Parent:      trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1, byte(i)}, SpanID: trace.SpanID{3, byte(i)}, Remote: true}),
			SpanKind:    trace.SpanKindServer,
			StartTime:   time.Unix(1790000000, 1), EndTime: time.Unix(1790000000, 9999999),
			Attributes: []attribute.KeyValue{
				attribute.String("http.request.method", "POST"), attribute.String("http.route", "/v1/events"),
				attribute.String("url.scheme", "http"), attribute.String("url.path", "/v1/events"),
				attribute.String("server.address", "service.internal"), attribute.Int("server.port", 8080),
				attribute.Int("http.response.status_code", 202), attribute.String("network.protocol.version", "1.1"),
				attribute.String("user_agent.original", "Go-http-client/1.1"), attribute.String("client.address", "10.0.0.1"),
			},
			InstrumentationScope: scopes[i%2],
		}.Snapshot()
	}
	return spans
}

// BenchmarkStockExporter does the same through the stock exporter, with an
// HTTP transport that only reads: what BenchmarkAppendSpans compares with.
func BenchmarkStockExporter(b *testing.B) {
	var w wire
	stock, err := otlptracehttp.New(b.Context(), otlptracehttp.WithHTTPClient(w.client()), otlptracehttp.WithInsecure())
	if err != nil {
		b.Fatal(err)
	}
	spans := exampleSpans(512)
	b.ReportAllocs()
	for b.Loop() {
		if err := stock.ExportSpans(b.Context(), spans); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(w.last())))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512, "ns/span")
}
