package telemetry

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/metric"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

const scopeName = "github.com/tracehaul/tracehaul/telemetry"

// drops counts what was never delivered. It lives outside the metrics SDK so
// that what the metrics exporter drops is counted like anything else.
type drops struct {
	mu     sync.Mutex
	counts map[drop]int64
}

type drop struct {
	signal Signal
	reason string
}

func (d *drops) add(signal Signal, n int, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.counts == nil {
		d.counts = map[drop]int64{}
	}
	d.counts[drop{signal, reason}] += int64(n)
}

// of returns a function that counts drops of one signal.
func (d *drops) of(signal Signal) func(n int, reason string) {
	return func(n int, reason string) { d.add(signal, n, reason) }
}

// observe makes the counts a metric.
func (d *drops) observe(provider metric.MeterProvider) error {
	_, err := provider.Meter(scopeName).Int64ObservableCounter(semconv.MetricTelemetryDropped,
		metric.WithUnit(semconv.UnitItems),
		metric.WithDescription("Spans, data points and log records that were never delivered."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			for drop, n := range d.counts {
				o.Observe(n, metric.WithAttributes(semconv.SignalKey.String(string(drop.signal)), semconv.ReasonKey.String(drop.reason)))
			}
			return nil
		}))
	return err
}
