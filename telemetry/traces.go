package telemetry

import (
	"bytes"
	"context"
	"errors"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/batch"
	"github.com/tracehaul/tracehaul/telemetry/internal/console"
	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// newTracerProvider makes the provider of tracers with its queue and exporter, if
// spans go anywhere. The spans are our own, not the SDK's: see package span.
func newTracerProvider(ctx context.Context, s *setup) (*span.Provider, error) {
	c := s.config.Traces
	config := span.Config{Sampler: sampler(c.Sampler), IDs: c.IDs, Limits: *c.Limits}
	codec := sliceCodec(otlp.NewResource(s.resource).AppendSpans)
	p, err := newPipe(ctx, s, SignalTraces, c.Exporter, codec, func(ctx context.Context, spans []otlp.Span) error {
		return console.Spans(ctx, s.lines, spans)
	})
	if err != nil {
		return nil, err
	}
	if p != nil {
		config.Sink = newSpanQueue(s, p)
	}
	return span.New(config), nil
}

// sampler makes a sampler understand the load balancer's header.
func sampler(base sdktrace.Sampler) sdktrace.Sampler {
	if p, ok := span.Known(base).(span.Plain); ok {
		return span.Plain{Sampler: xray.Sampler(p.Sampler), Inherited: p.Inherited}
	}
	return xray.Sampler(base)
}

// spanQueue is the queue of ended spans.
type spanQueue struct {
	*batch.Processor[otlp.Span]

	close func() error
}

func newSpanQueue(s *setup, p *pipe[[]otlp.Span]) *spanQueue {
	c := s.config.Traces
	config := queueConfig(s, SignalTraces, c.Exporter, c.Batch, p)
	config.QueueBytes = c.QueueBytes
	config.Size = func(s otlp.Span) int { return len(s.Data) }
	config.Keep = new(chunk).keep
	config.Early = earlySpans
	return &spanQueue{batch.New(config), p.close}
}

func (q *spanQueue) Shutdown(ctx context.Context) error {
	return errors.Join(q.Processor.Shutdown(ctx), q.close())
}

// earlySpans are worth a request of their own: a batch of messages ends its
// spans in three lots, and its answer waits for the last.
const earlySpans = 500

// chunk keeps the bytes of many spans in one allocation. It is garbage when
// all of them are delivered: they are queued and delivered in order.
type chunk struct{ free []byte }

const chunkSize = 16 << 10

func (c *chunk) keep(s otlp.Span) otlp.Span {
	n := len(s.Data)
	if n > chunkSize/4 {
		s.Data = bytes.Clone(s.Data)
		return s
	}
	if n > len(c.free) {
		c.free = make([]byte, chunkSize)
	}
	kept := c.free[:n:n]
	copy(kept, s.Data)
	s.Data, c.free = kept, c.free[n:]
	return s
}
