package service

import (
	"iter"
	"net/http"
	"sync"
	"time"
)

// patience is how long a body may be under way before it gives its room to
// whoever needs it.
const patience = 2 * time.Second

// room is what bodies may hold together while they arrive. It is their own, so
// that they take none from the events that wait for SNS.
//
// Where none is left, others give way to a body that needs some: those that hold
// at least twice what it announces, and those that have been under way for
// longer than patience. The costliest goes first, by bytes times time. If all of
// them together have too little, none does.
//
// So a small body that announces its length finds room beside any number of large
// ones that hold back their end, and large ones that come fast take none from each
// other. A body that announces nothing may be as large as any, and counts as that.
type room struct {
	limit   int
	largest int // that a body may be, in bytes

	mu   sync.Mutex
	used int
	last *body // of those that are being read, linked through them
}

// enter begins the reading of a body of so many bytes, -1 if it does not say. The
// answer to its request goes to w.
func (r *room) enter(b *body, size int64, w http.ResponseWriter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if size < 0 {
		size = int64(r.largest)
	}
	b.room, b.size, b.answer, b.since, b.reading = r, int(size), w, time.Now(), true
	if b.prev = r.last; b.prev != nil {
		b.prev.next = b
	}
	r.last = b
}

// hold raises what a body holds to n bytes, or returns false: there is no room,
// or it has lost what it had.
func (r *room) hold(b *body, n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b.lost != "" {
		return false
	}
	if missing := r.used + n - b.held - r.limit; missing > 0 && !r.clear(missing, b, n) {
		return false
	}
	r.used += n - b.held
	b.held = n
	return true
}

// clear has others give way until so many bytes are free for a body that is to
// hold n; or none of them, if all together have too little. r.mu is held.
func (r *room) clear(missing int, b *body, n int) bool {
	now := time.Now()
	if !r.enough(missing, b, n, now) {
		return false
	}
	for missing > 0 {
		costly := r.costliest(b, n, now)
		missing -= costly.held
		if !r.displace(costly, now) {
			return false
		}
	}
	return true
}

// yielding are the bodies that give way to one that is to hold n bytes. r.mu is
// held.
func (r *room) yielding(b *body, n int, now time.Time) iter.Seq[*body] {
	return func(yield func(*body) bool) {
		for other := r.last; other != nil; other = other.prev {
			gives := other.held >= 2*max(n, b.size) || other.isSlow(now)
			if gives && other != b && !yield(other) {
				return
			}
		}
	}
}

func (r *room) enough(missing int, b *body, n int, now time.Time) bool {
	for other := range r.yielding(b, n, now) {
		if missing -= other.held; missing <= 0 {
			return true
		}
	}
	return false
}

func (r *room) costliest(b *body, n int, now time.Time) (costly *body) {
	for other := range r.yielding(b, n, now) {
		if costly == nil || other.cost(now) > costly.cost(now) {
			costly = other
		}
	}
	return costly
}

// displace takes a body's room. It fails where reading cannot be ended: the
// memory would stay in use. r.mu is held.
func (r *room) displace(b *body, now time.Time) bool {
	// It is still being read: its connection is not yet another request's.
	if http.NewResponseController(b.answer).SetReadDeadline(now) != nil {
		return false
	}
	b.lost = codeOverloaded
	if b.isSlow(now) {
		b.lost = codeSlowBody
	}
	r.remove(b)
	return true
}

func (b *body) isSlow(now time.Time) bool { return now.Sub(b.since) >= patience }

// cost is what a body has taken from others: bytes times time.
func (b *body) cost(now time.Time) float64 { return float64(b.held) * now.Sub(b.since).Seconds() }

// leave ends the reading of a body. It returns the code of its refusal if it has
// lost its room.
func (r *room) leave(b *body) (lost string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unlink(b)
	return b.lost
}

// release gives back what a body holds.
func (r *room) release(b *body) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remove(b)
}

// remove takes a body out together with what it holds. r.mu is held.
func (r *room) remove(b *body) {
	r.unlink(b)
	r.used -= b.held
	b.held = 0
}

// unlink takes a body out of those that are being read. r.mu is held.
func (r *room) unlink(b *body) {
	if !b.reading {
		return
	}
	if b.next != nil {
		b.next.prev = b.prev
	} else {
		r.last = b.prev
	}
	if b.prev != nil {
		b.prev.next = b.next
	}
	b.prev, b.next, b.reading = nil, nil, false
}
