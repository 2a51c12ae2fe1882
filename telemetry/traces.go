package telemetry

import (
	"context"
	"errors"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/batch"
	"github.com/tracehaul/tracehaul/telemetry/internal/console"
	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// newTracerProvider makes the provider of tracers with its queue and exporter, if
// spans go anywhere.
func newTracerProvider(ctx context.Context, s *setup) (*sdktrace.TracerProvider, stoppable, error) {
	c := s.config.Traces
	options := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(s.resource),
		sdktrace.WithSampler(xray.Sampler(c.Sampler)),
		sdktrace.WithRawSpanLimits(*c.Limits),
	}
	p, err := newPipe(ctx, s, SignalTraces, c.Exporter, sliceCodec(otlp.AppendSpans), func(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
		return console.Spans(ctx, s.lines, spans)
	})
	if err != nil {
		return nil, nil, err
	}
	if p == nil {
		return sdktrace.NewTracerProvider(options...), nil, nil
	}
	processor := &spanProcessor{queue: newQueue(s, SignalTraces, c.Exporter, c.Batch, p), close: p.close}
	return sdktrace.NewTracerProvider(append(options, sdktrace.WithSpanProcessor(processor))...), processor, nil
}

// spanProcessor puts ended spans into the queue.
type spanProcessor struct {
	queue *batch.Processor[sdktrace.ReadOnlySpan]
	close func() error
}

func (*spanProcessor) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

func (p *spanProcessor) OnEnd(s sdktrace.ReadOnlySpan) {
	if s.SpanContext().IsSampled() {
		p.queue.Add(s)
	}
}

func (p *spanProcessor) ForceFlush(ctx context.Context) error { return p.queue.Flush(ctx) }

func (p *spanProcessor) Shutdown(ctx context.Context) error {
	return errors.Join(p.queue.Shutdown(ctx), p.close())
}
