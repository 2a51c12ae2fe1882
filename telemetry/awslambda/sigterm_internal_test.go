package awslambda

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// extensions is an Extensions API that answers a registration with answer.
func extensions(t *testing.T, answer http.HandlerFunc) (api string, ready <-chan string) {
	t.Helper()
	heard := make(chan string, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2020-01-01/extension/register", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Lambda-Extension-Name") != extensionName || string(body) != `{"events":[]}` {
			t.Errorf("%q registers for %s", r.Header.Get("Lambda-Extension-Name"), body)
		}
		answer(w, r)
	})
	mux.HandleFunc("GET /2020-01-01/extension/event/next", func(_ http.ResponseWriter, r *http.Request) {
		heard <- r.Header.Get("Lambda-Extension-Identifier")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), heard
}

func TestExtension_Registered_SaysThatItIsReady(t *testing.T) {
	api, ready := extensions(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Lambda-Extension-Identifier", "42")
		_, _ = io.WriteString(w, "{}")
	})
	var e extension
	if err := e.ask(api); err != nil {
		t.Fatal(err)
	}
	defer e.conn.Close()
	if err := e.confirm(); err != nil {
		t.Fatal(err)
	}
	select {
	case id := <-ready:
		if id != "42" {
			t.Errorf("%q is ready, want 42", id)
		}
	case <-time.After(time.Minute):
		t.Error("it is never ready")
	}
}

func TestExtension_Refused_SaysWhy(t *testing.T) {
	for want, answer := range map[string]http.HandlerFunc{
		"403 Forbidden":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"gave no identifier": func(http.ResponseWriter, *http.Request) {},
		"malformed HTTP":     hijacked("nonsense\r\n\r\n"),
		"unexpected EOF":     hijacked(""),
	} {
		t.Run(want, func(t *testing.T) {
			api, _ := extensions(t, answer)
			var e extension
			err := e.ask(api)
			if err == nil {
				defer e.conn.Close()
				err = e.confirm()
			}
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error is %v, want one with %q", err, want)
			}
		})
	}
}

// hijacked answers with raw bytes and hangs up.
func hijacked(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, answer)
		_ = conn.Close()
	}
}
