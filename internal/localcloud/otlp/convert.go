package otlp

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"time"

	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/slim/otlp/trace/v1"

	"github.com/tracehaul/tracehaul/internal/trace"
)

// maxValueDepth is how deep an attribute's value may nest; what is below is
// left out.
const maxValueDepth = 8

var kinds = map[tracepb.Span_SpanKind]string{
	tracepb.Span_SPAN_KIND_SERVER:   "SERVER",
	tracepb.Span_SPAN_KIND_CLIENT:   "CLIENT",
	tracepb.Span_SPAN_KIND_PRODUCER: "PRODUCER",
	tracepb.Span_SPAN_KIND_CONSUMER: "CONSUMER",
}

// span converts a span whose ids are valid.
func span(s *tracepb.Span, service string, resource map[string]any) trace.Span {
	out := trace.Span{
		TraceID: hex.EncodeToString(s.GetTraceId()), SpanID: hex.EncodeToString(s.GetSpanId()),
		Name: s.GetName(), Kind: "INTERNAL", Service: service, Resource: resource,
		Start: unixNano(s.GetStartTimeUnixNano()), End: unixNano(s.GetEndTimeUnixNano()),
		Attributes: attributes(s.GetAttributes()),
		Links:      make([]trace.Link, 0, len(s.GetLinks())),
	}
	if validID(s.GetParentSpanId(), 8) {
		out.ParentSpanID = hex.EncodeToString(s.GetParentSpanId())
	}
	if kind, ok := kinds[s.GetKind()]; ok {
		out.Kind = kind
	}
	switch s.GetStatus().GetCode() {
	case tracepb.Status_STATUS_CODE_OK:
		out.Status = "OK"
	case tracepb.Status_STATUS_CODE_ERROR:
		out.Status, out.StatusText = "ERROR", s.GetStatus().GetMessage()
	case tracepb.Status_STATUS_CODE_UNSET:
	}
	for _, l := range s.GetLinks() {
		if validID(l.GetTraceId(), 16) && validID(l.GetSpanId(), 8) {
			out.Links = append(out.Links, trace.Link{
				TraceID: hex.EncodeToString(l.GetTraceId()), SpanID: hex.EncodeToString(l.GetSpanId()),
				Attributes: attributes(l.GetAttributes()),
			})
		}
	}
	for _, e := range s.GetEvents() {
		out.Events = append(out.Events, trace.Event{
			Name: e.GetName(), Time: unixNano(e.GetTimeUnixNano()), Attributes: attributes(e.GetAttributes()),
		})
	}
	return out
}

// validID reports whether an id has its length and is not all zeros (W3C Trace
// Context, "traceparent Header Field Values").
func validID(id []byte, length int) bool {
	if len(id) != length {
		return false
	}
	for _, b := range id {
		if b != 0 {
			return true
		}
	}
	return false
}

func unixNano(n uint64) time.Time {
	return time.Unix(0, int64(min(n, math.MaxInt64))).UTC()
}

func attributes(list []*common.KeyValue) map[string]any {
	m := make(map[string]any, len(list))
	for _, kv := range list {
		m[kv.GetKey()] = anyValue(kv.GetValue(), maxValueDepth)
	}
	return m
}

// anyValue makes a value that encoding/json can write: bytes become base64,
// and numbers that JSON lacks become text.
func anyValue(v *common.AnyValue, depth int) any {
	if depth == 0 {
		return nil
	}
	switch v := v.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_BoolValue:
		return v.BoolValue
	case *common.AnyValue_IntValue:
		return v.IntValue
	case *common.AnyValue_DoubleValue:
		if math.IsNaN(v.DoubleValue) || math.IsInf(v.DoubleValue, 0) {
			return strconv.FormatFloat(v.DoubleValue, 'g', -1, 64)
		}
		return v.DoubleValue
	case *common.AnyValue_BytesValue:
		return base64.StdEncoding.EncodeToString(v.BytesValue)
	case *common.AnyValue_ArrayValue:
		list := make([]any, 0, len(v.ArrayValue.GetValues()))
		for _, e := range v.ArrayValue.GetValues() {
			list = append(list, anyValue(e, depth-1))
		}
		return list
	case *common.AnyValue_KvlistValue:
		m := make(map[string]any, len(v.KvlistValue.GetValues()))
		for _, kv := range v.KvlistValue.GetValues() {
			m[kv.GetKey()] = anyValue(kv.GetValue(), depth-1)
		}
		return m
	default:
		return nil
	}
}

// Rough sizes in memory, from what the runtime needs for a struct, a map and
// an entry.
const (
	spanSize  = 512
	entrySize = 96
)

func sizeOfSpan(s trace.Span) int {
	n := spanSize + len(s.Name) + len(s.StatusText) + sizeOfMap(s.Attributes)
	for _, l := range s.Links {
		n += entrySize + sizeOfMap(l.Attributes)
	}
	for _, e := range s.Events {
		n += entrySize + len(e.Name) + sizeOfMap(e.Attributes)
	}
	return n
}

func sizeOfMap(m map[string]any) int {
	n := entrySize
	for k, v := range m {
		n += len(k) + sizeOfValue(v)
	}
	return n
}

func sizeOfValue(v any) int {
	n := entrySize
	switch v := v.(type) {
	case string:
		n += len(v)
	case []any:
		for _, e := range v {
			n += sizeOfValue(e)
		}
	case map[string]any:
		n += sizeOfMap(v)
	}
	return n
}
