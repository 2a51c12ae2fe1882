package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/service/bearer/bearertest"
)

// postAs sends an event with an Authorization header.
func (r *running) postAs(t *testing.T, authorization string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/v1/events", strings.NewReader(
		`{"specversion":"1.0","id":"order-1","source":"/web","type":"com.example.order.placed"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/cloudevents+json")
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res
}

// The real program fetches the keys of a real issuer, and lets its clients in.
func TestProgram_Issuer_OnlyItsClientsGetIn(t *testing.T) {
	issuer := bearertest.New(t)
	b, endpoint := cloud(t, nil)
	r := start(t, endpoint, "AUTH_ISSUER="+issuer.URL, "AUTH_SCOPES="+bearertest.Scope, "AUTH_AUDIENCE="+bearertest.Audience)
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		res, err := http.Get(r.url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode == http.StatusOK {
			break
		}
		if time.Now().After(end) {
			t.Fatal("not ready")
		}
	}
	other := bearertest.New(t)
	for _, tc := range []struct {
		authorization string
		status        int
	}{
		{"", 401},
		{"Bearer " + other.Token(nil), 401},
		{"Bearer " + issuer.Token(func(c map[string]any) { c["scope"] = bearertest.Audience + "/events.read" }), 403},
		{"Bearer " + issuer.Token(nil), 202},
	} {
		res := r.postAs(t, tc.authorization)
		if challenged := res.Header.Get("WWW-Authenticate") != ""; res.StatusCode != tc.status || challenged != (tc.status != 202) {
			t.Errorf("%.20s: status %d with %v, want %d", tc.authorization, res.StatusCode, res.Header, tc.status)
		}
	}
	if messages, err := b.Messages("orders", 10); err != nil || len(messages) != 1 {
		t.Errorf("%d messages, %v, want the one of the issuer's client", len(messages), err)
	}
}

// Keys that are handed over work where no network leads to the issuer.
func TestProgram_KeysGiven_NoNetworkNeeded(t *testing.T) {
	issuer := bearertest.New(t)
	_, endpoint := cloud(t, nil)
	r := start(t, endpoint, "AUTH_ISSUER="+issuer.URL, "AUTH_SCOPES="+bearertest.Scope, "AUTH_JWKS="+string(issuer.JWKS()))
	if res := r.postAs(t, "Bearer "+issuer.Token(nil)); res.StatusCode != http.StatusAccepted {
		t.Errorf("status = %d", res.StatusCode)
	}
	if res := r.postAs(t, ""); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("status without token = %d", res.StatusCode)
	}
	if n := issuer.Fetches(); n != 0 {
		t.Errorf("%d fetches", n)
	}
}
