package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Telemetry holds the providers of one program. It is made by [Setup]; all its
// methods are safe for concurrent use.
type Telemetry struct {
	tracers    trace.TracerProvider
	meters     metric.MeterProvider
	loggers    log.LoggerProvider
	propagator propagation.TextMapPropagator
	logger     *slog.Logger
	reporter   *reporter
	drops      *drops

	flushTimeout    time.Duration
	shutdownTimeout time.Duration

	// What there is to flush and shut down: spans and log records, and then
	// metrics, which tell how many of those were dropped.
	first, last []stoppable
	reader      *reader // nil if metrics go nowhere
	shutdown    sync.Once
}

// stoppable is what the SDK's providers and our processors have in common.
type stoppable interface {
	ForceFlush(ctx context.Context) error
	Shutdown(ctx context.Context) error
}

// signal is a provider with its processor, if it has one. The SDK's provider
// of log records leaves its processor running when ctx is over, so that the
// processor is shut down once more.
type signal struct{ provider, processor stoppable }

func (s signal) ForceFlush(ctx context.Context) error { return s.provider.ForceFlush(ctx) }

func (s signal) Shutdown(ctx context.Context) error {
	err := s.provider.Shutdown(ctx)
	if s.processor != nil {
		err = errors.Join(err, s.processor.Shutdown(ctx))
	}
	return err
}

// TracerProvider returns the provider of tracers.
func (t *Telemetry) TracerProvider() trace.TracerProvider { return t.tracers }

// MeterProvider returns the provider of meters.
func (t *Telemetry) MeterProvider() metric.MeterProvider { return t.meters }

// LoggerProvider returns the provider of OpenTelemetry loggers, for bridges
// from other logging libraries. Programs log through [Telemetry.Logger].
func (t *Telemetry) LoggerProvider() log.LoggerProvider { return t.loggers }

// Propagator returns the propagator of the context between processes.
func (t *Telemetry) Propagator() propagation.TextMapPropagator { return t.propagator }

// Logger returns the program's logger: JSON lines with the resource's
// attributes and, within a span, trace_id and span_id. It is the same on every
// call.
func (t *Telemetry) Logger() *slog.Logger { return t.logger }

// SetGlobal makes t the source of OpenTelemetry's global providers, propagator
// and error handler, for libraries that look there. Errors are logged at a
// bounded rate.
func (t *Telemetry) SetGlobal() {
	otel.SetTracerProvider(t.tracers)
	otel.SetMeterProvider(t.meters)
	otel.SetTextMapPropagator(t.propagator)
	otel.SetErrorHandler(t.reporter)
	otel.SetLoggerProvider(t.loggers)
}

// ForceFlush sends what has ended or been measured so far. It is bounded by
// ctx and by Config.FlushTimeout. After a flush or an export that ran out of
// time, further flushes return an error at once until the collector has
// answered; what waits stays queued and is sent in the background.
func (t *Telemetry) ForceFlush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.flushTimeout)
	defer cancel()
	return concurrently(slices.Concat(t.first, t.last), func(s stoppable) error { return s.ForceFlush(ctx) })
}

// FlushInvocation is for the end of a Lambda invocation, after which the
// program is frozen: it is ForceFlush, but metrics are sent only if
// MetricsConfig.Interval has passed since they were last. Shutdown sends the
// rest.
func (t *Telemetry) FlushInvocation(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.flushTimeout)
	defer cancel()
	var metricsErr error
	var wg sync.WaitGroup
	if t.reader != nil {
		wg.Go(func() { metricsErr = t.reader.flushDue(ctx) })
	}
	err := concurrently(t.first, func(s stoppable) error { return s.ForceFlush(ctx) })
	wg.Wait()
	t.drops.tell()
	return errors.Join(err, metricsErr)
}

// DroppedOf returns how many items of a signal were never delivered since
// [Setup]. What a flush waited for is counted when it returns.
func (t *Telemetry) DroppedOf(s Signal) int64 { return t.drops.total(s) }

// Shutdown flushes and stops everything. It is bounded by ctx and by
// Config.ShutdownTimeout; what could not be sent by then is dropped, and the
// log tells how much. A second call does nothing.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	var err error
	t.shutdown.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, t.shutdownTimeout)
		defer cancel()
		err = errors.Join(t.shutdownFirst(ctx), concurrently(t.last, func(s stoppable) error { return s.Shutdown(ctx) }))
		t.drops.close()
	})
	return err
}

// shutdownFirst leaves a third of the time to the metrics, which come last.
func (t *Telemetry) shutdownFirst(ctx context.Context) error {
	deadline, _ := ctx.Deadline()
	ctx, cancel := context.WithTimeout(ctx, time.Until(deadline)*2/3)
	defer cancel()
	return concurrently(t.first, func(s stoppable) error { return s.Shutdown(ctx) })
}

func concurrently(all []stoppable, f func(stoppable) error) error {
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, s := range all {
		wg.Go(func() { errs[i] = f(s) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
