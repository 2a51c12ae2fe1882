//go:build unix

package main

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/service/bearer/bearertest"
)

// showOthers shows tokens each of which has one thing that makes it no token
// for this service, and then a good one.
func (w *world) showOthers(ctx context.Context, t *tokens) error {
	with := func(name string, value any) string {
		return t.Token(func(claims map[string]any) { claims[name] = value })
	}
	without := func(name string) string { return t.Token(func(claims map[string]any) { delete(claims, name) }) }
	good := t.Token(nil)
	idToken := t.Token(func(claims map[string]any) { claims["token_use"], claims["aud"] = "id", bearertest.Audience })
	const invalid = "invalid_token"
	var errs []error
	for _, tc := range []struct {
		what, token string
		status      int
		code        string
	}{
		{"a token of another issuer", with("iss", "https://issuer.example"), http.StatusUnauthorized, invalid},
		{"a token of no issuer", without("iss"), http.StatusUnauthorized, invalid},
		{"a token that has expired", with("exp", time.Now().Add(-time.Hour).Unix()), http.StatusUnauthorized, invalid},
		{"a token that never expires", without("exp"), http.StatusUnauthorized, invalid},
		{"a token for another service", with("aud", "https://other.example"), http.StatusUnauthorized, invalid},
		{"a token that says who somebody is", idToken, http.StatusUnauthorized, invalid},
		{"a token without the scope", with("scope", bearertest.Audience+"/other"), http.StatusForbidden, "insufficient_scope"},
		{"a token that nobody has signed", unsigned(good), http.StatusUnauthorized, invalid},
		{"a token with a signature of another one", graft(good, t.Token(nil)), http.StatusUnauthorized, invalid},
		{"a good token", good, http.StatusAccepted, ""},
	} {
		errs = append(errs, w.wantAnswer(ctx, tc.what, bearing(tc.token), tc.status, tc.code))
	}
	return errors.Join(errs...)
}

// unsigned is a token's claims under a header that says that there is no
// signature (RFC 7518, 3.6).
func unsigned(token string) string {
	parts := strings.Split(token, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"key-1"}`)) + "." + parts[1] + "."
}

// graft puts the signature of another token beneath one.
func graft(token, other string) string {
	return token[:strings.LastIndexByte(token, '.')] + other[strings.LastIndexByte(other, '.'):]
}
