package span_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

func TestChildren_AnyParents_SameAsStart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := random{t}
		c := anyCrowd(s)
		o := span.Options{Kind: trace.SpanKindClient, Time: began, Shared: c.shared}
		var fail func(trace.Span)
		if s.below(2) == 0 {
			attrs, reason := anyAttributes(s), s.text()
			again := s.below(2) == 0
			fail = func(one trace.Span) {
				one.SetAttributes(attrs...)
				one.SetStatus(codes.Error, reason)
				if again {
					one.SetAttributes(c.own...)
					one.RecordError(errors.New(reason), trace.WithTimestamp(began))
					one.SetName(reason)
				}
			}
		}
		want := c.record(func(tracer trace.Tracer) {
			for _, parent := range c.parents {
				if !trace.SpanContextFromContext(parent).IsValid() {
					continue
				}
				_, one := span.Start(parent, tracer, "many", o, c.own...)
				if fail != nil {
					fail(one)
				}
				span.End(one, ended)
			}
		})
		got := c.record(func(tracer trace.Tracer) {
			span.StartChildren(c.parents, tracer, "many", o, c.own...).End(ended, fail)
		})
		if fail != nil { // those that were encoded are encoded anew
			anonymise(got)
			anonymise(want)
		}
		assertSame(t, got, want)
	})
}

// Spans with so many attributes have an index of them, and what is replaced
// lies about until they are encoded.
func TestChildren_ManyAttributesReplaced_EachIsThereOnce(t *testing.T) {
	for _, n := range []int{2, 63, 64, 120} {
		kept := &sink{}
		tracer := span.New(span.Config{
			Sampler: span.Known(sdktrace.ParentBased(sdktrace.AlwaysSample())), Limits: sdktrace.NewSpanLimits(), Sink: kept,
		}).Tracer("test")
		parent, _ := tracer.Start(t.Context(), "parent")
		var before, after []attribute.KeyValue
		for i := range n {
			key := fmt.Sprint("key", i)
			before, after = append(before, attribute.String(key, "short")), append(after, attribute.String(key, "a longer value"))
		}
		children := span.StartChildren([]context.Context{parent, parent, parent}, tracer, "INSERT", span.Options{Time: began}, before...)
		children.End(ended, func(s trace.Span) { s.SetAttributes(after...); s.AddEvent("failed") })
		for _, f := range kept.read(t) {
			if !slices.Equal(f.Attributes, after) {
				t.Errorf("of %d attributes there are %d: %v", n, len(f.Attributes), f.Attributes)
			}
			if len(f.Events) != 1 || f.Events[0].Name != "failed" {
				t.Errorf("the events are %v, want the one that was added", f.Events)
			}
		}
		if len(kept.spans) != 3 {
			t.Errorf("%d spans, want 3", len(kept.spans))
		}
	}
}
