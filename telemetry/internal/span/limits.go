package span

import (
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// limits bound a span, as in [sdktrace.SpanLimits].
type limits sdktrace.SpanLimits

func newLimits(l sdktrace.SpanLimits) limits {
	if l.AttributeValueDepthLimit == 0 {
		l.AttributeValueDepthLimit = sdktrace.DefaultAttributeValueDepthLimit
	}
	return limits(l)
}

// attribute returns an attribute of a span as it is recorded.
func (l *limits) attribute(kv attribute.KeyValue) attribute.KeyValue {
	switch kv.Value.Type() {
	case attribute.STRING, attribute.STRINGSLICE, attribute.BYTESLICE:
	case attribute.SLICE, attribute.MAP:
		kv.Value = flatten(kv.Value, l.AttributeValueDepthLimit)
	default:
		return kv
	}
	if l.AttributeValueLengthLimit >= 0 {
		kv.Value = shorten(kv.Value, l.AttributeValueLengthLimit)
	}
	return kv
}

// attributes returns the attributes of an event or a link as they are
// recorded, and how many were dropped. The length of their values has no
// limit.
func (l *limits) attributes(attrs []attribute.KeyValue, limit int) (kept []attribute.KeyValue, dropped int) {
	if limit >= 0 && len(attrs) > limit {
		attrs, dropped = attrs[:limit], len(attrs)-limit
	}
	copied := false
	for i := range attrs {
		switch attrs[i].Value.Type() {
		case attribute.SLICE, attribute.MAP:
			if !copied {
				attrs, copied = append([]attribute.KeyValue(nil), attrs...), true
			}
			attrs[i].Value = flatten(attrs[i].Value, l.AttributeValueDepthLimit)
		default:
		}
	}
	return attrs, dropped
}

// flatten keeps the last of several values with the same key in a map, and
// replaces what is nested deeper than depth by an empty value. A negative depth
// means any.
func flatten(v attribute.Value, depth int) attribute.Value {
	switch v.Type() {
	case attribute.BOOLSLICE, attribute.INT64SLICE, attribute.FLOAT64SLICE, attribute.STRINGSLICE, attribute.BYTESLICE:
		if depth == 0 {
			return attribute.Value{}
		}
	case attribute.SLICE:
		if depth == 0 {
			return attribute.Value{}
		}
		values := v.AsSlice()
		for i := range values {
			values[i] = flatten(values[i], depth-1)
		}
		return attribute.SliceValue(values...)
	case attribute.MAP:
		if depth == 0 {
			return attribute.Value{}
		}
		return flattenMap(v.AsMap(), depth)
	default:
	}
	return v
}

// flattenMap relies on maps being sorted by their keys, and otherwise in the
// order in which they were given.
func flattenMap(kvs []attribute.KeyValue, depth int) attribute.Value {
	kept := kvs[:0]
	for i, kv := range kvs {
		if i+1 < len(kvs) && kvs[i+1].Key == kv.Key {
			continue
		}
		kv.Value = flatten(kv.Value, depth-1)
		kept = append(kept, kv)
	}
	return attribute.MapValue(kept...)
}

// shorten cuts the strings in a value to so many characters, and bytes to so
// many bytes.
func shorten(v attribute.Value, limit int) attribute.Value {
	switch v.Type() {
	case attribute.STRING:
		if s := v.AsString(); len(s) > limit {
			return attribute.StringValue(cut(s, limit))
		}
	case attribute.BYTESLICE:
		if b := v.AsByteSlice(); len(b) > limit {
			return attribute.ByteSliceValue(b[:limit])
		}
	case attribute.STRINGSLICE:
		values := v.AsStringSlice()
		for i := range values {
			values[i] = cut(values[i], limit)
		}
		return attribute.StringSliceValue(values)
	case attribute.SLICE:
		values := v.AsSlice()
		for i := range values {
			values[i] = shorten(values[i], limit)
		}
		return attribute.SliceValue(values...)
	case attribute.MAP:
		kvs := v.AsMap()
		for i := range kvs {
			kvs[i].Value = shorten(kvs[i].Value, limit)
		}
		return attribute.MapValue(kvs...)
	default:
	}
	return v
}

// cut returns the first limit characters of s, without its invalid bytes,
// if it has more bytes than that.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	var b strings.Builder
	n := 0
	for i, r := range s {
		if n == limit {
			break
		}
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				continue
			}
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}
