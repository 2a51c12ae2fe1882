package span_test

import (
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"pgregory.net/rapid"
)

// source chooses what a program does: at random, or as a fuzzer's bytes say.
type source interface {
	// below returns a number from 0 to n-1.
	below(n int) int
	text() string
}

type random struct{ t *rapid.T }

func (r random) below(n int) int { return rapid.IntRange(0, n-1).Draw(r.t, "n") }
func (r random) text() string    { return rapid.String().Draw(r.t, "text") }

// written reads choices from bytes. When there are none left it chooses zero.
type written struct{ left []byte }

func (w *written) below(n int) int {
	if len(w.left) == 0 {
		return 0
	}
	b := w.left[0]
	w.left = w.left[1:]
	return int(b) % n
}

func (w *written) text() string {
	n := min(w.below(40), len(w.left))
	s := strings.ToValidUTF8(string(w.left[:n]), "\uFFFD") // the stock exporter takes nothing else
	w.left = w.left[n:]
	return s
}

func choose[T any](s source, from ...T) T { return from[s.below(len(from))] }

func several[T any](s source, most int, f func(source) T) []T {
	var all []T
	for range s.below(most + 1) {
		all = append(all, f(s))
	}
	return all
}

// anyKey is often the same as another, or missing.
func anyKey(s source) attribute.Key {
	return attribute.Key(choose(s, "a", "b", "c", "d", "", "http.route", "a"+s.text(), strings.Repeat("long.", 1+s.below(60))))
}

func anyAttribute(depth int) func(source) attribute.KeyValue {
	return func(s source) attribute.KeyValue {
		return attribute.KeyValue{Key: anyKey(s), Value: anyValue(depth)(s)}
	}
}

func anyValue(depth int) func(source) attribute.Value {
	return func(s source) attribute.Value {
		kinds := 10
		if depth > 0 {
			kinds = 13
		}
		switch s.below(kinds) {
		case 0:
			return attribute.Int64Value(int64(s.below(256)-128) << s.below(56))
		case 1:
			return attribute.BoolValue(s.below(2) == 0)
		case 2:
			return attribute.Float64Value(float64(s.below(100)) / 7)
		case 3:
			return attribute.ByteSliceValue([]byte(s.text()))
		case 4:
			return attribute.StringSliceValue(several(s, 6, source.text))
		case 5:
			return attribute.BoolSliceValue(several(s, 4, func(s source) bool { return s.below(2) == 0 }))
		case 6:
			return attribute.Int64SliceValue(several(s, 4, func(s source) int64 { return int64(s.below(100)) }))
		case 7:
			return attribute.Float64SliceValue(several(s, 4, func(s source) float64 { return float64(s.below(100)) }))
		case 8:
			return attribute.Value{}
		case 10:
			return attribute.SliceValue(several(s, 7, anyValue(depth-1))...)
		case 11, 12: // with several of the same key
			return attribute.MapValue(several(s, 7, anyAttribute(depth-1))...)
		default:
			return attribute.StringValue(s.text())
		}
	}
}

func anyAttributes(s source) []attribute.KeyValue { return several(s, 8, anyAttribute(3)) }

// plainAttributes are such as most spans have.
func plainAttributes(s source) []attribute.KeyValue {
	return several(s, 4, func(s source) attribute.KeyValue {
		return attribute.KeyValue{Key: anyKey(s), Value: attribute.StringValue(s.text())}
	})
}

func anySpanContext(s source) trace.SpanContext {
	state, err := trace.ParseTraceState(choose(s, "", "a=1", "a=1,b=2"))
	if err != nil {
		panic(err)
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1, byte(s.below(256))}, SpanID: choose(s, trace.SpanID{2, byte(s.below(256))}, trace.SpanID{}),
		TraceFlags: trace.TraceFlags(s.below(256)), TraceState: state, Remote: s.below(2) == 0,
	})
}

func anyLink(s source) trace.Link {
	link := trace.Link{SpanContext: choose(s, anySpanContext(s), anySpanContext(s), trace.SpanContext{})}
	if s.below(2) == 0 {
		link.Attributes = anyAttributes(s)
	}
	return link
}

// anyTime is none or one before recently.
func anyTime(s source) time.Time {
	return choose(s, time.Time{}, time.Unix(int64(s.below(256))*5_000_000, int64(s.below(256))), time.Unix(-1, 0))
}

// anyLimits are OpenTelemetry's, or few, or none.
func anyLimits(s source) sdktrace.SpanLimits {
	limit := func(fallback int) int { return choose(s, fallback, fallback, -1, 0, 1, 2, 5) }
	return sdktrace.SpanLimits{
		AttributeValueLengthLimit: limit(-1), AttributeValueDepthLimit: limit(sdktrace.DefaultAttributeValueDepthLimit),
		AttributeCountLimit: limit(128), EventCountLimit: limit(128), LinkCountLimit: limit(128),
		AttributePerEventCountLimit: limit(128), AttributePerLinkCountLimit: limit(128),
	}
}

func anySampler(s source) sdktrace.Sampler {
	return choose[sdktrace.Sampler](s,
		sdktrace.AlwaysSample(), sdktrace.NeverSample(), byName{},
		sdktrace.ParentBased(sdktrace.AlwaysSample()), sdktrace.ParentBased(sdktrace.NeverSample()), sdktrace.ParentBased(byName{}),
		sdktrace.ParentBased(sdktrace.AlwaysSample(), sdktrace.WithLocalParentSampled(byName{})), sdktrace.AlwaysRecord(byName{}))
}

// byName is a sampler that does all that one can do.
type byName struct{}

func (byName) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	state, err := trace.ParseTraceState(fmt.Sprintf("vendor=%d.%d", len(p.Links), p.Kind))
	if err != nil {
		panic(err)
	}
	return sdktrace.SamplingResult{
		Decision:   []sdktrace.SamplingDecision{sdktrace.Drop, sdktrace.RecordOnly, sdktrace.RecordAndSample, sdktrace.RecordAndSample}[len(p.Name)%4],
		Attributes: append([]attribute.KeyValue{attribute.Int("a", len(p.Attributes))}, p.Attributes...),
		Tracestate: state,
	}
}

func (byName) Description() string { return "by name" }
