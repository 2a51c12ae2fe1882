// Package otlptest generates what the encoders of OTLP are tested with, and
// holds what they are compared with. Only tests import it.
package otlptest

import (
	"math"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"
	"pgregory.net/rapid"
)

// AnyKey is the key of an attribute.
var AnyKey = rapid.StringMatching(`[a-z]{1,3}(\.[a-zäß]{1,40})?`)

// AnyTime is a time, some of which OTLP cannot express.
var AnyTime = rapid.Custom(func(t *rapid.T) time.Time {
	return rapid.SampledFrom([]time.Time{
		{},
		time.Unix(0, 0), time.Unix(-1, 0), time.Unix(0, 1),
		time.Unix(0, rapid.Int64Range(0, math.MaxInt64).Draw(t, "nanos")),
	}).Draw(t, "time")
})

// AnyValue generates values of every type, nested up to depth times.
func AnyValue(depth int) *rapid.Generator[attribute.Value] {
	return rapid.Custom(func(t *rapid.T) attribute.Value {
		kinds := 10
		if depth > 0 {
			kinds = 12
		}
		switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
		case 0:
			return attribute.StringValue(rapid.String().Draw(t, "string"))
		case 1:
			return attribute.BoolValue(rapid.Bool().Draw(t, "bool"))
		case 2:
			return attribute.Int64Value(rapid.Int64().Draw(t, "int"))
		case 3:
			return attribute.Float64Value(rapid.Float64().Draw(t, "float"))
		case 4:
			return attribute.ByteSliceValue(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		case 5:
			return attribute.StringSliceValue(rapid.SliceOf(rapid.String()).Draw(t, "strings"))
		case 6:
			return attribute.BoolSliceValue(rapid.SliceOf(rapid.Bool()).Draw(t, "bools"))
		case 7:
			return attribute.Int64SliceValue(rapid.SliceOf(rapid.Int64()).Draw(t, "ints"))
		case 8:
			return attribute.Float64SliceValue(rapid.SliceOf(rapid.Float64()).Draw(t, "floats"))
		case 9:
			return attribute.Value{}
		case 10:
			return attribute.SliceValue(rapid.SliceOfN(AnyValue(depth-1), 0, 7).Draw(t, "values")...)
		default:
			return attribute.MapValue(Attributes(depth-1, 7).Draw(t, "map")...)
		}
	})
}

// Attributes generates at most so many attributes with keys of their own.
func Attributes(depth, most int) *rapid.Generator[[]attribute.KeyValue] {
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) attribute.KeyValue {
		return attribute.KeyValue{
			Key:   attribute.Key(AnyKey.Draw(t, "key")),
			Value: AnyValue(depth).Draw(t, "value"),
		}
	}), 0, most, func(kv attribute.KeyValue) attribute.Key { return kv.Key })
}

// AnySet is a set of attributes.
var AnySet = rapid.Custom(func(t *rapid.T) attribute.Set {
	return attribute.NewSet(Attributes(0, 4).Draw(t, "set")...)
})

// AnyResource is a resource.
var AnyResource = rapid.Custom(func(t *rapid.T) *resource.Resource {
	return resource.NewWithAttributes(rapid.StringMatching(`(https://s)?`).Draw(t, "schema"),
		Attributes(1, 5).Draw(t, "resource")...)
})

// AnyScope is one of a few scopes that differ in one respect each.
var AnyScope = rapid.SampledFrom([]instrumentation.Scope{
	{Name: "a"},
	{Name: "a", Version: "1"},
	{Name: "a", SchemaURL: "https://a"},
	{Name: "a", Attributes: attribute.NewSet(attribute.String("k", "v"))},
	{Name: "b"},
})

// AnyTraceID is a valid trace id.
var AnyTraceID = rapid.Custom(func(t *rapid.T) (id trace.TraceID) {
	copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "trace id"))
	id[15] |= 1
	return id
})

// AnySpanID is a valid span id.
var AnySpanID = rapid.Custom(func(t *rapid.T) (id trace.SpanID) {
	copy(id[:], rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "span id"))
	id[7] |= 1
	return id
})

// AnySpanContext is a valid span context.
var AnySpanContext = rapid.Custom(func(t *rapid.T) trace.SpanContext {
	ts, err := trace.ParseTraceState(rapid.SampledFrom([]string{"", "a=1", "a=1,b=2"}).Draw(t, "tracestate"))
	if err != nil {
		t.Fatalf("tracestate: %v", err)
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID:    AnyTraceID.Draw(t, "trace id"),
		SpanID:     AnySpanID.Draw(t, "span id"),
		TraceFlags: trace.TraceFlags(rapid.Byte().Draw(t, "flags")),
		TraceState: ts,
		Remote:     rapid.Bool().Draw(t, "remote"),
	})
})
