package bearer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// fetchGap is the least time between fetches that tokens with unknown keys
	// cause: anybody can make those up.
	fetchGap = 10 * time.Second

	// firstRetry and maxRetry bound the time until a fetch that failed is
	// tried again. It doubles from one to the other. Where run does not, a token
	// has the first keys fetched, and asks again after firstRetry.
	firstRetry = time.Second
	maxRetry   = 30 * time.Second

	// maxWaiting is how many requests wait for a fetch at once.
	maxWaiting = 128
)

// keys are the issuer's keys, as they were when last heard of.
type keys struct {
	cfg     Config
	client  *http.Client // nil: nothing is fetched
	current atomic.Pointer[keySet]

	mu       sync.Mutex
	fetching chan struct{} // closed when the fetch under way ends; nil if there is none
	cancel   func()        // ends it
	began    time.Time     // the last fetch
	ended    time.Time     // the last fetch that has
	running  int           // calls of run
	err      error         // what came of the last fetch that has ended
	waiting  int           // requests
}

func newKeys(c Config) (*keys, error) {
	k := &keys{cfg: c, client: c.HTTPClient}
	switch {
	case c.JWKS != "":
		k.client = nil
		set, err := parseKeySet([]byte(c.JWKS), c.Algorithms)
		if err != nil {
			return nil, fmt.Errorf("JWKS %w", err)
		}
		k.current.Store(set)
	case k.client == nil:
		k.client = newClient(c.FetchTimeout)
	}
	return k, nil
}

// run keeps the keys fresh.
func (k *keys) run(ctx context.Context) {
	k.runs(1)
	defer k.runs(-1)
	retry := firstRetry
	for k.client != nil {
		k.mu.Lock()
		done := k.begin()
		k.mu.Unlock()
		select {
		case <-done:
		case <-ctx.Done():
		}
		wait := k.cfg.RefreshInterval
		if k.lastError() != nil {
			wait = min(wait, retry)
			retry = min(2*retry, maxRetry)
		} else {
			retry = firstRetry
		}
		// Many tasks start at once, and must not come back at once.
		timer := time.NewTimer(time.Duration(float64(wait) * (0.9 + 0.2*rand.Float64()))) //nolint:gosec // need not be hard to guess
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			k.abandon()
			return
		}
	}
	<-ctx.Done()
}

func (k *keys) runs(more int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.running += more
}

// abandon ends the fetch under way, if there is one.
func (k *keys) abandon() {
	k.mu.Lock()
	done, cancel := k.fetching, k.cancel
	k.mu.Unlock()
	if done != nil {
		cancel()
		<-done
	}
}

// absent says why there are no keys.
func (k *keys) absent() *Error {
	why := "they are being fetched"
	if f, ok := errors.AsType[*fetchError](k.lastError()); ok {
		why = f.public
	}
	return unavailable("The issuer's keys are not there yet: " + why + ".")
}

// find returns a key, and the set that it is in. For a key that is not there it
// asks the issuer, unless it was asked a moment ago.
func (k *keys) find(ctx context.Context, kid string) (key, *keySet, *Error) {
	set := k.current.Load()
	found, ok := set.key(kid)
	if !ok && k.client != nil {
		if refused := k.wait(ctx); refused != nil {
			return key{}, nil, refused
		}
		set = k.current.Load()
		found, ok = set.key(kid)
	}
	switch {
	case ok:
		return found, set, nil
	case set == nil:
		return key{}, nil, k.absent()
	case k.lastError() != nil: // it may be a new key
		return key{}, nil, unavailable("The token's key is not known, and the issuer's keys cannot be fetched.")
	default:
		return key{}, nil, invalid("The token's key is none of the issuer's.")
	}
}

// wait lets a request wait for a fetch, if one is under way or due. Nobody waits
// for the first keys while run fetches them: an issuer that hangs would hold up
// everybody.
func (k *keys) wait(ctx context.Context) *Error {
	k.mu.Lock()
	done, none := k.ask(), k.current.Load() == nil
	if done == nil || none && k.running > 0 {
		k.mu.Unlock()
		return nil
	}
	if k.waiting == maxWaiting {
		k.mu.Unlock()
		if none {
			return k.absent()
		}
		return unavailable("The token's key is not known, and the issuer is being asked for it.")
	}
	k.waiting++
	k.mu.Unlock()
	select {
	case <-done:
	case <-ctx.Done():
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waiting--
	return nil
}

// ask begins a fetch for the sake of a token, or joins the one under way. It
// returns nil if it is too soon. k.mu is held.
func (k *keys) ask() <-chan struct{} {
	last, gap := k.began, fetchGap
	if k.running == 0 && k.current.Load() == nil {
		last, gap = k.ended, firstRetry
	}
	if k.fetching == nil && time.Since(last) < gap {
		return nil
	}
	return k.begin()
}

// begin begins a fetch, or joins the one under way. The channel is closed when
// it has ended. k.mu is held.
func (k *keys) begin() <-chan struct{} {
	if k.fetching != nil {
		return k.fetching
	}
	done := make(chan struct{})
	// It is no request's own, and so ends with none.
	ctx, cancel := context.WithTimeout(context.Background(), k.cfg.FetchTimeout)
	k.fetching, k.cancel, k.began = done, cancel, time.Now()
	go func() {
		defer cancel()
		set, err := k.fetch(ctx)
		switch {
		case err == nil:
			k.keep(ctx, set)
		case !errors.Is(err, context.Canceled):
			k.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "the issuer's keys cannot be fetched",
				slog.Any("error", err), slog.Bool("older_keys", k.current.Load() != nil))
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		k.err, k.fetching, k.ended = err, nil, time.Now()
		close(done)
	}()
	return done
}

func (k *keys) lastError() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

// keep takes a set over if it is another one. A new set knows no tokens, so
// that those of a key that is gone are no longer good.
func (k *keys) keep(ctx context.Context, set *keySet) {
	if k.current.Load().equal(set) {
		return
	}
	k.current.Store(set)
	k.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "the issuer has new keys",
		slog.Int("keys", len(set.keys)), slog.Any("ignored", set.ignored))
}
