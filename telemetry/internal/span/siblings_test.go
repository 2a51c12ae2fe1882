package span_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

func TestSiblings_AnySpans_SameAsStart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := random{t}
		c := anyCrowd(s)
		o := span.Options{Shared: c.shared}
		every := 1 + s.below(len(c.parents)) // so many are handed over together
		add := func(tracer trace.Tracer, add func(parent context.Context, beside trace.Span, start time.Time)) {
			for i, parent := range c.parents {
				_, beside := span.Start(parent, tracer, "many", span.Options{Kind: trace.SpanKindConsumer})
				add(parent, beside, began.Add(time.Duration(i)))
			}
		}
		want := c.record(func(tracer trace.Tracer) {
			add(tracer, func(parent context.Context, _ trace.Span, start time.Time) {
				o := o
				o.Time = start
				_, one := span.Start(parent, tracer, "wait", o, c.own...)
				span.End(one, ended)
			})
		})
		got := c.record(func(tracer trace.Tracer) {
			all, n := span.NewSiblings(tracer, "wait", o, len(c.parents)), 0
			add(tracer, func(parent context.Context, beside trace.Span, start time.Time) {
				all.Add(parent, beside, start, ended, c.own...)
				if n++; n%every == 0 {
					all.Flush()
				}
			})
			all.Flush()
		})
		anonymise(got) // for those that are not sampled no id is made
		anonymise(want)
		assertSame(t, got, want)
	})
}

// One large span must not make room for a thousand of its size.
func TestSiblings_OneLargeSpan_MemoryStaysSmall(t *testing.T) {
	tracer := span.New(span.Config{Sampler: span.Known(sdktrace.AlwaysSample()), Limits: sdktrace.NewSpanLimits(), Sink: nowhere{}}).Tracer("test")
	_, beside := tracer.Start(t.Context(), "beside")
	large := attribute.String("a", strings.Repeat("x", 100<<10))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	all := span.NewSiblings(tracer, "wait", span.Options{}, 1000)
	all.Add(t.Context(), beside, began, ended, large)
	all.Add(t.Context(), beside, began, ended)
	all.Flush()
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("%d bytes are allocated for a span of 100 KiB among a thousand", got)
	}
}

// recordOnly has spans recorded that are not sampled.
type recordOnly struct{ sdktrace.Sampler }

func (recordOnly) ShouldSample(sdktrace.SamplingParameters) sdktrace.SamplingResult {
	return sdktrace.SamplingResult{Decision: sdktrace.RecordOnly}
}

func TestSiblings_BesideOneThatIsRecordedOnly_NotHandedOver(t *testing.T) {
	kept := &sink{}
	tracer := span.New(span.Config{Sampler: span.Plain{Sampler: recordOnly{}}, Limits: sdktrace.NewSpanLimits(), Sink: kept}).Tracer("test")
	_, beside := tracer.Start(t.Context(), "beside")
	if !beside.IsRecording() {
		t.Fatal("the span is not recorded")
	}
	all := span.NewSiblings(tracer, "wait", span.Options{}, 1)
	all.Add(t.Context(), beside, began, ended)
	all.Flush()
	if len(kept.spans) != 0 {
		t.Errorf("%d spans were handed over that are not sampled", len(kept.spans))
	}
}
