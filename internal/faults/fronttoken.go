//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/service/bearer/bearertest"
)

const (
	// fetchGap is how long the service does not ask for keys again (package
	// bearer).
	fetchGap = 10 * time.Second

	// leeway is bearer.Config.Leeway.
	leeway = 30 * time.Second
)

// tokens are what a scenario's clients show.
type tokens struct {
	*bearertest.Issuer

	current atomic.Pointer[[]string] // one of these
}

// setUp makes the service ask for the tokens of an issuer that runs here.
func (t *tokens) setUp(s *settings) {
	var stop func()
	t.Issuer, stop = bearertest.Start()
	s.onStop(func(context.Context) error { stop(); return nil })
	s.serviceEnv(map[string]string{"AUTH_ISSUER": t.URL, "AUTH_SCOPES": bearertest.Scope, "AUTH_AUDIENCE": bearertest.Audience})
}

// show makes clients show one of some tokens.
func (t *tokens) show(tokens ...string) { t.current.Store(&tokens) }

func (t *tokens) header() http.Header {
	all := *t.current.Load()
	return bearing(all[rand.IntN(len(all))]) //nolint:gosec // any will do
}

// tokenScenarios are about who is let in.
func tokenScenarios() []scenario {
	rotated, clocks, others := new(tokens), new(tokens), new(tokens)
	r := &replies{header: rotated.header}
	sent := map[string]time.Time{}
	return []scenario{
		{
			name: "front/keys-rotated", what: "The issuer signs with a new key under load, and then withdraws the old one.",
			setup: rotated.setUp,
			run:   func(ctx context.Context, w *world) error { return w.rotateKeys(ctx, rotated, r) },
			check: func(w *world, a *account) error { return errors.Join(r.want(), wantStored(a, a.accepted)) },
		},
		{
			name: "front/clock-off", what: "Clients' clocks are an hour off either way, in events and in tokens.", short: true,
			setup: clocks.setUp,
			run:   func(ctx context.Context, w *world) error { return w.sendOffTime(ctx, clocks, sent) },
			check: func(w *world, a *account) error {
				return errors.Join(wantStored(a, a.accepted), w.wantTimes(sent))
			},
		},
		{
			name: "front/tokens-of-others", what: "Clients show tokens that are good for something else.",
			setup: others.setUp,
			run:   func(ctx context.Context, w *world) error { return w.showOthers(ctx, others) },
			check: func(_ *world, a *account) error { return wantStored(a, 1) },
		},
	}
}

// wantStored wants as many rows as there are events that were accepted.
func wantStored(a *account, n int) error {
	if len(a.rows) != n || n == 0 {
		return fmt.Errorf("there are %d rows, want %d", len(a.rows), n)
	}
	return nil
}

// rotateKeys rotates keys as issuers do: the new one is there together with the
// old one for a while. No client that shows a good token is refused.
func (w *world) rotateKeys(ctx context.Context, t *tokens, r *replies) error {
	first, second := bearertest.RSA("key-1", 2048), bearertest.RSA("key-2", 2048)
	old := t.Token(nil)
	t.show(old)
	var rotated time.Time
	err := w.pour(ctx, fetchGap+5*time.Second, r, func(ctx context.Context) error {
		if err := harness.Sleep(ctx, fetchGap+500*time.Millisecond); err != nil {
			return err
		}
		t.SetKeys(second, first)
		rotated = time.Now()
		t.show(old, t.Token(nil))
		w.hit()
		return nil
	})
	// The service has asked when it was first shown the new key: some requests
	// after that was there.
	if err := errors.Join(err, harness.Sleep(ctx, time.Until(rotated.Add(fetchGap+2*time.Second)))); err != nil {
		return err
	}
	// The old key is withdrawn, and the next fetch is for a key that nobody has.
	good := t.Token(nil)
	t.SetKeys(bearertest.RSA("key-3", 2048))
	stranger := t.Token(nil)
	t.SetKeys(second)
	return errors.Join(
		w.wantAnswer(ctx, "a token of a key that is not published", bearing(stranger), http.StatusUnauthorized, "invalid_token"),
		w.wantAnswer(ctx, "a token of the key that was withdrawn", bearing(old), http.StatusUnauthorized, "invalid_token"),
		w.wantAnswer(ctx, "a token of the new key", bearing(good), http.StatusAccepted, ""),
		w.wantAnswer(ctx, "no token", nil, http.StatusUnauthorized, "unauthenticated"),
	)
}

// wantAnswer sends an event and wants an answer. It is a hit.
func (w *world) wantAnswer(ctx context.Context, what string, header http.Header, status int, code string) error {
	w.hit()
	r := w.post(ctx, header, w.newEvent())
	if r.err != nil || r.status != status || r.code != code {
		return fmt.Errorf("%s: the answer is %d %q, want %d %q: %s", what, r.status, r.code, status, code, r.text)
	}
	return nil
}

// sendOffTime sends events of other times, and shows tokens of others. An
// event's time is the client's affair; a token's is not.
func (w *world) sendOffTime(ctx context.Context, t *tokens, sent map[string]time.Time) error {
	good := t.Token(nil)
	var errs []error
	for _, off := range []time.Duration{-time.Hour, time.Hour} {
		e := w.newEvent()
		at := time.Now().Add(off).UTC().Truncate(time.Microsecond)
		text := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":%q,"type":%q,"time":%q,"data":%s}`,
			e.key.ID, e.key.Source, eventType, at.Format(time.RFC3339Nano), e.data)
		if r := w.postText(ctx, bearing(good), event.MediaTypeEvent, []byte(text), e); r.status != http.StatusAccepted {
			errs = append(errs, fmt.Errorf("an event of a clock that is %v off: the answer is %d %s", off, r.status, r.text))
		}
		sent[e.key.ID] = at
	}
	claim := func(name string, off time.Duration) string {
		return t.Token(func(claims map[string]any) { claims[name] = time.Now().Add(off).Unix() })
	}
	const little = leeway / 2
	for _, tc := range []struct {
		what  string
		token string
		good  bool
	}{
		{"a token that expired within the leeway", claim("exp", -little), true},
		{"a token that expired before", claim("exp", -leeway-little), false},
		{"a token that will be good within the leeway", claim("nbf", little), true},
		{"a token that will be good later", claim("nbf", leeway+little), false},
		{"a token of an issuer's clock that is an hour ahead", claim("iat", time.Hour), false},
		{"a token of an hour ago", claim("exp", -time.Hour), false},
	} {
		status, code := http.StatusUnauthorized, "invalid_token"
		if tc.good {
			status, code = http.StatusAccepted, ""
		}
		errs = append(errs, w.wantAnswer(ctx, tc.what, bearing(tc.token), status, code))
	}
	return errors.Join(errs...)
}

// wantTimes wants events to keep the times that their clients gave them, and
// those of the pipeline to be its own.
func (w *world) wantTimes(sent map[string]time.Time) error {
	for id, want := range sent {
		var got, accepted time.Time
		if err := w.pool.QueryRow(context.Background(), "SELECT time, accepted_at FROM events WHERE id = $1", id).Scan(&got, &accepted); err != nil {
			return fmt.Errorf("event %s: %w", id, err)
		}
		if !got.Equal(want) || time.Since(accepted).Abs() > 10*time.Minute {
			return fmt.Errorf("event %s: its time is %v, want %v; it was accepted at %v", id, got, want, accepted)
		}
	}
	return nil
}
