package otlp

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	coltrace "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/tracehaul/tracehaul/internal/trace"
)

func traceID(n uint64) []byte { return binary.BigEndian.AppendUint64(make([]byte, 8), n) }
func spanID(n uint64) []byte  { return binary.BigEndian.AppendUint64(nil, n) }
func hexID(n uint64) string   { return hex.EncodeToString(traceID(n)) }

func request(spans ...*tracepb.Span) *coltrace.ExportTraceServiceRequest {
	return &coltrace.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{
		ScopeSpans: []*tracepb.ScopeSpans{{Spans: spans}},
	}}}
}

func text(key, value string) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}}
}

// take gives a request to a receiver as if it had come in.
func take(t *testing.T, r *Receiver, q *coltrace.ExportTraceServiceRequest) *coltrace.ExportTraceServiceResponse {
	t.Helper()
	b, err := proto.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := r.takeTraces(b)
	if err != nil {
		t.Fatal(err)
	}
	return answer.(*coltrace.ExportTraceServiceResponse) //nolint:forcetypeassert // a test
}

func receiver(t *testing.T, c Config) *Receiver {
	t.Helper()
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTraces_MoreThanFit_OldestGoFirst(t *testing.T) {
	r := receiver(t, Config{MaxTraces: 3})
	for n := uint64(1); n <= 5; n++ {
		take(t, r, request(&tracepb.Span{TraceId: traceID(n), SpanId: spanID(n)}))
	}
	take(t, r, request(&tracepb.Span{TraceId: traceID(4), SpanId: spanID(6)})) // a late span changes nothing in the order
	var got []string
	for _, tr := range r.Latest(10) {
		got = append(got, tr.ID)
	}
	if want := []string{hexID(5), hexID(4), hexID(3)}; !slices.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
	if n := len(r.Latest(1)); n != 1 {
		t.Errorf("Latest(1) returns %d", n)
	}
}

func TestTraces_MoreBytesThanFit_StaysWithinThem(t *testing.T) {
	const limit = 100_000
	r := receiver(t, Config{MaxBytes: limit})
	for n := uint64(1); n <= 200; n++ {
		take(t, r, request(&tracepb.Span{TraceId: traceID(n), SpanId: spanID(n), Attributes: []*common.KeyValue{text("k", string(make([]byte, 2000)))}}))
		if r.traces.bytes > limit {
			t.Fatalf("%d bytes are kept after %d traces", r.traces.bytes, n)
		}
	}
	if n := len(r.Latest(1000)); n < 20 || n > 50 {
		t.Errorf("%d traces of about 3 kB are kept in 100 kB", n)
	}
	if r.Spans(hexID(200)) == nil {
		t.Error("the newest is not kept")
	}
	sum := 0
	for _, k := range r.traces.byID {
		sum += k.bytes
	}
	if sum != r.traces.bytes || len(r.traces.byID) != len(r.traces.order) {
		t.Errorf("the books say %d bytes and %d traces, there are %d and %d", r.traces.bytes, len(r.traces.order), sum, len(r.traces.byID))
	}
}

func TestTraces_TooManySpansOfOne_AreRejectedAsPartialSuccess(t *testing.T) {
	r := receiver(t, Config{MaxSpansPerTrace: 2})
	answer := take(t, r, request(
		&tracepb.Span{TraceId: traceID(1), SpanId: spanID(1)},
		&tracepb.Span{TraceId: traceID(1), SpanId: spanID(2)},
		&tracepb.Span{TraceId: traceID(1), SpanId: spanID(3)},
	))
	if got := answer.GetPartialSuccess().GetRejectedSpans(); got != 1 {
		t.Errorf("%d spans were rejected, want 1", got)
	}
	if n := len(r.Spans(hexID(1))); n != 2 {
		t.Errorf("%d spans are kept, want 2", n)
	}
}

func TestTraces_InvalidIDs_AreRejectedAsPartialSuccess(t *testing.T) {
	r := receiver(t, Config{})
	answer := take(t, r, request(
		&tracepb.Span{TraceId: traceID(0), SpanId: spanID(1)},
		&tracepb.Span{TraceId: traceID(1)[:8], SpanId: spanID(1)},
		&tracepb.Span{TraceId: traceID(1), SpanId: spanID(0)},
		&tracepb.Span{TraceId: traceID(1), SpanId: nil},
		&tracepb.Span{TraceId: traceID(1), SpanId: spanID(1), ParentSpanId: []byte{1}},
	))
	if got := answer.GetPartialSuccess().GetRejectedSpans(); got != 4 {
		t.Errorf("%d spans were rejected, want 4", got)
	}
	if spans := r.Spans(hexID(1)); len(spans) != 1 || spans[0].ParentSpanID != "" {
		t.Errorf("kept %+v", spans)
	}
}

func TestTraces_ExportTriedAgain_KeepsEachSpanOnce(t *testing.T) {
	r := receiver(t, Config{})
	for range 2 {
		answer := take(t, r, request(&tracepb.Span{TraceId: traceID(1), SpanId: spanID(1)}))
		if answer.GetPartialSuccess() != nil {
			t.Errorf("answered %v", answer)
		}
	}
	if n := len(r.Spans(hexID(1))); n != 1 {
		t.Errorf("%d spans are kept, want 1", n)
	}
}

func TestReceiver_Linked_FindsSpansOfOtherTraces(t *testing.T) {
	r := receiver(t, Config{})
	invocation := &tracepb.Span_Link{TraceId: traceID(9), SpanId: spanID(90)}
	unknown := &tracepb.Span_Link{TraceId: traceID(8), SpanId: spanID(80)}
	own := &tracepb.Span_Link{TraceId: traceID(1), SpanId: spanID(1)}
	take(t, r, request(
		&tracepb.Span{TraceId: traceID(1), SpanId: spanID(1), Links: []*tracepb.Span_Link{invocation, unknown}},
		&tracepb.Span{TraceId: traceID(1), SpanId: spanID(2), Links: []*tracepb.Span_Link{invocation, own}},
		&tracepb.Span{TraceId: traceID(9), SpanId: spanID(90), Name: "invocation"},
		&tracepb.Span{TraceId: traceID(9), SpanId: spanID(91), Name: "something else"},
	))
	got := r.Linked(hexID(1))
	if len(got) != 1 || got[0].Name != "invocation" {
		t.Errorf("linked are %+v", got)
	}
}

func TestReceiver_Wait_ReturnsOnceEnoughIsThere(t *testing.T) {
	r := receiver(t, Config{})
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		for n := uint64(1); n <= 3; n++ {
			take(t, r, request(&tracepb.Span{TraceId: traceID(2), SpanId: spanID(n)})) // another trace
			take(t, r, request(&tracepb.Span{TraceId: traceID(1), SpanId: spanID(n)}))
		}
	})
	spans, err := r.Wait(t.Context(), hexID(1), func(s []trace.Span) bool { return len(s) == 3 })
	if err != nil || len(spans) != 3 {
		t.Errorf("got %d spans, %v", len(spans), err)
	}
}

