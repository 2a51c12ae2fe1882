package otlp_test

import (
	"context"
	"slices"
	"strings"
	"sync"
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
	"github.com/tracehaul/tracehaul/telemetry/internal/otlptest"
)

var anySpan = rapid.Custom(func(t *rapid.T) tracetest.SpanStub {
	stub := tracetest.SpanStub{
		Name:                 rapid.String().Draw(t, "name"),
		SpanContext:          otlptest.AnySpanContext.Draw(t, "context"),
		SpanKind:             trace.SpanKind(rapid.IntRange(0, 6).Draw(t, "kind")),
		StartTime:            otlptest.AnyTime.Draw(t, "start"),
		EndTime:              otlptest.AnyTime.Draw(t, "end"),
		Attributes:           otlptest.Attributes(2, 12).Draw(t, "attributes"),
		DroppedAttributes:    rapid.IntRange(-1, 1<<33).Draw(t, "dropped attributes"),
		DroppedEvents:        rapid.IntRange(-1, 1<<33).Draw(t, "dropped events"),
		DroppedLinks:         rapid.IntRange(-1, 1<<33).Draw(t, "dropped links"),
		InstrumentationScope: otlptest.AnyScope.Draw(t, "scope"),
		Status: sdktrace.Status{
			Code:        rapid.SampledFrom([]codes.Code{codes.Unset, codes.Error, codes.Ok}).Draw(t, "code"),
			Description: rapid.String().Draw(t, "description"),
		},
	}
	if rapid.Bool().Draw(t, "has parent") {
		stub.Parent = otlptest.AnySpanContext.Draw(t, "parent")
	}
	for range rapid.IntRange(0, 3).Draw(t, "events") {
		stub.Events = append(stub.Events, sdktrace.Event{
			Name: rapid.String().Draw(t, "event"), Time: otlptest.AnyTime.Draw(t, "at"),
			Attributes:            otlptest.Attributes(0, 3).Draw(t, "attributes"),
			DroppedAttributeCount: rapid.IntRange(0, 3).Draw(t, "dropped"),
		})
	}
	for range rapid.IntRange(0, 3).Draw(t, "links") {
		stub.Links = append(stub.Links, sdktrace.Link{
			SpanContext:           otlptest.AnySpanContext.Draw(t, "linked"),
			Attributes:            otlptest.Attributes(0, 3).Draw(t, "attributes"),
			DroppedAttributeCount: rapid.IntRange(0, 3).Draw(t, "dropped"),
		})
	}
	return stub
})

// encode puts a span together from its parts, as package span does.
func encode(stub *tracetest.SpanStub) otlp.Span {
	b := make([]byte, otlp.HeaderSize)
	for i := range stub.Attributes {
		b = otlp.AppendSpanAttribute(b, &stub.Attributes[i])
	}
	for _, e := range stub.Events {
		b = otlp.AppendEvent(b, e.Name, e.Time, e.Attributes, e.DroppedAttributeCount)
	}
	for _, l := range stub.Links {
		b = otlp.AppendLink(b, l.SpanContext, l.Attributes, l.DroppedAttributeCount)
	}
	b = otlp.AppendTrailer(b, &otlp.Trailer{
		Name: stub.Name, TraceState: stub.SpanContext.TraceState(), Flags: stub.SpanContext.TraceFlags(), ParentRemote: stub.Parent.IsRemote(),
		DroppedAttributes: stub.DroppedAttributes, DroppedEvents: stub.DroppedEvents, DroppedLinks: stub.DroppedLinks,
		Code: stub.Status.Code, Description: stub.Status.Description,
	})
	data := otlp.PutHeader(b, &otlp.Header{
		TraceID: stub.SpanContext.TraceID(), SpanID: stub.SpanContext.SpanID(), ParentID: stub.Parent.SpanID(),
		Kind: stub.SpanKind, Start: stub.StartTime, End: stub.EndTime,
	})
	return otlp.Span{Scope: scopeOf(stub.InstrumentationScope), Data: data}
}

var scopes sync.Map

// scopeOf is the same for the same scope, as it has to be.
func scopeOf(s instrumentation.Scope) *otlp.Scope {
	scope, _ := scopes.LoadOrStore(s, otlp.NewScope(s.Name, s.Version, s.SchemaURL, s.Attributes.ToSlice()))
	return scope.(*otlp.Scope) //nolint:forcetypeassert // nothing else is there
}

func appendSpans(b []byte, stubs []tracetest.SpanStub) []byte {
	var spans []otlp.Span
	for i := range stubs {
		spans = append(spans, encode(&stubs[i]))
	}
	if len(spans) == 0 {
		return otlp.NewResource(nil).AppendSpans(b, nil)
	}
	return otlp.NewResource(stubs[0].Resource).AppendSpans(b, spans)
}

