package messaging

import (
	"container/list"
	"context"
	"time"
)

// maxWaiters bounds the receives that wait on one queue.
const maxWaiters = 1_000

// waiter is a receive that waits for messages. They are handed to it under
// the broker's lock, the first of them ends its wait: "the response contains
// at least one of the available messages" (SQS guide, "Short and long polling").
type waiter struct {
	limit      int
	visibility *time.Duration // nil for the queue's
	handed     chan []receipt
}

// receive is ReceiveMessage on one queue, given by name. A wait of nil is the
// queue's own.
func (b *Broker) receive(
	ctx context.Context, name string, limit int, visibility, wait *time.Duration,
) ([]receipt, *Error) {
	q, w, timeout, got, err := b.receiveOrPark(name, limit, visibility, wait)
	if w == nil {
		return got, err
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case got = <-w.handed:
		return got, nil
	case <-timer.C:
	case <-ctx.Done():
	case <-b.done:
	}
	return b.unpark(q, w), nil
}

func (b *Broker) receiveOrPark(
	name string, limit int, visibility, wait *time.Duration,
) (*queue, *waiter, time.Duration, []receipt, *Error) {
	now := b.lock()
	defer b.unlock(now)
	q, err := b.queue(name)
	if err != nil {
		return nil, nil, 0, nil, err
	}
	timeout := q.attrs.wait
	if wait != nil {
		timeout = *wait
	}
	hidden := q.attrs.visibility
	if visibility != nil {
		hidden = *visibility
	}
	got := q.take(limit, hidden, now)
	if len(got) > 0 || b.closed {
		return nil, nil, 0, got, nil
	}
	if timeout <= 0 {
		// "If you reach this quota while using short polling, Amazon SQS
		// returns the OverLimit error message. If you use long polling, Amazon
		// SQS returns no error messages" (SQS guide, "In flight messages").
		if q.inFlight >= b.cfg.MaxInFlight {
			err = errorf("OverLimit", "The queue has %d messages in flight, which is the most it may have.", q.inFlight)
		}
		return nil, nil, 0, nil, err
	}
	if q.waiters.Len() >= maxWaiters {
		return nil, nil, 0, nil, errorf("RequestThrottled", "%d receives wait on this local queue already.", maxWaiters)
	}
	w := &waiter{limit: limit, visibility: visibility, handed: make(chan []receipt, 1)}
	q.waiters.PushBack(w)
	q.touch()
	return q, w, timeout, nil, nil
}

// unpark ends a wait. Messages may have been handed over in the last moment.
func (b *Broker) unpark(q *queue, w *waiter) []receipt {
	now := b.lock()
	defer b.unlock(now)
	for e := q.waiters.Front(); e != nil; e = e.Next() {
		if e.Value == w {
			q.waiters.Remove(e)
			q.touch()
			return nil
		}
	}
	return <-w.handed
}

// touch has the waiters served before the lock is given up.
func (q *queue) touch() {
	if !q.dirty && (q.waiters.Len() > 0 || q.wake != nil) {
		q.dirty = true
		q.broker.dirty = append(q.broker.dirty, q)
	}
}

// serve hands messages to the waiters, and sees to it that it is called again
// when the next hidden message becomes visible.
func (q *queue) serve(now time.Time) {
	var next *list.Element
	for e := q.waiters.Front(); e != nil; e = next {
		next = e.Next()
		w := e.Value.(*waiter) //nolint:forcetypeassert // only waiters are pushed
		hidden := q.attrs.visibility
		if w.visibility != nil {
			hidden = *w.visibility
		}
		got := q.take(w.limit, hidden, now)
		if len(got) == 0 {
			break
		}
		q.waiters.Remove(e)
		w.handed <- got
	}
	q.arm(now)
}

// arm sets the queue's timer: while receives wait, and only then, it goes off
// when the next hidden message becomes visible.
func (q *queue) arm(now time.Time) {
	switch {
	case q.waiters.Len() == 0 || len(q.hidden) == 0:
		if q.wake != nil {
			q.wake.Stop()
			q.wake = nil
		}
	case q.wake == nil:
		q.wake = time.AfterFunc(q.hidden[0].visibleAt.Sub(now), q.woken)
	default:
		q.wake.Reset(q.hidden[0].visibleAt.Sub(now))
	}
}

func (q *queue) woken() {
	now := q.broker.lock()
	defer q.broker.unlock(now)
	if !q.broker.closed {
		q.touch()
	}
}
