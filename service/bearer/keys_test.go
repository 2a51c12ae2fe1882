package bearer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tracehaul/tracehaul/service/bearer/bearertest"
)

func TestKeys_Rotated_NewKeyIsFetchedOldTokensAreNot(t *testing.T) {
	b := setup(t)
	old := b.issuer.Token(nil)
	b.wantClient(t, with(old), bearertest.ClientID)
	b.keys.began = time.Now().Add(-fetchGap) // as if the keys had been there for a while

	b.issuer.SetKeys(bearertest.RSA("key-2", 2048), bearertest.RSA("key-1", 2048))
	fresh := b.issuer.Token(nil)
	b.wantClient(t, with(fresh), bearertest.ClientID)
	b.wantClient(t, with(old), bearertest.ClientID)
	if n := b.issuer.Fetches(); n != 2 {
		t.Errorf("%d fetches, want 2", n)
	}

	// The issuer takes the old key back: what it signed is worth nothing, known
	// or not.
	b.issuer.SetKeys(bearertest.RSA("key-2", 2048))
	b.refresh(t)
	b.wantClient(t, with(fresh), bearertest.ClientID)
	b.wantRefused(t, with(old), CodeInvalidToken, "none of the issuer's")
}

func TestKeys_SameKeys_TokensStayKnown(t *testing.T) {
	b := setup(t)
	before := b.keys.current.Load()
	b.refresh(t)
	if b.keys.current.Load() != before {
		t.Error("the keys count as new")
	}
	if n := strings.Count(b.log.String(), "new keys"); n != 1 {
		t.Errorf("%d lines about new keys, want 1:\n%s", n, b.log)
	}
}

func TestKeys_IssuerDownAtStart_503UntilItIsThere(t *testing.T) {
	b := setupWithoutKeys(t)
	token := b.issuer.Token(nil)
	b.issuer.Serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	if err := b.Ready(); err == nil || !strings.Contains(err.Error(), "being fetched") {
		t.Errorf("ready: %v", err)
	}
	running(t, b.Verifier)
	eventually(t, func() bool { return b.Ready() != nil && strings.Contains(b.Ready().Error(), "status 500") })
	b.wantRefused(t, with(token), CodeKeysUnavailable, "status 500")
	b.wantRefused(t, request(), CodeUnauthenticated, "") // for this no keys are needed

	b.issuer.Serve(nil)
	eventually(t, func() bool { return b.Ready() == nil })
	b.wantClient(t, with(token), bearertest.ClientID)
}

func TestKeys_NotRunning_FirstTokenFetchesThem(t *testing.T) {
	b := setupWithoutKeys(t)
	b.wantClient(t, with(b.issuer.Token(nil)), bearertest.ClientID)
	b.wantClient(t, with(b.issuer.Token(nil)), bearertest.ClientID)
	if n := b.issuer.Fetches(); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

func TestKeys_RefreshFails_OldKeysStay(t *testing.T) {
	const secret = "hunter2"
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://"+r.Host+"/elsewhere")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	elsewhere := bearertest.New(t)
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"status 500":     {answer(500, secret), "status 500"},
		"not found":      {answer(404, ""), "status 404"},
		"redirect":       {answer(302, string(elsewhere.JWKS())), "status 302"},
		"HTML":           {answer(200, "<html>"+secret), "no JSON Web Key Set"},
		"no keys":        {answer(200, `{"keys":[]}`), "no key"},
		"huge":           {answer(200, `{"keys":[],"pad":"`+strings.Repeat("x", maxKeySet)+`"}`), "larger than"},
		"endless":        {endless, "larger than"},
		"weak keys only": {answer(200, string(keySetOf(t, bearertest.RSA("key-1", 1024).JWK()))), "1024 bits"},
		"hangs up":       {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "cannot be reached"},
		"breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"keys":`))
		}, "broke off"},
		"too slow": {func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(time.Minute):
			}
		}, "cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			if name == "too slow" {
				b.keys.cfg.FetchTimeout = 200 * time.Millisecond
			}
			b.issuer.Serve(tc.handler)
			b.refresh(t)
			if err := b.keys.lastError(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want %q", err, tc.want)
			}
			b.wantClient(t, with(b.issuer.Token(nil)), bearertest.ClientID)
			if err := b.Ready(); err != nil {
				t.Errorf("ready: %v", err)
			}
			if log := b.log.String(); !strings.Contains(log, "cannot be fetched") || strings.Contains(log, secret) {
				t.Errorf("log: %s", log)
			}
		})
	}
}

