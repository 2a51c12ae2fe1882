package telemetry

import (
	"context"
	"errors"

	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/tracehaul/tracehaul/telemetry/internal/batch"
	"github.com/tracehaul/tracehaul/telemetry/internal/console"
	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

// newLoggerProvider makes the provider of OpenTelemetry's loggers with its
// queue and exporter.
func newLoggerProvider(ctx context.Context, s *setup) (*sdklog.LoggerProvider, stoppable, error) {
	c := s.config.Logs
	options := []sdklog.LoggerProviderOption{
		sdklog.WithResource(s.resource),
		sdklog.WithAttributeCountLimit(limit(c.Limits.AttributeCount)),
		sdklog.WithAttributeValueLengthLimit(limit(c.Limits.AttributeValueLength)),
	}
	p, err := newPipe(ctx, s, SignalLogs, c.Exporter, sliceCodec(otlp.AppendLogs), func(ctx context.Context, records []sdklog.Record) error {
		return console.Logs(ctx, s.lines, records)
	})
	if err != nil {
		return nil, nil, err
	}
	if p == nil {
		return sdklog.NewLoggerProvider(options...), nil, nil
	}
	processor := &logProcessor{queue: batch.New(queueConfig(s, SignalLogs, c.Exporter, c.Batch, p)), close: p.close}
	return sdklog.NewLoggerProvider(append(options, sdklog.WithProcessor(processor))...), processor, nil
}

// limit is one of [LogLimits] in the SDK's terms.
func limit(n int) int {
	if n == KeepNone {
		return 0
	}
	return n
}

// logProcessor puts log records into the queue.
type logProcessor struct {
	queue *batch.Processor[sdklog.Record]
	close func() error
}

func (*logProcessor) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }

func (p *logProcessor) OnEmit(_ context.Context, r *sdklog.Record) error {
	p.queue.Add(r.Clone()) // the processors after this one may change r
	return nil
}

func (p *logProcessor) ForceFlush(ctx context.Context) error { return p.queue.Flush(ctx) }

func (p *logProcessor) Shutdown(ctx context.Context) error {
	return errors.Join(p.queue.Shutdown(ctx), p.close())
}
