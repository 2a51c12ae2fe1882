package span_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/internal/remote"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

// queue keeps spans as they are, as the queue of telemetry does while a
// collector hangs.
type queue struct {
	nowhere
	spans []otlp.Span
	bytes int // that it counts
}

func (q *queue) Add(s otlp.Span) { q.AddAll([]otlp.Span{{Data: append([]byte(nil), s.Data...)}}) }

func (q *queue) AddAll(spans []otlp.Span) {
	q.spans = append(q.spans, spans...)
	for _, s := range spans {
		q.bytes += len(s.Data)
	}
}

// batchIn makes the spans of a batch of messages. The last ones, so many as
// late says, end after the others were handed over.
func batchIn(parents []context.Context, tracer trace.Tracer, late int) {
	n := len(parents)
	g := span.NewGroup(tracer, "process orders", span.Options{Kind: trace.SpanKindConsumer}, n)
	waits := span.NewSiblings(tracer, "wait orders", span.Options{}, n)
	contexts, spans := make([]context.Context, n), make([]trace.Span, n)
	for i, parent := range parents {
		contexts[i], spans[i] = g.Start(parent, i, began)
	}
	for i, s := range spans {
		g.Complete(s, trace.SpanContextFromContext(parents[0]), attribute.Int("i", i))
		waits.Add(parents[i], s, began, ended, attribute.Int("i", i))
	}
	waits.Flush()
	span.StartChildren(contexts, tracer, "INSERT orders", span.Options{Time: began}).End(ended, nil)
	for _, s := range spans[:n-late] {
		span.End(s, ended)
	}
	g.Flush()
	for _, s := range spans[n-late:] {
		span.End(s, ended)
	}
}

func parentsOf(n, sampled int) []context.Context {
	parents := make([]context.Context, n)
	for i := range parents {
		c := trace.SpanContextConfig{TraceID: trace.TraceID{1, byte(i), byte(i >> 8)}, SpanID: trace.SpanID{1}, Remote: true}
		c.TraceFlags = c.TraceFlags.WithSampled(i%(n/sampled) == 0)
		parents[i] = remote.Context(context.Background(), trace.NewSpanContext(c))
	}
	return parents
}

func heap() int {
	runtime.GC()
	runtime.GC() // what pools held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// A queue counts the bytes of spans, and has a bound of them. However few of a
// batch are sampled, those must not keep the memory of the others.
func TestMany_AnyShareSampled_QueueKeepsLittleMoreThanItCounts(t *testing.T) {
	const n = 1000
	for sampled, batches := range map[int]int{1: 200, 10: 100, 100: 20, 1000: 5} {
		t.Run(fmt.Sprintf("%d of %d", sampled, n), func(t *testing.T) {
			parents := parentsOf(n, sampled)
			q := &queue{spans: make([]otlp.Span, 0, 4*batches*sampled)}
			tracer := span.New(span.Config{
				Sampler: span.Known(sdktrace.ParentBased(sdktrace.AlwaysSample())), Limits: sdktrace.NewSpanLimits(), Sink: q,
			}).Tracer("test")
			before := heap()
			for range batches {
				batchIn(parents, tracer, 0)
			}
			kept := heap() - before
			if len(q.spans) != 3*batches*sampled {
				t.Fatalf("%d spans are queued, want %d", len(q.spans), 3*batches*sampled)
			}
			if most := q.bytes*3/2 + 256<<10; kept > most {
				t.Errorf("%d bytes are kept of spans of %d, want %d at most", kept, q.bytes, most)
			}
			runtime.KeepAlive(parents)
		})
	}
}

// One message of each batch whose handler was left behind ends when the others
// were delivered long ago.
func TestGroup_FewEndLate_QueueKeepsLittleMoreThanItCounts(t *testing.T) {
	const n, batches = 1000, 50
	parents, q := parentsOf(n, n), &queue{}
	tracer := span.New(span.Config{
		Sampler: span.Known(sdktrace.ParentBased(sdktrace.AlwaysSample())), Limits: sdktrace.NewSpanLimits(), Sink: q,
	}).Tracer("test")
	before := heap()
	var late []otlp.Span
	bytes := 0
	for range batches {
		batchIn(parents, tracer, 1)
		last := q.spans[len(q.spans)-1]
		late, bytes = append(late, last), bytes+len(last.Data)
		q.spans = nil
	}
	if kept := heap() - before; kept > 2*bytes+256<<10 {
		t.Errorf("%d bytes are kept of %d spans of %d in all", kept, len(late), bytes)
	}
	runtime.KeepAlive(late)
	runtime.KeepAlive(parents)
}

// What a thousand spans have together is theirs; none has one of its own.
func TestMany_AThousandSpans_FewAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	for name, batch := range manyAtOnce(1000) {
		t.Run(name, func(t *testing.T) {
			if n := testing.AllocsPerRun(20, batch); n > 100 {
				t.Errorf("%v allocations for 1000 spans, want 100 at most", n)
			}
		})
	}
}
