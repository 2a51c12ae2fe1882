package pgxtrace

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

type fanOutKey struct{}

// FanOut says that the queries made with ctx serve several traces. Each query
// becomes one CLIENT span in each given context that has a span, all with the
// same start, end and outcome and with db.operation.batch.size, and none of its
// own in ctx. It is one point in the metrics.
//
// The spans are made while the query is under way. The slice is kept and must
// not change before that is over.
func FanOut(ctx context.Context, parents []context.Context) context.Context {
	return context.WithValue(ctx, fanOutKey{}, parents)
}

// parentsOf are the contexts that get a span, if FanOut said so.
func parentsOf(ctx context.Context) ([]context.Context, bool) {
	parents, ok := ctx.Value(fanOutKey{}).([]context.Context)
	return parents, ok
}

// fanOut starts a span in each of parents. A batch of messages has a thousand:
// what they share is encoded once.
func (t *tracer) fanOut(w *work, parents []context.Context) {
	options := span.Options{Kind: trace.SpanKindClient, Time: w.start, Shared: w.shared}
	own := []attribute.KeyValue{otelconv.DBOperationBatchSize(max(w.size, len(parents)))}
	if own[0].Value.AsInt64() <= 1 {
		own = nil // the conventions: never 1
	}
	w.spans = span.StartChildren(parents, t.tracer, w.name, options, own...)
}
