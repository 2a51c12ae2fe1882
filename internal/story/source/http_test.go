package source_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/story/source"
)

// The token is for the place that was named: not for another port of the host,
// nor for plain HTTP.
func TestHTTP_RedirectElsewhere_HeadersStay(t *testing.T) {
	var told []http.Header
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told = append(told, r.Header)
		http.NotFound(w, r)
	}))
	defer other.Close()
	elsewhere := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})
	secure, plain := httptest.NewTLSServer(elsewhere), httptest.NewServer(elsewhere)
	defer secure.Close()
	defer plain.Close()
	header := http.Header{"Authorization": {"Bearer secret"}, "X-Scope-Orgid": {"tenant"}}
	for name, at := range map[string]source.HTTP{
		"from https": {URL: secure.URL, Header: header, Client: secure.Client()}, "another port": {URL: plain.URL, Header: header},
	} {
		for _, b := range []story.Backend{source.Tempo{HTTP: at}, source.Jaeger{HTTP: at}, source.Local{HTTP: at}} {
			_, err := b.Look(t.Context(), story.Clues{TraceIDs: []string{id}})
			if err == nil || !strings.Contains(err.Error(), "redirects to "+other.URL) {
				t.Errorf("%s, %s: %v, want it to say where it is sent to", name, b.Name(), err)
			}
		}
	}
	if len(told) > 0 {
		t.Errorf("the other place was told %v", told)
	}
}

// A proxy that sends on within itself is followed.
func TestHTTP_RedirectWithin_IsFollowed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/tempo/") {
			http.Redirect(w, r, "/tempo"+r.URL.Path, http.StatusFound)
			return
		}
		if r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("it was asked with %v", r.Header)
		}
		_, _ = w.Write(read(t, "tempo-v2.json"))
	}))
	defer server.Close()
	found, err := source.Tempo{HTTP: source.HTTP{URL: server.URL, Header: http.Header{"Authorization": {"Bearer secret"}}}}.Look(t.Context(), story.Clues{TraceIDs: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	wantSpans(t, found.Spans)
}

func TestHTTP_RedirectInACircle_Ends(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	}))
	defer server.Close()
	_, err := source.Tempo{HTTP: source.HTTP{URL: server.URL}}.Look(t.Context(), story.Clues{TraceIDs: []string{id}})
	if err == nil || !strings.Contains(err.Error(), "more than 5 times") || asked != 5 {
		t.Errorf("after %d requests: %v", asked, err)
	}
}

// No answer fills the memory.
func TestHTTP_AnswerWithoutEnd_IsCutOff(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		part := []byte(strings.Repeat(" ", 1<<20))
		for r.Context().Err() == nil {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	_, err := source.Tempo{HTTP: source.HTTP{URL: server.URL}}.Look(t.Context(), story.Clues{TraceIDs: []string{id}})
	if err == nil || !strings.Contains(err.Error(), "more than 67108864 bytes") {
		t.Errorf("an answer without end: %v", err)
	}
}
