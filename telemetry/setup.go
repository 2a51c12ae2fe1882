package telemetry

import (
	"context"
	"fmt"
	"log/slog"

	lognoop "go.opentelemetry.io/otel/log/noop"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// setup is what the making of the providers shares.
type setup struct {
	config   Config // with defaults
	resource *resource.Resource
	lines    slog.Handler // JSON lines to LogWriter
	drops    *drops
	reporter *reporter
}

// Setup makes the providers that c describes. It fails on settings that can
// never work, naming all of them, and never because a collector, or the source
// of resource attributes, is away. It takes at most Config.DetectTimeout.
func Setup(ctx context.Context, c Config) (*Telemetry, error) {
	c = c.withDefaults()
	if c.Disabled {
		return disabled(ctx, c), nil
	}
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	s, detectErr := newSetup(ctx, c)
	if detectErr != nil {
		s.reporter.logger.WarnContext(ctx, "resource detection is incomplete", "error", detectErr.Error())
	}
	t := s.telemetry()
	if err := t.start(ctx, s); err != nil {
		_ = t.Shutdown(ctx)
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	return t, nil
}

func newSetup(ctx context.Context, c Config) (*setup, error) {
	res, err := newResource(ctx, c)
	lines := jsonHandler(c.LogWriter, c.LogLevel, res)
	own := slog.New(lines)
	return &setup{
		config: c, resource: res, lines: lines,
		drops:    &drops{logger: own},
		reporter: &reporter{logger: own},
	}, err
}

// telemetry returns a Telemetry that records nothing yet.
func (s *setup) telemetry() *Telemetry {
	return &Telemetry{
		tracers:         tracenoop.NewTracerProvider(),
		meters:          metricnoop.NewMeterProvider(),
		loggers:         lognoop.NewLoggerProvider(),
		propagator:      newPropagator(s.config),
		logger:          newLogger(s.lines, s.config.LogLevel, nil),
		reporter:        s.reporter,
		drops:           s.drops,
		flushTimeout:    s.config.FlushTimeout,
		shutdownTimeout: s.config.ShutdownTimeout,
	}
}

// start makes the providers.
func (t *Telemetry) start(ctx context.Context, s *setup) error {
	meters, reader, err := newMeterProvider(ctx, s)
	if err != nil {
		return err
	}
	t.meters, t.reader, t.last = meters, reader, []stoppable{meters}
	if err := observe(s, meters); err != nil {
		return err
	}
	tracers, err := newTracerProvider(ctx, s)
	if err != nil {
		return err
	}
	t.tracers, t.first = tracers, []stoppable{tracers}
	loggers, records, err := newLoggerProvider(ctx, s)
	if err != nil {
		return err
	}
	t.loggers, t.first = loggers, append(t.first, signal{loggers, records})
	if s.config.Logs.Exporter.Kind == ExporterOTLP {
		t.logger = newLogger(s.lines, s.config.LogLevel, loggers)
	}
	return nil
}

// disabled keeps what must work under OTEL_SDK_DISABLED: the propagator and
// the logger.
func disabled(ctx context.Context, c Config) *Telemetry {
	c.ECSMetadataURI = ""
	s, _ := newSetup(ctx, c)
	return s.telemetry()
}

func newPropagator(c Config) propagation.TextMapPropagator {
	var all []propagation.TextMapPropagator
	for _, name := range c.Propagators {
		switch name {
		case PropagatorTraceContext:
			all = append(all, propagation.TraceContext{})
		case PropagatorBaggage:
			all = append(all, propagation.Baggage{})
		case PropagatorXRay:
			all = append(all, xray.Propagator{ALBParent: c.ALBParent})
		}
	}
	return propagation.NewCompositeTextMapPropagator(all...)
}