func TestAppendSpans_AnySpans_SameAsStockExporter(t *testing.T) {
	var w otlptest.Wire
	stock, err := otlptracehttp.New(t.Context(), otlptracehttp.WithHTTPClient(w.Client()), otlptracehttp.WithInsecure())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		res := otlptest.AnyResource.Draw(t, "resource")
		var spans []sdktrace.ReadOnlySpan
		stubs := rapid.SliceOfN(anySpan, 1, 12).Draw(t, "spans")
		for i := range stubs {
			stubs[i].Resource = res
			spans = append(spans, stubs[i].Snapshot())
		}
		if err := stock.ExportSpans(context.Background(), spans); err != nil {
			t.Fatalf("stock exporter: %v", err)
		}
		want := otlptest.Unmarshal(t, w.Last(), &collector.ExportTraceServiceRequest{})
		got := otlptest.Unmarshal(t, appendSpans(nil, stubs), &collector.ExportTraceServiceRequest{})
		alignWithStock(want, got)
		otlptest.AssertEqual(t, got, want)
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
	}}}
	got := otlptest.Unmarshal(t, appendSpans(nil, []tracetest.SpanStub{span}), &collector.ExportTraceServiceRequest{})
	if s := got.ResourceSpans[0].ScopeSpans[0].Spans[0].Links[0].TraceState; s != "vendor=1" {
		t.Errorf("the link's trace state is %q, want vendor=1", s)
	}
}

func TestAppendSpans_NoSpans_AppendsNothing(t *testing.T) {
	if b := appendSpans([]byte("x"), nil); string(b) != "x" {
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
		}
		request := appendSpans(nil, []tracetest.SpanStub{span, span})
		spans := slices.Collect(allSpans(otlptest.Unmarshal(t, request, &collector.ExportTraceServiceRequest{})))
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

// TestRead_AnySpan_AsItWas goes the way of the console's exporter.
func TestRead_AnySpan_AsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stub := anySpan.Draw(t, "span")
		got, err := encode(&stub).Read()
		if err != nil {
			t.Fatalf("it does not decode: %v", err)
		}
		if got.Name != stub.Name || got.TraceID != stub.SpanContext.TraceID() || got.SpanID != stub.SpanContext.SpanID() || got.ParentID != stub.Parent.SpanID() {
			t.Fatalf("got %+v of %+v", got, stub)
		}
		if got.Code != stub.Status.Code || got.Description != stub.Status.Description || len(got.Events) != len(stub.Events) || len(got.Links) != len(stub.Links) {
			t.Fatalf("got %+v of %+v", got, stub)
		}
		for i, e := range got.Events {
			if e.Name != stub.Events[i].Name || len(e.Attributes) != len(stub.Events[i].Attributes) {
				t.Fatalf("got event %+v of %+v", e, stub.Events[i])
			}
		}
		for i, l := range got.Links {
			if sc := stub.Links[i].SpanContext; l.TraceID != sc.TraceID() || l.SpanID != sc.SpanID() {
				t.Fatalf("got link %+v of %+v", l, sc)
			}
		}
		again := stub
		again.Attributes = got.Attributes
		if string(encode(&again).Data) != string(encode(&stub).Data) {
			t.Fatalf("got attributes %v of %v", got.Attributes, stub.Attributes)
		}
	})
}

// FuzzRead: what is no span is an error or some span, never a panic.
func FuzzRead(f *testing.F) {
	span := exampleSpans(1)[0]
	f.Add(encode(&span).Data)
	f.Add([]byte{0x12, 0x02, 0x4a, 0x7f})
	f.Add([]byte("\x12\x0a\x4a\x08\x12\x06\x2a\x04\x0a\x02\x18\x01"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = otlp.Span{Data: data}.Read()
	})
}

func BenchmarkAppendSpans(b *testing.B) {
	var spans []otlp.Span
	for _, stub := range exampleSpans(512) {
		spans = append(spans, encode(&stub))
	}
	res := otlp.NewResource(nil)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = res.AppendSpans(buf[:0], spans)
	}
	b.SetBytes(int64(len(buf)))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512, "ns/span")
}

// exampleSpans are server spans as the HTTP middleware makes them, every
// other one with a child from another scope.
func exampleSpans(n int) []tracetest.SpanStub {
	scopes := []instrumentation.Scope{{Name: "github.com/tracehaul/tracehaul/telemetry/httpserver", Version: "0.1.0"}, {Name: "github.com/tracehaul/tracehaul/telemetry/awssdk"}}
	spans := make([]tracetest.SpanStub, n)
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
		}
	}
	return spans
}

// BenchmarkStockExporter does the same with the SDK's spans through the stock
// exporter, with an HTTP transport that only reads. Of ours each span was
// encoded when it ended, which BenchmarkSpan of package span measures.
func BenchmarkStockExporter(b *testing.B) {
	var w otlptest.Wire
	stock, err := otlptracehttp.New(b.Context(), otlptracehttp.WithHTTPClient(w.Client()), otlptracehttp.WithInsecure())
	if err != nil {
		b.Fatal(err)
	}
	var spans []sdktrace.ReadOnlySpan
	for _, stub := range exampleSpans(512) {
		spans = append(spans, stub.Snapshot())
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := stock.ExportSpans(b.Context(), spans); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(w.Last())))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512, "ns/span")
}
