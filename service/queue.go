package service

import (
	"sync/atomic"
	"time"
)

// entry is one message on its way to SNS.
type entry struct {
	submission *submission
	body       string
	attributes attributes
	size       int // what it takes of a call, room for its trace context included
	since      time.Time
	eager      bool // does not wait for others

	// Guarded by publisher.mu.
	queued     bool
	prev, next *entry
	settled    bool
	outcome    *publishError

	// failure is what SNS said at the last attempt. It belongs to the call
	// that the entry is in.
	failure *publishError
}

// queue is a list of entries, linked through them, since an entry is taken out
// of its middle when a client goes away.
type queue struct {
	first, last *entry
}

func (q *queue) push(e *entry) {
	e.queued, e.prev, e.next = true, q.last, nil
	if q.last == nil {
		q.first = e
	} else {
		q.last.next = e
	}
	q.last = e
}

func (q *queue) pop() *entry {
	e := q.first
	q.remove(e)
	return e
}

func (q *queue) remove(e *entry) {
	if e.prev == nil {
		q.first = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		q.last = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.queued, e.prev, e.next = false, nil, nil
}

// budget is an amount of bytes that many share.
type budget struct {
	limit int64
	used  atomic.Int64
}

// acquire takes n bytes, or none and returns false.
func (b *budget) acquire(n int) bool {
	if b.used.Add(int64(n)) > b.limit {
		b.used.Add(-int64(n))
		return false
	}
	return true
}

func (b *budget) release(n int) { b.used.Add(-int64(n)) }
