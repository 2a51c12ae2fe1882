package batch

import (
	"context"
	"time"

	"github.com/tracehaul/tracehaul/telemetry/internal/export"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// run exports batches until Shutdown.
func (p *Processor[T]) run() {
	defer close(p.exited)
	defer p.cancel()
	timer := time.NewTimer(p.c.Delay)
	defer timer.Stop()
	items := make([]T, 0, min(p.c.BatchSize, firstSize))
	for {
		select {
		case <-p.wake:
		case <-timer.C:
			p.flushAll()
		}
		for p.ctx.Err() == nil {
			items = p.next(items[:0])
			if len(items) == 0 {
				break
			}
			p.export(items)
			clear(items)
		}
		if p.finished() {
			return
		}
		timer.Reset(p.c.Delay)
	}
}

// flushAll has everything queued exported, full batches or not.
func (p *Processor[T]) flushAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flushTo = p.added
}

// next takes a batch off the queue, or nothing if it can wait.
func (p *Processor[T]) next(items []T) []T {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue.n < p.c.BatchSize && p.done >= p.flushTo && !p.closed && !p.heavy() {
		return items
	}
	return p.queue.take(items, p.c.BatchSize)
}

func (p *Processor[T]) export(items []T) {
	ctx, cancel := context.WithTimeout(p.ctx, p.c.Timeout)
	defer cancel()
	began := time.Now()
	err := p.c.Export(ctx, items)
	took := time.Since(began)
	if err != nil {
		p.c.Failed(err)
	}
	size := 0
	for _, item := range items {
		size += p.size(item)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes -= size
	p.took = took
	p.advance(len(items))
	if err != nil {
		p.failure, p.failedAt = err, p.done
	}
	p.stalled = export.Unresponsive(err)
}

// finished reports whether run is to return: after Shutdown, when the queue is
// empty, or what is left had to be dropped.
func (p *Processor[T]) finished() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil && p.queue.n > 0 {
		p.c.Dropped(p.queue.n, semconv.DropShutdown)
		p.advance(p.queue.n)
		p.queue = ring[T]{}
	}
	return p.closed && p.queue.n == 0
}

func (p *Processor[T]) advance(n int) {
	p.done += uint64(n) //nolint:gosec // never negative
	close(p.progress)
	p.progress = make(chan struct{})
}
