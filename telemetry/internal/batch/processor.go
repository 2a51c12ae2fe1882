package batch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// ErrStalled is returned by Flush, at once, when the last export, or the last
// Flush, ran out of time. The items stay queued and are exported in the
// background.
var ErrStalled = errors.New("not waiting, because there was no answer the last time")

// Config says how a Processor works. All fields must be set but for Size, with
// what goes with it, Keep, Early and AlwaysWait.
type Config[T any] struct {
	// QueueSize is how many items wait at most, BatchSize how many are
	// exported together at most.
	QueueSize, BatchSize int

	// Size is how many bytes an item takes, and QueueBytes how many those take
	// that wait or are being exported. Half of it is reason to export before a
	// batch is full. Without Size only QueueSize counts.
	Size       func(item T) int
	QueueBytes int

	// Keep returns what is queued instead of an item. It is called by one
	// goroutine at a time, for items that are not dropped. Without it that is
	// the item itself.
	Keep func(item T) T

	// Early is how many items AddAll has exported at once, so that a Flush
	// which follows has less to wait for. It does so only where the last export
	// took less than quick: else the Flush would wait for two slow ones. Without
	// it no number is enough.
	Early int

	// Delay is how long an item waits at most for its batch to fill.
	Delay time.Duration

	// Timeout bounds the export of one batch.
	Timeout time.Duration

	// AlwaysWait has Flush wait after one that ran out of time as well: it
	// never returns ErrStalled.
	AlwaysWait bool

	// Export delivers a batch, or gives it up and counts it as dropped. It
	// must keep to ctx, and must not keep items. It is called by one goroutine.
	// Its error is passed to Flush, and to Failed; see also export.Unresponsive.
	Export func(ctx context.Context, items []T) error

	// Dropped counts items that were never given to Export, with the reason.
	Dropped func(n int, reason string)

	// Failed hears of Export's errors.
	Failed func(error)
}

// Processor queues and exports items. Make one with New; it runs until
// Shutdown.
type Processor[T any] struct {
	c      Config[T]
	ctx    context.Context //nolint:containedctx // the life of the goroutine: cancelled when Shutdown runs out of time
	cancel context.CancelFunc
	wake   chan struct{} // tells run to look at the state below
	exited chan struct{} // closed when run has returned

	mu       sync.Mutex
	queue    ring[T]
	bytes    int           // of the items that wait or are being exported
	added    uint64        // items ever queued
	done     uint64        // items exported or given up
	flushTo  uint64        // export without waiting for full batches until done is that far
	progress chan struct{} // closed and replaced whenever done changes
	closed   bool
	stalled  bool          // the last export, or the last Flush, ran out of time
	failure  error         // the last error of Export
	failedAt uint64        // done after it
	told     uint64        // items that a Flush has answered for
	took     time.Duration // the last export, 0 before the first
}

// quick is what an export takes to a collector on the same machine.
const quick = 2 * time.Millisecond

// New returns a running Processor.
func New[T any](c Config[T]) *Processor[T] {
	ctx, cancel := context.WithCancel(context.Background()) //nolint:gosec // run cancels it in the end
	p := &Processor[T]{
		c:        c,
		ctx:      ctx,
		cancel:   cancel,
		wake:     make(chan struct{}, 1),
		exited:   make(chan struct{}),
		queue:    ring[T]{bound: c.QueueSize},
		progress: make(chan struct{}),
	}
	go p.run()
	return p
}

// Add queues an item. It never blocks: if the queue is full, or the Processor
// shut down, the item is dropped.
func (p *Processor[T]) Add(item T) {
	size := p.size(item)
	p.mu.Lock()
	if reason := p.refusal(size); reason != "" {
		p.mu.Unlock()
		p.c.Dropped(1, reason)
		return
	}
	if p.c.Keep != nil {
		item = p.c.Keep(item)
	}
	p.push(item, size)
	full := p.queue.n == p.c.BatchSize || size > 0 && p.heavy()
	p.mu.Unlock()
	if full {
		p.signal()
	}
}

// AddAll queues items as they are, without Keep. It drops those for which
// there is no room.
func (p *Processor[T]) AddAll(items []T) {
	dropped, why := 0, ""
	p.mu.Lock()
	for _, item := range items {
		size := p.size(item)
		if reason := p.refusal(size); reason != "" {
			dropped++
			why = reason
			continue
		}
		p.push(item, size)
	}
	full := p.queue.n >= p.c.BatchSize || p.heavy()
	if p.c.Early > 0 && p.queue.n >= p.c.Early && p.took > 0 && p.took < quick {
		p.flushTo, full = p.added, true
	}
	p.mu.Unlock()
	if dropped > 0 {
		p.c.Dropped(dropped, why)
	}
	if full {
		p.signal()
	}
}

// size is how many bytes an item takes, as far as that counts.
func (p *Processor[T]) size(item T) int {
	if p.c.Size == nil {
		return 0
	}
	return p.c.Size(item)
}

// refusal is why an item of a size cannot be queued, or empty. It is called
// with the lock held.
func (p *Processor[T]) refusal(size int) string {
	switch {
	case p.closed:
		return semconv.DropShutdown
	case !p.queue.room() || size > 0 && p.bytes+size > p.c.QueueBytes:
		return semconv.DropQueueFull
	}
	return ""
}

// push is called with the lock held.
func (p *Processor[T]) push(item T, size int) {
	p.queue.push(item)
	p.bytes += size
	p.added++
}

// heavy reports whether there are so many bytes that they should not wait. It
// is called with the lock held.
func (p *Processor[T]) heavy() bool { return p.c.Size != nil && p.bytes > p.c.QueueBytes/2 }

// Pending reports whether items wait or are being exported.
func (p *Processor[T]) Pending() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done < p.added
}

// Stalled reports whether Flush would return ErrStalled.
func (p *Processor[T]) Stalled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stalled && !p.c.AlwaysWait && p.done < p.added
}

func (p *Processor[T]) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}