func TestReceiver_WaitForWhatNeverComes_EndsWithTheContext(t *testing.T) {
	r := receiver(t, Config{})
	take(t, r, request(&tracepb.Span{TraceId: traceID(1), SpanId: spanID(1)}))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	spans, err := r.Wait(ctx, hexID(1), func(s []trace.Span) bool { return len(s) == 2 })
	if len(spans) != 1 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %d spans, %v", len(spans), err)
	}
}

func TestReceiver_Changed_TellsOfNewSpansOnly(t *testing.T) {
	r := receiver(t, Config{})
	changed := r.Changed()
	take(t, r, request())
	select {
	case <-changed:
		t.Error("an empty request is a change")
	default:
	}
	take(t, r, request(&tracepb.Span{TraceId: traceID(1), SpanId: spanID(1)}))
	select {
	case <-changed:
	default:
		t.Error("a new span is no change")
	}
}

func TestSpan_ValuesThatJSONLacks_CanBeWritten(t *testing.T) {
	deep := &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: "bottom"}}
	for range 100 {
		deep = &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: []*common.AnyValue{deep}}}}
	}
	got := attributes([]*common.KeyValue{
		{Key: "nan", Value: &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: math.NaN()}}},
		{Key: "inf", Value: &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: math.Inf(-1)}}},
		{Key: "bytes", Value: &common.AnyValue{Value: &common.AnyValue_BytesValue{BytesValue: []byte{0xff}}}},
		{Key: "map", Value: &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: []*common.KeyValue{text("a", "b")}}}}},
		{Key: "none"},
		{Key: "deep", Value: deep},
	})
	b, err := json.Marshal(got)
	want := `{"bytes":"/w==","deep":[[[[[[[[null]]]]]]]],"inf":"-Inf","map":{"a":"b"},"nan":"NaN","none":null}`
	if err != nil || string(b) != want {
		t.Errorf("got %s, %v\nwant %s", b, err, want)
	}
}

func FuzzReceiver_Traces(f *testing.F) {
	b, err := proto.Marshal(request(&tracepb.Span{
		TraceId: traceID(1), SpanId: spanID(1), ParentSpanId: spanID(2), Name: "n", Kind: tracepb.Span_SPAN_KIND_SERVER,
		StartTimeUnixNano: math.MaxUint64, EndTimeUnixNano: 1, Attributes: []*common.KeyValue{text("k", "v")},
		Links: []*tracepb.Span_Link{{TraceId: traceID(2), SpanId: spanID(2)}}, Events: []*tracepb.Span_Event{{Name: "e"}},
		Status: &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: "m"},
	}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		r := receiver(t, Config{MaxTraces: 10, MaxBytes: 20_000})
		if _, err := r.takeTraces(body); err != nil {
			return
		}
		if r.traces.bytes > 20_000 {
			t.Errorf("%d bytes are kept", r.traces.bytes)
		}
		for _, tr := range r.Latest(10) {
			if _, err := json.Marshal(r.Spans(tr.ID)); err != nil {
				t.Errorf("its JSON: %v", err)
			}
			if len(tr.Roots) == 0 {
				t.Error("a trace without a root")
			}
		}
		_, _ = r.takeMetrics(body)
		_, _ = r.takeLogs(body)
		for _, v := range []any{r.Metrics(), r.Logs("")} {
			if _, err := json.Marshal(v); err != nil {
				t.Errorf("its JSON: %v", err)
			}
		}
	})
}