func endless(w http.ResponseWriter, _ *http.Request) {
	piece := []byte(strings.Repeat(" ", 4096))
	for {
		if _, err := w.Write(piece); err != nil {
			return
		}
	}
}

// While the issuer is away nobody can say whether a key is new or made up.
func TestKeys_UnknownKeyWhileIssuerIsAway_503(t *testing.T) {
	b := setup(t)
	b.issuer.Serve(http.NotFoundHandler())
	b.refresh(t)
	b.issuer.SetKeys(bearertest.RSA("key-2", 2048))
	b.wantRefused(t, with(b.issuer.Token(nil)), CodeKeysUnavailable, "cannot be fetched")
}

// inMemory is an issuer without a network, for tests with a clock of their own.
type inMemory struct {
	http.Handler

	latency time.Duration
	times   []time.Time
	mu      sync.Mutex
}

func (i *inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	i.times = append(i.times, time.Now())
	i.mu.Unlock()
	select {
	case <-time.After(i.latency):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	w := httptest.NewRecorder()
	i.ServeHTTP(w, r)
	return w.Result(), nil
}

func (i *inMemory) fetches() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.times)
}

func inMemorySetup(t *testing.T, issuer *inMemory) *Verifier {
	t.Helper()
	v, err := New(Config{
		Issuer: "https://issuer.example", Scopes: []string{bearertest.Scope},
		HTTPClient: &http.Client{Transport: issuer}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func serveKeys(t *testing.T, keys ...bearertest.Key) http.Handler {
	t.Helper()
	set := make([]map[string]any, len(keys))
	for i, k := range keys {
		set[i] = k.JWK()
	}
	text := keySetOf(t, set...)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) })
}

func TestKeys_Running_RefreshedWithJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := &inMemory{Handler: serveKeys(t, bearertest.RSA("key-1", 2048))}
		v := inMemorySetup(t, issuer)
		running(t, v)
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := issuer.fetches(); n < 11 || n > 14 {
			t.Errorf("%d fetches in an hour, want one every 5 minutes", n)
		}
		gaps := map[time.Duration]bool{}
		for i := range issuer.times[1:] {
			gap := issuer.times[i+1].Sub(issuer.times[i])
			if gap < 270*time.Second || gap > 330*time.Second {
				t.Errorf("%v between fetches, want 5 minutes give or take a tenth", gap)
			}
			gaps[gap] = true
		}
		if len(gaps) < 3 {
			t.Errorf("no jitter: %v", gaps)
		}
	})
}

func TestKeys_Running_FailedFetchIsTriedAgainSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := &inMemory{Handler: http.NotFoundHandler()}
		running(t, inMemorySetup(t, issuer))
		time.Sleep(time.Second + time.Second/2)
		synctest.Wait()
		if n := issuer.fetches(); n != 2 {
			t.Errorf("%d fetches in the first 1.5 seconds, want 2", n)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := issuer.fetches(); n < 20 || n > 30 {
			t.Errorf("%d fetches in ten minutes, want one every 30 seconds", n)
		}
	})
}

// Anybody can make up kids: the issuer must not notice.
func TestKeys_FloodOfUnknownKids_OneFetchPerGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := bearertest.RSA("key-1", 2048)
		issuer := &inMemory{Handler: serveKeys(t, key)}
		v := inMemorySetup(t, issuer)
		v.refresh(t)
		began := time.Now()
		for i := 0; time.Since(began) < time.Minute; i++ {
			_, err := v.Verify(with(key.Sign(map[string]any{"kid": fmt.Sprint("made-up-", i)}, nil)))
			if e, ok := errors.AsType[*Error](err); !ok || e.Code != CodeInvalidToken {
				t.Fatalf("error = %v", err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if n := issuer.fetches(); n != 6 {
			t.Errorf("%d fetches in a minute, want the first one and one every 10 seconds", n)
		}
	})
}

