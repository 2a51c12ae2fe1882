package otlp

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
)

// appendAttributes appends repeated KeyValue.
func appendAttributes(b []byte, field uint64, attrs []attribute.KeyValue) []byte {
	for i := range attrs {
		b = appendKeyValue(b, field, &attrs[i])
	}
	return b
}

func appendSet(b []byte, field uint64, set *attribute.Set) []byte {
	for iter := set.Iter(); iter.Next(); {
		kv := iter.Attribute()
		b = appendKeyValue(b, field, &kv)
	}
	return b
}

func appendKeyValue(b []byte, field uint64, kv *attribute.KeyValue) []byte {
	b, mark := open(b, field)
	b = appendString(b, 1, string(kv.Key)) // key
	b = appendValue(b, 2, kv.Value)        // value
	return closeMessage(b, mark)
}

// appendValue appends an AnyValue. Its fields form a oneof, so that even zero
// values are written; an empty AnyValue is OTLP's null.
func appendValue(b []byte, field uint64, v attribute.Value) []byte {
	b, mark := open(b, field)
	switch v.Type() {
	case attribute.STRING:
		b = appendStringAlways(b, 1, v.AsString()) // string_value
	case attribute.BOOL:
		b = appendBool(b, v.AsBool()) // bool_value
	case attribute.INT64:
		b = appendInt(b, v.AsInt64()) // int_value
	case attribute.FLOAT64:
		b = appendDoubleAlways(b, 4, v.AsFloat64()) // double_value
	case attribute.BYTESLICE:
		b = appendBytesValue(b, v.AsByteSlice()) // bytes_value
	case attribute.MAP:
		var list int
		b, list = open(b, 6) // kvlist_value
		b = appendAttributes(b, 1, v.AsMap())
		b = closeMessage(b, list)
	case attribute.EMPTY:
	case attribute.BOOLSLICE, attribute.INT64SLICE, attribute.FLOAT64SLICE, attribute.STRINGSLICE, attribute.SLICE:
		var list int
		b, list = open(b, 5) // array_value
		b = appendElements(b, v)
		b = closeMessage(b, list)
	default:
		b = appendStringAlways(b, 1, v.String())
	}
	return closeMessage(b, mark)
}

// appendElements appends the values of an ArrayValue.
func appendElements(b []byte, v attribute.Value) []byte {
	switch v.Type() {
	case attribute.STRINGSLICE:
		for _, s := range v.AsStringSlice() {
			b = appendValue(b, 1, attribute.StringValue(s))
		}
	case attribute.BOOLSLICE:
		for _, x := range v.AsBoolSlice() {
			b = appendValue(b, 1, attribute.BoolValue(x))
		}
	case attribute.INT64SLICE:
		for _, n := range v.AsInt64Slice() {
			b = appendValue(b, 1, attribute.Int64Value(n))
		}
	case attribute.FLOAT64SLICE:
		for _, f := range v.AsFloat64Slice() {
			b = appendValue(b, 1, attribute.Float64Value(f))
		}
	case attribute.SLICE:
		for _, x := range v.AsSlice() {
			b = appendValue(b, 1, x)
		}
	default:
	}
	return b
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return appendVarintAlways(b, 2, 1)
	}
	return appendVarintAlways(b, 2, 0)
}

func appendInt(b []byte, v int64) []byte {
	return appendVarintAlways(b, 3, uint64(v)) //nolint:gosec // two's complement, as protobuf's int64 is
}

func appendBytesValue(b, v []byte) []byte {
	if len(v) == 0 {
		b, mark := open(b, 7)
		return closeMessage(b, mark)
	}
	return appendBytes(b, 7, v)
}

// appendResource appends the Resource of an OTLP request.
func appendResource(b []byte, field uint64, res *resource.Resource) []byte {
	b, mark := open(b, field)
	b = appendSet(b, 1, res.Set()) // attributes
	return closeMessage(b, mark)
}

// appendScope appends an InstrumentationScope.
func appendScope(b []byte, field uint64, scope *instrumentation.Scope) []byte {
	b, mark := open(b, field)
	b = appendString(b, 1, scope.Name)
	b = appendString(b, 2, scope.Version)
	b = appendSet(b, 3, &scope.Attributes)
	return closeMessage(b, mark)
}

// unixNano is a time as OTLP counts it: times before 1970, and the zero time,
// are 0.
func unixNano(t time.Time) uint64 {
	return uint64(max(0, t.UnixNano()))
}
