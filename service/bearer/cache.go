package bearer

import (
	"container/heap"
	"crypto/sha256"
	"sync"
	"time"
)

const (
	// maxVerified is how many tokens are known at once: some 3 MB.
	maxVerified = 10_000

	shards = 16
)

// cache knows the tokens that were verified, by their SHA-256: what it holds is
// worth nothing to a thief. Only good tokens get in, so that a flood of others
// cannot push them out.
type cache [shards]shard

type shard struct {
	mu      sync.Mutex
	entries map[[sha256.Size]byte]verified
	order   byExpiry
}

// verified is what is known of a token.
type verified struct {
	client string
	until  time.Time
}

func newCache() *cache {
	c := &cache{}
	for i := range c {
		c[i].entries = map[[sha256.Size]byte]verified{}
	}
	return c
}

func (c *cache) get(digest [sha256.Size]byte, now time.Time) (client string, ok bool) {
	s := &c[digest[0]%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.entries[digest]
	if !ok || !now.Before(v.until) {
		return "", false
	}
	return v.client, true
}

// put is told of a token once or more, always with the same until: it is the
// token's own. With no room left, the one that expires first is forgotten,
// which may be the new one.
func (c *cache) put(digest [sha256.Size]byte, client string, until, now time.Time) {
	if !now.Before(until) {
		return
	}
	s := &c[digest[0]%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.entries[digest]; known {
		return
	}
	if len(s.order) >= maxVerified/shards {
		if until.Before(s.order[0].until) {
			return
		}
		delete(s.entries, heap.Pop(&s.order).(expiry).digest)
	}
	s.entries[digest] = verified{client, until}
	heap.Push(&s.order, expiry{digest, until})
}

// expiry says when a token expires.
type expiry struct {
	digest [sha256.Size]byte
	until  time.Time
}

// byExpiry is a heap (see container/heap): the first to expire is on top.
type byExpiry []expiry

func (h byExpiry) Len() int           { return len(h) }
func (h byExpiry) Less(i, j int) bool { return h[i].until.Before(h[j].until) }
func (h byExpiry) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byExpiry) Push(x any)        { *h = append(*h, x.(expiry)) }

func (h *byExpiry) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
