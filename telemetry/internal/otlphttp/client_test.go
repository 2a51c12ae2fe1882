package otlphttp

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tracehaul/tracehaul/telemetry/internal/export"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector starts an HTTP server and returns a client of it.
func collector(t *testing.T, h http.HandlerFunc, change func(*Config)) *Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return client(t, server.URL+"/v1/traces", change)
}

func client(t *testing.T, endpoint string, change func(*Config)) *Client {
	t.Helper()
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	config := Config{URL: u, Header: http.Header{}, UserAgent: "test/1"}
	if change != nil {
		change(&config)
	}
	c := New(config)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestClient_Accepted_RequestIsOTLP(t *testing.T) {
	for name, compress := range map[string]bool{"Plain": false, "Gzip": true} {
		t.Run(name, func(t *testing.T) {
			requests := make(chan *http.Request, 2)
			bodies := make(chan []byte, 2)
			c := collector(t, func(w http.ResponseWriter, r *http.Request) {
				var body io.Reader = r.Body
				if r.Header.Get("Content-Encoding") == "gzip" {
					body, _ = gzip.NewReader(r.Body)
				}
				b, err := io.ReadAll(body)
				if err != nil {
					t.Error(err)
				}
				bodies <- b
				requests <- r
				w.Header().Set("Content-Type", "application/x-protobuf")
				_, _ = w.Write([]byte("\x0a\x00"))
			}, func(c *Config) {
				c.Gzip = compress
				c.Header.Set("Api-Key", "secret")
			})
			for range 2 { // the second reuses buffers and connection
				sent := bytes.Repeat([]byte("payload "), 1000)
				response, err := c.Send(t.Context(), sent)
				if err != nil || string(response) != "\x0a\x00" {
					t.Fatalf("got %q, %v", response, err)
				}
				r := <-requests
				if got := <-bodies; !bytes.Equal(got, sent) {
					t.Errorf("%d bytes arrived, want %d", len(got), len(sent))
				}
				if r.Method != http.MethodPost || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" ||
					r.Header.Get("Api-Key") != "secret" || r.UserAgent() != "test/1" || r.ContentLength <= 0 {
					t.Errorf("the request is %s %s %v", r.Method, r.URL, r.Header)
				}
				if compress && r.ContentLength > 1000 {
					t.Errorf("compressed to %d bytes only", r.ContentLength)
				}
			}
		})
	}
}

func TestClient_Answers(t *testing.T) {
	tests := map[string]struct {
		status int
		header map[string]string
		body   string
		want   *export.Error // nil for success
	}{
		"OK_Success":            {status: 200, header: map[string]string{"Content-Type": "application/x-protobuf"}},
		"NoContent_Success":     {status: 204},
		"JSON_Success":          {status: 200, header: map[string]string{"Content-Type": "application/json"}, body: "{}"},
		"WebPage_Garbled":       {status: 200, header: map[string]string{"Content-Type": "text/html; charset=utf-8"}, body: "<html>", want: &export.Error{Reason: semconv.DropGarbled, Err: errors.New("web page")}},
		"Endless_Garbled":       {status: 200, body: strings.Repeat("x", maxResponse+1), want: &export.Error{Reason: semconv.DropGarbled, Err: errors.New("more than 65536 bytes")}},
		"BadRequest_Refused":    {status: 400, header: map[string]string{"Content-Type": "text/plain"}, body: "what?", want: &export.Error{Reason: semconv.DropRefused, Err: errors.New(`400 Bad Request: "what?"`)}},
		"Status_MessageKept":    {status: 403, header: map[string]string{"Content-Type": "application/x-protobuf"}, body: "\x08\x07\x12\x04nope", want: &export.Error{Reason: semconv.DropRefused, Err: errors.New(`403 Forbidden: "nope"`)}},
		"Redirect_NotFollowed":  {status: 307, header: map[string]string{"Location": "http://192.0.2.1/"}, want: &export.Error{Reason: semconv.DropRefused, Err: errors.New("307")}},
		"TooLarge_TooLarge":     {status: 413, want: &export.Error{Reason: semconv.DropTooLarge, Err: errors.New("413")}},
		"Throttled_RetryAfter":  {status: 429, header: map[string]string{"Retry-After": "7"}, want: &export.Error{Reason: semconv.DropUnavailable, Retry: true, After: 7 * time.Second, Err: errors.New("429")}},
		"BadGateway_Retry":      {status: 502, header: map[string]string{"Content-Type": "text/html"}, body: "<html>", want: &export.Error{Reason: semconv.DropUnavailable, Retry: true, Err: errors.New("502 Bad Gateway")}},
		"Unavailable_Retry":     {status: 503, header: map[string]string{"Retry-After": "soon"}, want: &export.Error{Reason: semconv.DropUnavailable, Retry: true, Err: errors.New("503")}},
		"GatewayTimeout_Retry":  {status: 504, want: &export.Error{Reason: semconv.DropUnavailable, Retry: true, Err: errors.New("504")}},
		"InternalError_Refused": {status: 500, want: &export.Error{Reason: semconv.DropRefused, Err: errors.New("500")}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := collector(t, func(w http.ResponseWriter, _ *http.Request) {
				for k, v := range tc.header {
					w.Header().Set(k, v)
				}
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			}, nil)
			_, err := c.Send(t.Context(), []byte("x"))
			if tc.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			got, ok := errors.AsType[*export.Error](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if got.Reason != tc.want.Reason || got.Retry != tc.want.Retry || got.After != tc.want.After || !strings.Contains(got.Error(), tc.want.Error()) {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

// raw starts a listener that hands connections to serve as soon as a request
// has begun to arrive.
func raw(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			if _, err := conn.Read(make([]byte, 4)); err == nil {
				serve(conn)
			}
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return "http://" + l.Addr().String() + "/v1/traces"
}

func TestClient_CollectorHangs_KeepsToContext(t *testing.T) {
	tests := map[string]func(net.Conn){
		"AcceptsOnly":   func(net.Conn) {},
		"HalfAResponse": func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") },
	}
	for name, serve := range tests {
		t.Run(name, func(t *testing.T) {
			c := client(t, raw(t, serve), nil)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			start := time.Now()
			_, err := c.Send(ctx, bytes.Repeat([]byte("x"), 10<<20)) // more than socket buffers hold
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}

func TestClient_NotHTTP_Error(t *testing.T) {
	c := client(t, raw(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n")
		_ = c.Close()
	}), nil)
	if _, err := c.Send(t.Context(), []byte("x")); err == nil {
		t.Error("no error")
	}
}

func TestClient_Down_ErrorNamesEndpointButNoSecret(t *testing.T) {
	c := client(t, "http://user:password@127.0.0.1:1/v1/traces?key=hidden", nil)
	_, err := c.Send(t.Context(), []byte("x"))
	if err == nil || !strings.Contains(err.Error(), "http://127.0.0.1:1/v1/traces") {
		t.Errorf("got %v", err)
	}
	for _, secret := range []string{"password", "hidden"} {
		if strings.Contains(fmt.Sprint(err), secret) {
			t.Errorf("the error holds %s: %v", secret, err)
		}
	}
}

func TestClient_HugeResponse_ReadInPartAndGarbled(t *testing.T) {
	c := collector(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-protobuf")
		chunk := make([]byte, 1<<20)
		for range 1000 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}, nil)
	response, err := c.Send(t.Context(), []byte("x"))
	if e, ok := errors.AsType[*export.Error](err); !ok || e.Reason != semconv.DropGarbled || len(response) > 0 {
		t.Errorf("%d bytes were kept, %v", len(response), err)
	}
}

func TestClient_AnsweredEarly_Refused(t *testing.T) {
	c := client(t, raw(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
	}), nil)
	_, err := c.Send(t.Context(), make([]byte, 8<<20))
	if e, ok := errors.AsType[*export.Error](err); !ok || e.Reason != semconv.DropTooLarge {
		t.Errorf("got %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "120": 2 * time.Minute, "-1": 0, "1e9": 0, "999999999999999999999": 0, "later": 0,
		"Tue, 24 Nov 2026 12:00:30 GMT": 30 * time.Second,
		"Tue, 24 Nov 2026 11:00:00 GMT": 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q is %v, want %v", value, got, want)
		}
	}
}
