package batch

// ring is a bounded first-in-first-out queue. It starts small and grows to its
// bound, so that a program which never falls behind does not pay for a long
// queue.
type ring[T any] struct {
	items []T
	head  int // index of the oldest item
	n     int // items held
	bound int
}

const firstSize = 64

// room reports whether there is room for another item.
func (r *ring[T]) room() bool { return r.n < r.bound }

// push adds v. There must be room for it.
func (r *ring[T]) push(v T) {
	if r.n == len(r.items) {
		r.grow()
	}
	r.items[(r.head+r.n)%len(r.items)] = v
	r.n++
}

func (r *ring[T]) grow() {
	items := make([]T, min(max(firstSize, 2*len(r.items)), r.bound))
	for i := range r.n {
		items[i] = r.items[(r.head+i)%len(r.items)]
	}
	r.items, r.head = items, 0
}

// take moves the oldest items, at most most, to dst. The ring keeps no
// reference to them.
func (r *ring[T]) take(dst []T, most int) []T {
	var zero T
	for range min(most, r.n) {
		dst = append(dst, r.items[r.head])
		r.items[r.head] = zero
		r.head = (r.head + 1) % len(r.items)
		r.n--
	}
	return dst
}
