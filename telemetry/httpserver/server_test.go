package httpserver_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/httpserver"
)

func TestMiddleware_Panic_RecordedAndGoesOn(t *testing.T) {
	cases := map[string]struct {
		value     any
		errorType string
		events    int
	}{
		"Error":   {errors.New("no such order"), "errors.errorString", 1},
		"Runtime": {outOfRange(0), "runtime.boundsError", 1},
		"Long":    {strings.Repeat("\xff", 1<<20), "string", 1},
		"Value":   {struct{ secret string }{"4111 1111"}, "struct { secret string }", 1},
		"Abort":   {http.ErrAbortHandler, "aborted", 0},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			b := setup(t, httpserver.Config{}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(tt.value) }))
			func() {
				defer func() {
					if got := recover(); got != tt.value {
						t.Errorf("panicked with %v, want %v", got, tt.value)
					}
				}()
				b.serve(httptest.NewRequest(http.MethodPost, "/v1/events", http.NoBody))
			}()
			span := b.span(t)
			got := mapOf(span.Attributes())
			if got["error.type"] != tt.errorType || got["http.response.status_code"] != nil || span.Status().Code != codes.Error {
				t.Errorf("span has error.type %v, status code %v, status %v; want %s, none, Error",
					got["error.type"], got["http.response.status_code"], span.Status().Code, tt.errorType)
			}
			if len(span.Events()) != tt.events {
				t.Fatalf("%d events, want %d", len(span.Events()), tt.events)
			}
			for _, event := range span.Events() {
				attributes := mapOf(event.Attributes)
				if s := attributes["exception.message"].(string); strings.Contains(s, "4111") {
					t.Errorf("the exception tells a value of unknown type: %q", s)
				}
				if s := attributes["exception.message"].(string); len(s) > 4<<10 || !utf8.ValidString(s) {
					t.Errorf("the exception's message has %d bytes, or is no text", len(s))
				}
				if s, _ := attributes["exception.stacktrace"].(string); !strings.Contains(s, "panic(") {
					t.Errorf("the stack trace does not lead to the panic: %q", s)
				}
			}
			if points := b.points(t); len(points) != 1 {
				t.Errorf("%d points, want 1", len(points))
			}
		})
	}
}

func TestMiddleware_RealServer_KeepsWhatAResponseWriterCan(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /early", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
	})
	mux.HandleFunc("GET /flush", func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() })
	mux.HandleFunc("GET /copy", func(w http.ResponseWriter, _ *http.Request) {
		if _, err := w.(io.ReaderFrom).ReadFrom(strings.NewReader("copied")); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("GET /string", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "said") })
	mux.HandleFunc("GET /deadline", func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("GET /hijack", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		_ = conn.Close()
	})
	statuses := map[string]any{
		"/early": int64(418), "/flush": int64(200), "/copy": int64(200), "/string": int64(200), "/deadline": int64(200),
		"/hijack": nil,
	}
	for path, want := range statuses {
		t.Run(path[1:], func(t *testing.T) {
			b := setup(t, httpserver.Config{}, mux)
			done := make(chan struct{}) // Close does not wait for a hijacked connection's handler
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(done)
				b.handler.ServeHTTP(w, r)
			}))
			defer server.Close()
			res, err := server.Client().Get(server.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			<-done
			if got := mapOf(b.span(t).Attributes())["http.response.status_code"]; got != want {
				t.Errorf("status code is %v, want %v", got, want)
			}
		})
	}
}

// plain can do nothing but write.
type plain struct{ http.ResponseWriter }

func TestMiddleware_PlainWriter_RefusesWhatItCannot(t *testing.T) {
	b := setup(t, httpserver.Config{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c := http.NewResponseController(w)
		if err := c.Flush(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("flush: %v, want not supported", err)
		}
		if _, _, err := c.Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("hijack: %v, want not supported", err)
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	b.handler.ServeHTTP(plain{httptest.NewRecorder()}, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	if got := mapOf(b.span(t).Attributes())["http.response.status_code"]; got != int64(202) {
		t.Errorf("status code is %v, want 202: a refused flush sends nothing", got)
	}
}

func TestMiddleware_ManyAtOnce_EachItsOwnSpan(t *testing.T) {
	b := setup(t, httpserver.Config{}, answer(202))
	server := httptest.NewUnstartedServer(b.handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	defer server.Close()
	const workers, each = 8, 25
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			var dialer net.Dialer
			conn, err := dialer.DialContext(context.Background(), "tcp", server.Listener.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			for range each {
				_, _ = io.WriteString(conn, "POST /v1/events HTTP/1.1\r\nHost: pay.example.com\r\n\r\n")
				res, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Error(err)
					return
				}
				_ = res.Body.Close()
			}
		})
	}
	wg.Wait()
	server.Close()
	ids := map[trace.SpanID]bool{}
	for _, span := range b.spans.Ended() {
		ids[span.SpanContext().SpanID()] = true
	}
	if len(ids) != workers*each {
		t.Errorf("%d spans, want %d", len(ids), workers*each)
	}
	if points := b.points(t); len(points) != 1 || points[0].Count != workers*each {
		t.Errorf("points %v, want one of %d requests", points, workers*each)
	}
}
