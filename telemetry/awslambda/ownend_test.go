package awslambda_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// A handler that ends the span of a message, which is not its to end, loses
// what that span would have told. All else stays as it is.
func TestSQSBatch_HandlerEndsTheSpan_OneSpanAndTheOutcomeCounted(t *testing.T) {
	b, k := setup(t), &kept{}
	b.config.TracerProvider = span.New(span.Config{
		Sampler: span.Known(sdktrace.ParentBased(sdktrace.AlwaysSample())), Limits: sdktrace.NewSpanLimits(), Sink: k,
	})
	h := awslambda.SQSBatch(func(_ context.Context, batch []*awslambda.Message) error {
		own := trace.SpanFromContext(batch[0].Context())
		own.SetAttributes(attribute.Bool("own", true))
		own.End()
		for _, m := range batch {
			m.Written()
		}
		return nil
	}, b.config)
	if res, err := h(invocationContext(t.Context()), batchOf(2)); err != nil || len(failed(t, res)) != 0 {
		t.Fatalf("answer %v, %v; want none failed", res, err)
	}
	ofMessages := map[string]int{}
	for _, one := range toldByOurs(t, k) {
		if one.Name == processName || one.Name == waitName {
			ofMessages[one.Name+" "+one.Trace]++
		}
		if one.Name == processName && one.Trace == traceIDOf(0) && one.Attributes["own"] != true {
			t.Errorf("the span that the handler ended has %v", one.Attributes)
		}
		if one.Name == processName && one.Trace == traceIDOf(1) && (one.Attributes["messaging.message.id"] != idOf(1) || one.Links != 1) {
			t.Errorf("the other one has %d links, and %v", one.Links, one.Attributes)
		}
	}
	for _, trace := range []string{traceIDOf(0), traceIDOf(1)} {
		if ofMessages[processName+" "+trace] != 1 || ofMessages[waitName+" "+trace] != 1 {
			t.Errorf("spans of messages: %v, want one of each kind for both", ofMessages)
		}
	}
	if got := b.sums(t, semconv.MetricOutcomes, semconv.OutcomeKey)[semconv.OutcomeWritten]; got != 2 {
		t.Errorf("%d messages were written, want 2", got)
	}
}
