package bearer

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tracehaul/tracehaul/service/bearer/bearertest"
)

func digestOf(n int) [sha256.Size]byte {
	return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
}

func (c *cache) len() int {
	n := 0
	for i := range c {
		n += len(c[i].entries)
	}
	return n
}

func TestVerify_KnownToken_IsNotVerifiedAgain(t *testing.T) {
	b := setup(t)
	token := b.issuer.Token(nil)
	b.wantClient(t, with(token), bearertest.ClientID)
	b.parser = nil // whoever parses now panics
	b.wantClient(t, with(token), bearertest.ClientID)
}

// A token that is known expires to the second, leeway included.
func TestVerify_KnownToken_Expires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := bearertest.RSA("key-1", 2048)
		v := inMemorySetup(t, &inMemory{Handler: serveKeys(t, key)})
		v.refresh(t)
		b := &bundle{Verifier: v}
		token := key.Sign(nil, map[string]any{"iss": "https://issuer.example", "exp": time.Now().Add(time.Minute).Unix(), "scope": bearertest.Scope})
		b.wantClient(t, with(token), "")
		time.Sleep(90*time.Second - time.Nanosecond)
		b.wantClient(t, with(token), "")
		time.Sleep(time.Nanosecond)
		b.wantRefused(t, with(token), CodeInvalidToken, "has expired")
	})
}

func TestCache_Full_ForgetsSoonestFirst(t *testing.T) {
	c, now := newCache(), time.Now()
	for i := range 3 * maxVerified {
		c.put(digestOf(i), "client", now.Add(time.Duration(i)*time.Second+time.Hour), now)
	}
	if n := c.len(); n > maxVerified || n < maxVerified*9/10 {
		t.Errorf("%d tokens are known, want %d at most", n, maxVerified)
	}
	for i := 3*maxVerified - maxVerified*9/10; i < 3*maxVerified; i++ {
		if _, ok := c.get(digestOf(i), now); !ok {
			t.Fatalf("number %d of %d was forgotten, and others that expire before it were not", i, 3*maxVerified)
		}
	}
}

// A flood of tokens that are about to expire leaves those that last.
func TestCache_Full_NewOneThatExpiresFirstIsNotKept(t *testing.T) {
	c, now := newCache(), time.Now()
	for i := range 3 * maxVerified {
		c.put(digestOf(i), "client", now.Add(time.Hour), now)
	}
	known := c.len()
	for i := range maxVerified {
		c.put(digestOf(-1-i), "client", now.Add(time.Minute), now)
	}
	for i := range maxVerified {
		if _, ok := c.get(digestOf(-1-i), now); ok {
			t.Fatal("a token took the place of one that expires later")
		}
	}
	if n := c.len(); n != known {
		t.Errorf("%d tokens are known, want the %d that last longer", n, known)
	}
}

// Two requests may come with a new token at once.
func TestCache_SameTokenTwice_HasOnePlace(t *testing.T) {
	c, now := newCache(), time.Now()
	for range 3 {
		c.put(digestOf(1), "client", now.Add(time.Hour), now)
	}
	s := &c[digestOf(1)[0]%shards]
	if len(s.order) != 1 || len(s.entries) != 1 {
		t.Errorf("%d places in the order for %d tokens, want one each", len(s.order), len(s.entries))
	}
}

func TestCache_ExpiredWhenPut_TakesNoPlace(t *testing.T) {
	c, now := newCache(), time.Now()
	c.put(digestOf(1), "client", now, now)
	c.put(digestOf(2), "client", now.Add(-time.Second), now)
	if n := c.len(); n != 0 {
		t.Errorf("%d tokens are known that have expired", n)
	}
}

func TestCache_Expired_MakesRoom(t *testing.T) {
	c, now := newCache(), time.Now()
	for i := range 2 * maxVerified {
		c.put(digestOf(i), "client", now.Add(time.Second), now)
	}
	for i := range maxVerified / 10 {
		c.put(digestOf(-1-i), "client", now.Add(time.Hour), now.Add(time.Minute))
	}
	for i := range maxVerified / 10 {
		if _, ok := c.get(digestOf(-1-i), now.Add(time.Minute)); !ok {
			t.Fatal("a token was forgotten although others had expired")
		}
	}
}

func TestCache_Concurrent_NoRaces(t *testing.T) {
	b := setup(t)
	tokens := []string{b.issuer.Token(nil), b.issuer.Token(nil)}
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range 50 {
				if _, err := b.Verify(with(tokens[(worker+i)%2])); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 5 {
		b.issuer.SetKeys(bearertest.RSA("key-1", 2048), bearertest.RSA("key-2", 2048))
		b.refresh(t)
		b.issuer.SetKeys(bearertest.RSA("key-1", 2048))
		b.refresh(t)
	}
	group.Wait()
}
