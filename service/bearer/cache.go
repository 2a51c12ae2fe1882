package bearer

import (
	"crypto/sha256"
	"sync"
	"time"
)

const (
	// maxVerified is how many tokens are known at once: some 2 MB.
	maxVerified = 10_000

	shards = 16

	// candidates are how many entries are looked at to find one to forget.
	candidates = 8
)

// cache knows the tokens that were verified, by their SHA-256: what it holds is
// worth nothing to a thief. Only good tokens get in, so that a flood of others
// cannot push them out.
type cache [shards]shard

type shard struct {
	mu      sync.Mutex
	entries map[[sha256.Size]byte]verified
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

func (c *cache) put(digest [sha256.Size]byte, client string, until, now time.Time) {
	s := &c[digest[0]%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.entries) >= maxVerified/shards {
		s.forget(now)
	}
	s.entries[digest] = verified{client, until}
}

// forget makes room: of a few entries, which Go's maps give in a random order,
// it drops those that have expired or else the one that expires first.
func (s *shard) forget(now time.Time) {
	var first [sha256.Size]byte
	var until time.Time
	seen, expired := 0, false
	for digest, v := range s.entries {
		if !now.Before(v.until) {
			delete(s.entries, digest)
			expired = true
		} else if until.IsZero() || v.until.Before(until) {
			first, until = digest, v.until
		}
		if seen++; seen == candidates {
			break
		}
	}
	if !expired {
		delete(s.entries, first)
	}
}
