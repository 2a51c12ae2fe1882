package batch

import (
	"context"
	"errors"
	"time"
)

// Flush exports what was added before the call and waits for it, until ctx
// ends. It returns the last error of Export, also of what was exported before
// the call, unless another Flush has answered for that.
func (p *Processor[T]) Flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mu.Lock()
	target, told := p.added, min(p.told, p.done)
	p.told = target
	if p.done >= target {
		defer p.mu.Unlock()
		return p.failureAfter(told)
	}
	p.flushTo = max(p.flushTo, target)
	stalled := p.stalled && !p.c.AlwaysWait
	p.mu.Unlock()
	p.signal()
	if stalled {
		return ErrStalled
	}
	return p.wait(ctx, target, told)
}

// wait waits until target is done, and returns what failed of what comes
// after told.
func (p *Processor[T]) wait(ctx context.Context, target, told uint64) error {
	for {
		p.mu.Lock()
		progress, reached, err := p.progress, p.done >= target, p.failureAfter(told)
		p.mu.Unlock()
		if reached {
			return err
		}
		select {
		case <-progress:
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				p.stall()
			}
			return errors.Join(err, ctx.Err())
		}
	}
}

// failureAfter is the last error of Export, if that had items which were added
// after so many. It is called with the lock held.
func (p *Processor[T]) failureAfter(n uint64) error {
	if p.failedAt > n {
		return p.failure
	}
	return nil
}

// stall notes that a flush ran out of time. The next ones do not wait until
// the collector has answered, so that one which does not costs a Lambda one
// flush, and not one in every invocation.
func (p *Processor[T]) stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = true
}

// Shutdown exports what is queued and stops the Processor. When ctx ends
// first, the export under way is cancelled and the rest dropped. Items added
// afterwards are dropped. Further calls wait for the first.
func (p *Processor[T]) Shutdown(ctx context.Context) error {
	p.mu.Lock()
	before, first := p.done, !p.closed
	p.closed = true
	p.mu.Unlock()
	p.signal()
	var err error
	select {
	case <-p.exited:
	case <-ctx.Done():
		err = ctx.Err()
		p.cancel()
		p.grace()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if first {
		err = errors.Join(p.failureAfter(before), err)
	}
	return err
}

// grace gives the export that was just cancelled a moment to end, so that
// what is dropped is counted before Shutdown returns.
func (p *Processor[T]) grace() {
	timer := time.NewTimer(50 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-p.exited:
	case <-timer.C:
	}
}
