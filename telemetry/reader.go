package telemetry

import (
	"context"
	"errors"
	"sync"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tracehaul/tracehaul/telemetry/internal/batch"
	"github.com/tracehaul/tracehaul/telemetry/internal/histogram"
)

// reader collects metrics at an interval and hands them to a queue of one,
// which delivers them with the same care as spans. As long as a collection has
// not been delivered, no other is made: what was measured stays in the SDK,
// bounded by its aggregation, and goes with the next one.
type reader struct {
	*sdkmetric.ManualReader

	histograms *histogram.Provider // those that are not the SDK's

	queue    *batch.Processor[*metricdata.ResourceMetrics]
	interval time.Duration
	timeout  time.Duration
	failed   func(error)
	close    func() error

	collecting sync.Mutex // one collection at a time
	collected  time.Time  // the last of them
	once       sync.Once
	stop       chan struct{}
	stopped    chan struct{}
}

// newReader returns a reader that does not run yet.
func newReader(s *setup, c MetricsConfig, p *pipe[*metricdata.ResourceMetrics]) *reader {
	r := &reader{
		ManualReader: sdkmetric.NewManualReader(
			sdkmetric.WithTemporalitySelector(c.Temporality),
			sdkmetric.WithAggregationSelector(defaultAggregation),
		),
		queue: batch.New(batch.Config[*metricdata.ResourceMetrics]{
			QueueSize: 1, BatchSize: 1, Delay: c.Interval,
			Timeout: min(c.Timeout, c.Exporter.Timeout),
			Export: func(ctx context.Context, items []*metricdata.ResourceMetrics) error {
				return p.export(ctx, items[0])
			},
			Dropped: s.drops.of(SignalMetrics),
			Failed:  s.reporter.of(SignalMetrics),
		}),
		interval: c.Interval,
		timeout:  c.Timeout,
		failed:   s.reporter.of(SignalMetrics),
		close:    p.close,
		stop:     make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	return r
}

func (r *reader) start() { go r.run() }

func (r *reader) run() {
	defer close(r.stopped)
	ticker := time.NewTicker(r.interval)
	defer ticker.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-ticker.C:
			ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
			if err := r.collect(ctx); err != nil {
				r.failed(err)
			}
			cancel()
		}
	}
}

// collect queues what was measured, unless an earlier collection waits.
func (r *reader) collect(ctx context.Context) error {
	if r.queue.Pending() {
		return nil
	}
	return r.collectNow(ctx)
}

func (r *reader) collectNow(ctx context.Context) error {
	r.collecting.Lock()
	defer r.collecting.Unlock()
	rm := new(metricdata.ResourceMetrics)
	if err := r.Collect(ctx, rm); err != nil {
		return err
	}
	r.histograms.Collect(rm)
	r.collected = time.Now()
	r.queue.Add(rm)
	return nil
}

// flushDue is ForceFlush, but at most once in an interval.
func (r *reader) flushDue(ctx context.Context) error {
	r.collecting.Lock()
	due := time.Since(r.collected) >= r.interval
	r.collecting.Unlock()
	if !due {
		return nil
	}
	return r.ForceFlush(ctx)
}

// ForceFlush collects and delivers what was measured so far.
func (r *reader) ForceFlush(ctx context.Context) error {
	if r.queue.Stalled() {
		return batch.ErrStalled
	}
	if err := r.queue.Flush(ctx); err != nil { // an earlier collection
		return err
	}
	if err := r.collect(ctx); err != nil {
		return err
	}
	return r.queue.Flush(ctx)
}

// Shutdown delivers what was measured so far, and stops.
func (r *reader) Shutdown(ctx context.Context) error {
	err := sdkmetric.ErrReaderShutdown
	r.once.Do(func() {
		close(r.stop)
		<-r.stopped
		err = errors.Join(r.collectNow(ctx), r.ManualReader.Shutdown(ctx), r.queue.Shutdown(ctx), r.close())
	})
	return err
}
