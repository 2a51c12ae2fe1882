package pgxtrace

import (
	"context"
	"runtime"
	"sync"

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
	w.spans = make([]trace.Span, 0, len(parents))
	options := span.Options{Kind: trace.SpanKindClient, Time: w.start, Shared: w.shared}
	own := []attribute.KeyValue{otelconv.DBOperationBatchSize(max(w.size, len(parents)))}
	if own[0].Value.AsInt64() <= 1 {
		own = nil // the conventions: never 1
	}
	for _, parent := range parents {
		if !trace.SpanContextFromContext(parent).IsValid() {
			continue // it would be a trace of nothing but a query
		}
		_, s := span.Start(parent, t.tracer, w.name, options, own...)
		w.spans = append(w.spans, s)
	}
}

// minPart is how many spans are worth a goroutine of their own.
const minPart = 128

// inParts runs f for all of 0 to n on the processors that there are: when a
// query is over the program waits for nothing but its spans' ends.
func inParts(n int, f func(from, to int)) {
	parts := min(runtime.GOMAXPROCS(0), n/minPart)
	if parts <= 1 {
		f(0, n)
		return
	}
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() { f(i*n/parts, (i+1)*n/parts) })
	}
	wg.Wait()
}
