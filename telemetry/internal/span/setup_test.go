package span_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/internal/otlptest"
)

// sink keeps copies of spans.
type sink struct {
	mu    sync.Mutex
	spans []otlp.Span
}

func (s *sink) Add(span otlp.Span) {
	span.Data = bytes.Clone(span.Data)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spans = append(s.spans, span)
}

func (*sink) Flush(context.Context) error    { return nil }
func (*sink) Shutdown(context.Context) error { return nil }

// anyKey is short and often the same as another, or long, or missing.
var anyKey = rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "c", "d", "", "http.route"}), rapid.StringMatching(`[a-z]{1,3}(\.[a-zäß]{1,60})?`))

// anyAttributes may have the same key several times, in maps as well.
var anyAttributes = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) attribute.KeyValue {
	value := otlptest.AnyValue(3).Draw(t, "value")
	if rapid.IntRange(0, 9).Draw(t, "map") == 0 {
		inner := attribute.MapValue(attribute.Int("k", 1), attribute.Int("k", 2), attribute.KeyValue{Key: "m", Value: value})
		value = attribute.SliceValue(attribute.MapValue(attribute.KeyValue{Key: "k", Value: inner}, attribute.Bool("k", true), attribute.String("l", "long enough")))
	}
	return attribute.KeyValue{Key: attribute.Key(anyKey.Draw(t, "key")), Value: value}
}), 0, 8)

// plainAttributes are those that most spans have.
var plainAttributes = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) attribute.KeyValue {
	return attribute.String(anyKey.Draw(t, "key"), rapid.StringN(-1, 8, -1).Draw(t, "value"))
}), 0, 4)

var anyLink = rapid.Custom(func(t *rapid.T) trace.Link {
	link := trace.Link{SpanContext: otlptest.AnySpanContext.Draw(t, "to")}
	if rapid.IntRange(0, 4).Draw(t, "nowhere") == 0 {
		link.SpanContext = trace.SpanContext{}
	}
	if rapid.Bool().Draw(t, "described") {
		link.Attributes = anyAttributes.Draw(t, "attributes")
	}
	return link
})

// anyTime is none or one before recently.
var anyTime = rapid.Custom(func(t *rapid.T) time.Time {
	if rapid.Bool().Draw(t, "now") {
		return time.Time{}
	}
	return time.Unix(0, rapid.Int64Range(0, recently.UnixNano()).Draw(t, "nanos"))
})

// anyLimits are OpenTelemetry's, or few, or none.
var anyLimits = rapid.Custom(func(t *rapid.T) sdktrace.SpanLimits {
	limit := func(name string, fallback int) int {
		return rapid.SampledFrom([]int{fallback, fallback, -1, 0, 1, 2, 5}).Draw(t, name)
	}
	return sdktrace.SpanLimits{
		AttributeValueLengthLimit: limit("length", -1), AttributeValueDepthLimit: limit("depth", sdktrace.DefaultAttributeValueDepthLimit),
		AttributeCountLimit: limit("attributes", 128), EventCountLimit: limit("events", 128), LinkCountLimit: limit("links", 128),
		AttributePerEventCountLimit: limit("attributes of events", 128), AttributePerLinkCountLimit: limit("attributes of links", 128),
	}
})

var anySampler = rapid.SampledFrom([]sdktrace.Sampler{
	sdktrace.AlwaysSample(), sdktrace.NeverSample(),
	byName{},
	sdktrace.ParentBased(sdktrace.AlwaysSample()), sdktrace.ParentBased(sdktrace.NeverSample()), sdktrace.ParentBased(byName{}),
	sdktrace.ParentBased(sdktrace.AlwaysSample(), sdktrace.WithLocalParentSampled(byName{})), sdktrace.AlwaysRecord(byName{}),
})

// byName is a sampler that does all that one can do.
type byName struct{}

func (byName) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	state, _ := trace.ParseTraceState("vendor=" + strings.Repeat("x", 1+len(p.Links)))
	return sdktrace.SamplingResult{
		Decision:   []sdktrace.SamplingDecision{sdktrace.Drop, sdktrace.RecordOnly, sdktrace.RecordAndSample, sdktrace.RecordAndSample}[len(p.Name)%4],
		Attributes: append([]attribute.KeyValue{attribute.Int("a", len(p.Attributes)), attribute.Int("sampler", int(p.Kind))}, p.Attributes...),
		Tracestate: state,
	}
}

func (byName) Description() string { return "by name" }
