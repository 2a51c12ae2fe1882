package service

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// publisher lets requests share PublishBatch calls.
//
// It works like Nagle's algorithm: a batch that is full goes out as soon as a
// call may be made, and one that is not full only when no call is on its way.
// So nothing waits while there is little to do, and when there is much the
// calls are full. Two things are added. No entry waits longer than delay for
// others; and it does not wait at all when events come so seldom that nobody
// is likely to join it within that time, however long SNS takes for a call.
//
// It has no goroutine of its own. A call runs in a goroutine that goes on with
// the next batch, and ends when there is none.
type publisher struct {
	publisherConfig

	// calls outlive the requests whose entries they carry: a client that goes
	// away must not take its neighbours' events along.
	ctx    context.Context //nolint:containedctx // see above
	cancel context.CancelFunc

	mu      sync.Mutex
	waiting queue
	pending int         // entries without an outcome, waiting or on their way
	calls   int         // batches on their way
	timer   *time.Timer // runs dispatch when the first of waiting has waited for delay
	latest  time.Time   // when something was submitted last
	closing bool
	idle    chan struct{} // closed when closing and pending is 0

	// confirmedAt is when SNS last took an entry, and shedAt when an entry
	// was last refused for lack of room.
	confirmedAt, shedAt time.Time
}

type publisherConfig struct {
	topicARN    string
	sns         BatchPublisher
	maxBytes    int // of one call
	maxPending  int
	concurrency int
	attempts    int // of one entry
	delay       time.Duration
	timeout     time.Duration // of one call and what follows from it
	buffer      *budget
	metrics     *metrics
	logger      *slog.Logger
}

// submission is what one request wants published.
type submission struct {
	// ctx is the request's. Its span is the parent of the send spans.
	ctx     context.Context //nolint:containedctx // it belongs to the entries, not to a call
	entries []entry
	done    chan struct{} // closed when left is 0

	// Guarded by publisher.mu.
	left int  // entries without an outcome
	gone bool // nobody waits for the outcomes any more
}

// Why submit refuses.
var (
	errOverloaded = errors.New("too many events wait for SNS")
	errTooLarge   = errors.New("the events are more than may wait for SNS")
	errStopping   = errors.New("the service is stopping")
)

func newPublisher(c publisherConfig) *publisher {
	ctx, cancel := context.WithCancel(context.Background())
	return &publisher{publisherConfig: c, ctx: ctx, cancel: cancel, idle: make(chan struct{})}
}

// submit puts all entries into the queue, or none and returns why.
func (p *publisher) submit(s *submission) error {
	size := 0
	for i := range s.entries {
		size += s.entries[i].size
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.admit(len(s.entries), size, now); err != nil {
		return err
	}
	s.left = len(s.entries)
	s.done = make(chan struct{})
	if s.left == 0 {
		close(s.done)
	}
	p.pending += len(s.entries)
	seldom := now.Sub(p.latest) > p.delay
	p.latest = now
	for i := range s.entries {
		e := &s.entries[i]
		e.submission, e.since, e.eager = s, now, seldom
		p.waiting.push(e)
	}
	p.dispatch(now)
	return nil
}

// full reports that there is no room, not even for one entry. Whoever asked is
// refused then.
func (p *publisher) full() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pending < p.maxPending || p.closing {
		return false
	}
	p.shedAt = time.Now()
	return true
}

// admit makes room for n more entries or says why there is none. p.mu is held.
func (p *publisher) admit(n, size int, now time.Time) error {
	if p.closing {
		return errStopping
	}
	if int64(size) > p.buffer.limit {
		return errTooLarge // for ever
	}
	if p.pending+n > p.maxPending || !p.buffer.acquire(size) {
		p.shedAt = now
		return errOverloaded
	}
	return nil
}

// wait returns when every entry of s has an outcome, at the latest when the
// request ends or after timeout. Then entries that still wait are taken back,
// and those on their way count as not confirmed. It returns the outcomes,
// which do not change any more.
func (p *publisher) wait(s *submission, timeout time.Duration) []*publishError {
	// Not context.WithTimeout, which costs eight allocations.
	late := time.NewTimer(timeout)
	defer late.Stop()
	outcomes := make([]*publishError, len(s.entries))
	select {
	case <-s.done:
	case <-s.ctx.Done():
		p.giveUp(s)
	case <-late.C:
		p.giveUp(s)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range s.entries {
		e := &s.entries[i]
		outcomes[i] = e.outcome
		if !e.settled {
			outcomes[i] = unconfirmed
		}
	}
	return outcomes
}

// giveUp takes back what still waits.
func (p *publisher) giveUp(s *submission) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.gone = true
	for i := range s.entries {
		if e := &s.entries[i]; e.queued {
			p.waiting.remove(e)
			p.settle(e, withdrawn)
		}
	}
}

// dispatch starts all calls that it is time for. p.mu is held.
func (p *publisher) dispatch(now time.Time) {
	for {
		batch := p.next(now)
		if batch == nil {
			return
		}
		p.calls++
		go p.work(batch)
	}
}

// next takes the next batch out of the queue, or returns nil if there is none
// or if it has to wait. p.mu is held.
func (p *publisher) next(now time.Time) []*entry {
	first := p.waiting.first
	if first == nil || p.calls >= p.concurrency {
		return nil
	}
	n, size, full := 0, 0, false
	for e := first; e != nil && !full; e = e.next {
		if size+e.size > p.maxBytes && n > 0 {
			full = true
			break
		}
		n++
		size += e.size
		full = n == maxEntries
	}
	if !full && p.calls > 0 && !first.eager && !p.closing {
		if left := p.delay - now.Sub(first.since); left > 0 {
			p.wake(left)
			return nil
		}
	}
	batch := make([]*entry, n)
	for i := range batch {
		batch[i] = p.waiting.pop()
	}
	return batch
}

// wake runs dispatch after a while. A wake-up too many does no harm.
func (p *publisher) wake(after time.Duration) {
	if p.timer != nil {
		p.timer.Reset(after)
		return
	}
	p.timer = time.AfterFunc(after, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.dispatch(time.Now())
	})
}

// work delivers batches until it finds none.
func (p *publisher) work(batch []*entry) {
	for batch != nil {
		p.deliver(batch)
		p.mu.Lock()
		now := time.Now()
		p.calls--
		if batch = p.next(now); batch != nil {
			p.calls++
			p.dispatch(now) // what the wait for this call held up may be more than one batch
		}
		p.mu.Unlock()
	}
}

// saturated reports that this process does not keep up while SNS does: events
// were refused within the last second, and others were confirmed lately. When
// SNS is away this says no, since it is away for all processes alike, and
// taking all of them out of the load balancer helps nobody.
func (p *publisher) saturated() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.shedAt) < time.Second && time.Since(p.confirmedAt) < 5*time.Second
}

// close takes no more entries, waits until all have an outcome, and then ends
// everything. When ctx ends before, what is left is given up: it returns how
// many entries that were.
func (p *publisher) close(ctx context.Context) (lost int) {
	p.mu.Lock()
	p.closing = true
	if p.pending == 0 {
		close(p.idle)
	}
	p.dispatch(time.Now()) // nothing waits for company any more
	p.mu.Unlock()

	select {
	case <-p.idle:
	case <-ctx.Done():
	}

	p.mu.Lock()
	lost = p.pending
	for p.waiting.first != nil {
		p.settle(p.waiting.pop(), stopped)
	}
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mu.Unlock()
	p.cancel() // ends calls that are still on their way

	select {
	case <-p.idle:
	case <-time.After(time.Second): // an SNS client that does not heed its context
	}
	return lost
}
