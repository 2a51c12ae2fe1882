package bearer

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/service/bearer/bearertest"
)

// As long as there are no keys at all, nobody can have them fetched too often by
// making some up: the issuer is asked again after a second.
func TestKeys_NotRunningAndIssuerDown_IsAskedAgainAfterASecond(t *testing.T) {
	b := setupWithoutKeys(t)
	b.issuer.Serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	b.wantRefused(t, with(b.issuer.Token(nil)), CodeKeysUnavailable, "status 500")
	b.issuer.Serve(nil)
	b.keys.mu.Lock()
	b.keys.ended = time.Now().Add(time.Minute) // it is too soon, however slow the machine is
	b.keys.mu.Unlock()
	b.wantRefused(t, with(b.issuer.Token(nil)), CodeKeysUnavailable, "status 500")
	b.keys.mu.Lock()
	b.keys.ended = time.Now().Add(-firstRetry)
	b.keys.mu.Unlock()
	b.wantClient(t, with(b.issuer.Token(nil)), bearertest.ClientID)
}

// While Run fetches the keys, an issuer that hangs holds up no request, and
// tokens do not have it asked more often.
func TestKeys_RunningAndIssuerHangs_NobodyWaits(t *testing.T) {
	asked := make(chan struct{}, 10)
	b := setupWithoutKeys(t, func(c *Config) { c.FetchTimeout = time.Hour })
	b.issuer.Serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	running(t, b.Verifier)
	<-asked
	for range 2 * maxWaiting { // in an hour they would not end
		b.wantRefused(t, with(b.issuer.Token(nil)), CodeKeysUnavailable, "being fetched")
	}
	if len(asked) > 0 {
		t.Errorf("the issuer was asked %d times more", len(asked))
	}
}

func TestKeys_NotRunningAndIssuerHangs_SomeWait(t *testing.T) {
	asked, end := make(chan struct{}, 10), make(chan struct{})
	b := setupWithoutKeys(t, func(c *Config) { c.FetchTimeout = time.Hour })
	b.issuer.Serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-end
		w.WriteHeader(http.StatusInternalServerError)
	}))
	var wait sync.WaitGroup
	for range maxWaiting {
		wait.Go(func() { _, _ = b.Verify(with(b.issuer.Token(nil))) })
	}
	<-asked
	eventually(t, func() bool {
		b.keys.mu.Lock()
		defer b.keys.mu.Unlock()
		return b.keys.waiting == maxWaiting
	})
	b.wantRefused(t, with(b.issuer.Token(nil)), CodeKeysUnavailable, "The issuer's keys are not there yet: they are being fetched.")
	close(end)
	wait.Wait()
	if len(asked) > 0 {
		t.Errorf("the issuer was asked %d times more", len(asked))
	}
}
