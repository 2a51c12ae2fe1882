package service

import (
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
// Where it is full, a body that needs some takes that of another which holds at
// least twice as much as it will, or has been under way for longer than patience;
// of several that of the one which has cost most, as bytes times time. So what
// is small, and says so, finds room beside any number of large bodies that hold
// back their end, and large ones that come fast take none from each other. What
// does not say how large it will be may be as large as any. Where all that others
// have to give is too little, they keep it.
type room struct {
	limit   int
	largest int // bytes of a body

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
	if b.lost != "" || !r.fits(b, n) {
		return false
	}
	for r.used+n-b.held > r.limit {
		if !r.displace(b, n) {
			return false
		}
	}
	r.used += n - b.held
	b.held = n
	return true
}

// fits reports that there is room for the n bytes of a body, or would be if all
// that give way to it did. r.mu is held.
func (r *room) fits(b *body, n int) bool {
	missing := r.used + n - b.held - r.limit
	if missing <= 0 {
		return true
	}
	now := time.Now()
	for other := r.last; other != nil && missing > 0; other = other.prev {
		if other.givesWay(b, n, now) {
			missing -= other.held
		}
	}
	return missing <= 0
}

// givesWay reports that a body's room is for the n bytes of one that needs it.
// room.mu is held.
func (b *body) givesWay(one *body, n int, now time.Time) bool {
	return b != one && (b.held >= 2*max(n, one.size) || now.Sub(b.since) >= patience)
}

// displace makes room for the n bytes of a body. r.mu is held.
func (r *room) displace(b *body, n int) bool {
	var costly *body
	var most float64
	now := time.Now()
	for other := r.last; other != nil; other = other.prev {
		if !other.givesWay(b, n, now) {
			continue
		}
		if cost := float64(other.held) * now.Sub(other.since).Seconds(); costly == nil || cost > most {
			costly, most = other, cost
		}
	}
	// It is still being read: its connection is not yet another request's.
	if costly == nil || http.NewResponseController(costly.answer).SetReadDeadline(now) != nil {
		return false
	}
	costly.lost = codeOverloaded
	if now.Sub(costly.since) >= patience {
		costly.lost = codeSlowBody
	}
	r.remove(costly)
	return true
}

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
