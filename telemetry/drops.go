package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

const scopeName = "github.com/tracehaul/tracehaul/telemetry"

// drops counts what was never delivered, for a metric and for
// semconv.LogTelemetryDropped. It lives outside the metrics SDK so that what
// the metrics exporter drops is counted like anything else. Its lines go to
// LogWriter only: as records they might be dropped, and make further lines.
type drops struct {
	logger *slog.Logger

	telling sync.Mutex // one at a time writes lines

	mu     sync.Mutex
	counts map[drop]*dropped
	closed bool // no line is written any more
}

type drop struct {
	signal Signal
	reason string
}

// dropped is how much of a kind was dropped.
type dropped struct {
	total, told int64
	toldAt      time.Time   // when the last line was written
	timer       *time.Timer // writes the next; nil if there is nothing to tell
}

// dropInterval is the least time between two lines about the same kind.
const dropInterval = time.Minute

// add is called on the way of every span, and with locks held: it writes
// nothing itself.
func (d *drops) add(signal Signal, n int, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	kind := drop{signal, reason}
	c := d.counts[kind]
	if c == nil {
		if d.counts == nil {
			d.counts = map[drop]*dropped{}
		}
		c = &dropped{}
		d.counts[kind] = c
	}
	c.total += int64(n)
	if c.timer == nil && !d.closed {
		c.timer = time.AfterFunc(max(0, time.Until(c.toldAt.Add(dropInterval))), d.tell)
	}
}

// of returns a function that counts drops of one signal.
func (d *drops) of(signal Signal) func(n int, reason string) {
	return func(n int, reason string) { d.add(signal, n, reason) }
}

// total is how many items of a signal were dropped, for whatever reason.
func (d *drops) total(s Signal) (n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for kind, c := range d.counts {
		if kind.signal == s {
			n += c.total
		}
	}
	return n
}

// tell writes the lines that are due. It is for timers, and for programs that
// may be frozen before a timer fires.
func (d *drops) tell() { d.write(false) }

// close writes what was not told, whether it is due or not, and nothing
// afterwards.
func (d *drops) close() { d.write(true) }

func (d *drops) write(last bool) {
	d.telling.Lock()
	defer d.telling.Unlock()
	for kind, n := range d.take(last) {
		d.logger.LogAttrs(context.Background(), slog.LevelWarn, semconv.LogTelemetryDropped,
			slog.String(semconv.LogKeySignal, string(kind.signal)),
			slog.String(semconv.LogKeyReason, kind.reason),
			slog.Int64(semconv.LogKeyItems, n))
	}
}

// take returns what is to be told now.
func (d *drops) take(last bool) map[drop]int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = last
	now, items := time.Now(), map[drop]int64{}
	for kind, c := range d.counts {
		if c.timer == nil || !last && now.Sub(c.toldAt) < dropInterval {
			continue
		}
		items[kind] = c.total - c.told
		c.timer.Stop()
		c.told, c.toldAt, c.timer = c.total, now, nil
	}
	return items
}

// observe makes the counts a metric.
func (d *drops) observe(provider metric.MeterProvider) error {
	_, err := provider.Meter(scopeName).Int64ObservableCounter(semconv.MetricTelemetryDropped,
		metric.WithUnit(semconv.UnitItems),
		metric.WithDescription("Spans, data points and log records that were never delivered."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			for kind, c := range d.counts {
				o.Observe(c.total, metric.WithAttributes(semconv.SignalKey.String(string(kind.signal)), semconv.ReasonKey.String(kind.reason)))
			}
			return nil
		}))
	return err
}