// Requests with unknown kids wait for one fetch together, and only so many.
func TestKeys_IssuerIsSlow_WaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, fresh := bearertest.RSA("key-1", 2048), bearertest.RSA("key-2", 2048)
		issuer := &inMemory{Handler: serveKeys(t, old)}
		v := inMemorySetup(t, issuer)
		v.refresh(t)
		time.Sleep(fetchGap)
		issuer.Handler, issuer.latency = serveKeys(t, fresh), time.Second

		token := fresh.Sign(nil, map[string]any{"iss": "https://issuer.example", "exp": time.Now().Add(time.Hour).Unix(), "scope": bearertest.Scope})
		began := time.Now()
		var good, unavailable atomic.Int64
		var group sync.WaitGroup
		for range maxWaiting + 20 {
			group.Go(func() {
				_, err := v.Verify(with(token))
				e, _ := errors.AsType[*Error](err)
				switch {
				case err == nil && time.Since(began) == time.Second:
					good.Add(1)
				case e != nil && e.Code == CodeKeysUnavailable && time.Since(began) == 0:
					unavailable.Add(1)
				default:
					t.Errorf("error = %v after %v", err, time.Since(began))
				}
			})
		}
		group.Wait()
		if good.Load() != maxWaiting || unavailable.Load() != 20 || issuer.fetches() != 2 {
			t.Errorf("%d let in, %d sent away, %d fetches", good.Load(), unavailable.Load(), issuer.fetches())
		}
		if v.keys.waiting != 0 {
			t.Errorf("%d still wait", v.keys.waiting)
		}
	})
}

// A client that gives up does not end the fetch that others wait for.
func TestKeys_ClientGone_FetchGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := bearertest.RSA("key-1", 2048)
		issuer := &inMemory{Handler: serveKeys(t, key)}
		v := inMemorySetup(t, issuer)
		v.refresh(t)
		time.Sleep(fetchGap)
		issuer.latency = 2 * time.Second
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if _, err := v.Verify(with(key.Sign(map[string]any{"kid": "x"}, nil)).WithContext(ctx)); err == nil || time.Since(began) != time.Second {
			t.Errorf("error = %v after %v", err, time.Since(began))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if err := v.keys.lastError(); err != nil || v.keys.fetching != nil {
			t.Errorf("the fetch: %v", err)
		}
	})
}

func TestRun_StoppedWhileFetching_EndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := inMemorySetup(t, &inMemory{latency: time.Hour})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			v.Run(ctx)
		}()
		time.Sleep(time.Second)
		began := time.Now()
		cancel()
		<-done
		if took := time.Since(began); took != 0 {
			t.Errorf("stopping took %v", took)
		}
	})
}

func TestKeys_GivenKeys_NothingIsFetched(t *testing.T) {
	issuer := bearertest.New(t)
	v, err := New(Config{Issuer: issuer.URL, Scopes: []string{bearertest.Scope}, JWKS: string(issuer.JWKS())})
	if err != nil {
		t.Fatal(err)
	}
	running(t, v)
	b := &bundle{Verifier: v, issuer: issuer}
	b.wantClient(t, with(issuer.Token(nil)), bearertest.ClientID)
	issuer.SetKeys(bearertest.RSA("key-2", 2048))
	b.wantRefused(t, with(issuer.Token(nil)), CodeInvalidToken, "none of the issuer's")
	if n := issuer.Fetches(); n != 0 || v.Ready() != nil {
		t.Errorf("%d fetches, ready: %v", n, v.Ready())
	}
}

// eventually waits for what happens in the background.
func eventually(tb testing.TB, f func() bool) {
	tb.Helper()
	for end := time.Now().Add(time.Minute); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatal("it does not happen")
		}
	}
}
