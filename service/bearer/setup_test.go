package bearer

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/tracehaul/tracehaul/service/bearer/bearertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a verifier and its issuer.
type bundle struct {
	*Verifier

	issuer *bearertest.Issuer
	log    *lockedBuffer
}

// setup makes a verifier that has the keys of a real issuer, but does not run.
func setup(tb testing.TB, change ...func(*Config)) *bundle {
	tb.Helper()
	b := setupWithoutKeys(tb, change...)
	b.refresh(tb)
	return b
}

func setupWithoutKeys(tb testing.TB, change ...func(*Config)) *bundle {
	tb.Helper()
	b := &bundle{issuer: bearertest.New(tb), log: &lockedBuffer{}}
	c := Config{
		Issuer: b.issuer.URL, Scopes: []string{bearertest.Scope},
		Logger: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&c)
	}
	v, err := New(c)
	if err != nil {
		tb.Fatal(err)
	}
	b.Verifier = v
	return b
}

// refresh fetches the keys, as the background does.
func (v *Verifier) refresh(tb testing.TB) {
	tb.Helper()
	v.keys.mu.Lock()
	done := v.keys.begin()
	v.keys.mu.Unlock()
	<-done
}

// request has an Authorization header for each value.
func request(authorization ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader("body"))
	r.Header["Authorization"] = authorization
	if len(authorization) == 0 {
		r.Header.Del("Authorization")
	}
	return r
}

// with is a request with a token.
func with(token string) *http.Request { return request("Bearer " + token) }

// wantClient checks that a request is let in.
func (b *bundle) wantClient(tb testing.TB, r *http.Request, want string) {
	tb.Helper()
	client, err := b.Verify(r)
	if err != nil || client != want {
		tb.Fatalf("client %q, %v; want %q", client, err, want)
	}
}

// wantRefused checks that a request is refused, and why.
func (b *bundle) wantRefused(tb testing.TB, r *http.Request, code, detail string) {
	tb.Helper()
	client, err := b.Verify(r)
	e, ok := errors.AsType[*Error](err)
	if !ok {
		tb.Fatalf("client %q, error %v; want %s", client, err, code)
	}
	if e.Code != code || !strings.Contains(e.Detail, detail) {
		tb.Fatalf("error %v, want %s: ...%s...", e, code, detail)
	}
}

// running runs v until the test ends.
func running(tb testing.TB, v *Verifier) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { v.Run(ctx) })
	tb.Cleanup(func() {
		cancel()
		group.Wait()
	})
}

// lockedBuffer is a log that can be read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
