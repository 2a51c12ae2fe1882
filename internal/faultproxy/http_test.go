package faultproxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	question = "question"
	reply    = "this is what the server says"

	// patience is for what should happen, on a machine however busy.
	patience = 30 * time.Second
)

// scene is a real client, a proxy and a real server.
type scene struct {
	*HTTP

	client *http.Client
	served atomic.Int64 // requests that the server has got whole
}

func newScene(t *testing.T, fault func(*http.Request) Fault) *scene {
	t.Helper()
	s := new(scene)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != question || r.Header.Get("X-Some") != "thing" || r.URL.RequestURI() != "/a?b=c" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.served.Add(1)
		w.Header().Set("X-Other", "thing")
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, reply)
	}))
	t.Cleanup(server.Close)
	var err error
	if s.HTTP, err = NewHTTP(HTTPConfig{URL: server.URL, Hook: fault}); err != nil {
		t.Fatal(err)
	}
	transport := new(http.Transport)
	s.client = &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// begin returns the answer as soon as it has begun.
func (s *scene) begin(ctx context.Context, t *testing.T) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL()+"/a?b=c", strings.NewReader(question))
	if err != nil {
		t.Error(err)
		return nil, err
	}
	r.Header.Set("X-Some", "thing")
	return s.client.Do(r)
}

// ask returns the answer and as much of its body as came.
func (s *scene) ask(ctx context.Context, t *testing.T) (*http.Response, string, error) {
	t.Helper()
	answer, err := s.begin(ctx, t)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer, string(body), err
}

func always(f Fault) func(*http.Request) Fault { return func(*http.Request) Fault { return f } }

// eventually waits for what happens in the background.
func eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if happened() {
			return
		}
	}
	t.Error(what)
}

func TestHTTP_NoFault_Passes(t *testing.T) {
	for name, hook := range map[string]func(*http.Request) Fault{"no hook": nil, "the zero value": always(Fault{})} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, hook)
			answer, body, err := s.ask(t.Context(), t)
			if err != nil || answer.StatusCode != http.StatusAccepted || answer.Header.Get("X-Other") != "thing" || body != reply {
				t.Fatalf("%v, %q, %v", answer, body, err)
			}
			if s.served.Load() != 1 || s.Requests() != 1 {
				t.Errorf("the server has had %d requests, the proxy %d", s.served.Load(), s.Requests())
			}
		})
	}
}

func TestHTTP_Answer_ServerHearsNothing(t *testing.T) {
	s := newScene(t, always(Fault{
		Way: Answer, Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"7"}}, Body: []byte("\x00garbage"),
	}))
	answer, body, err := s.ask(t.Context(), t)
	if err != nil || answer.StatusCode != http.StatusTooManyRequests || answer.Header.Get("Retry-After") != "7" || body != "\x00garbage" {
		t.Errorf("%v, %q, %v", answer, body, err)
	}
	if s.served.Load() != 0 {
		t.Error("the server was asked")
	}
}

// Ways that leave the client without an answer, and whether the server works.
func TestHTTP_NoAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		fault  Fault
		want   error // canceled: what the client gets when it does not wait any longer
		served int64
	}{
		"reset":           {Fault{Way: Reset}, syscall.ECONNRESET, 0},
		"hang":            {Fault{Way: Hang}, context.Canceled, 0},
		"forward, hang":   {Fault{Way: ForwardThenHang}, context.Canceled, 1},
		"forward, cut":    {Fault{Way: ForwardThenCut}, io.ErrUnexpectedEOF, 1},
		"delay, hang":     {Fault{Way: Hang, Delay: time.Hour}, context.Canceled, 0},
		"client too fast": {Fault{Delay: time.Hour}, context.Canceled, 1},
	} {
		t.Run(name, func(t *testing.T) {
			arrived := make(chan struct{})
			s := newScene(t, func(*http.Request) Fault { close(arrived); return test.fault })
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			if errors.Is(test.want, context.Canceled) {
				go func() {
					<-arrived
					time.Sleep(100 * time.Millisecond) // in which an answer might come
					leave()
				}()
			}
			if _, body, err := s.ask(ctx, t); !errors.Is(err, test.want) || body == reply {
				t.Errorf("%q, %v, want %v", body, err, test.want)
			}
			eventually(t, "the server has not worked", func() bool { return s.served.Load() == test.served })
		})
	}
}

func TestHTTP_Endless_DoesNotEnd(t *testing.T) {
	const more = 32 << 20 // than anybody should read
	s := newScene(t, always(Fault{Way: Endless, Status: http.StatusServiceUnavailable, BytesPerSecond: 1 << 30}))
	answer, err := s.begin(t.Context(), t)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	n, err := io.CopyN(io.Discard, answer.Body, more)
	if err != nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d, %v after %d bytes", answer.StatusCode, err, n)
	}
}

func TestHTTP_Endless_ComesAtARate(t *testing.T) {
	s := newScene(t, always(Fault{Way: Endless}))
	began := time.Now()
	answer, err := s.begin(t.Context(), t)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if n, err := io.CopyN(io.Discard, answer.Body, endlessRate/2); err != nil {
		t.Errorf("%v after %d bytes", err, n)
	}
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("half of what comes in a second came in %v", took)
	}
}

func TestHTTP_Slow_TakesItsTime(t *testing.T) {
	s := newScene(t, always(Fault{Delay: 100 * time.Millisecond, BytesPerSecond: 2 * len(reply)}))
	began := time.Now()
	_, body, err := s.ask(t.Context(), t)
	if took := time.Since(began); err != nil || body != reply || took < 500*time.Millisecond {
		t.Errorf("%q, %v after %v", body, err, took)
	}
}

func TestHTTP_RefuseAndAccept_SameAddress(t *testing.T) {
	s := newScene(t, nil)
	before := s.URL()
	s.Refuse()
	s.DropAll()
	if _, _, err := s.ask(t.Context(), t); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("asking gave %v", err)
	}
	if err := s.Accept(t.Context()); err != nil || s.URL() != before {
		t.Fatalf("%v at %s", err, s.URL())
	}
	if _, body, err := s.ask(t.Context(), t); err != nil || body != reply {
		t.Errorf("%q, %v", body, err)
	}
}

func TestHTTP_ServerAway_Resets(t *testing.T) {
	h, err := NewHTTP(HTTPConfig{URL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	s := &scene{HTTP: h, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	if _, _, err := s.ask(t.Context(), t); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("asking gave %v", err)
	}
}

func TestHTTP_TooLarge_IsNotHeld(t *testing.T) {
	s := newScene(t, nil)
	answer, err := s.client.Post(s.URL()+"/a", "text/plain", bytes.NewReader(make([]byte, maxBody+1)))
	if err == nil {
		answer.Body.Close()
		t.Error("it was taken")
	}
}

func TestHTTP_CloseWhileHanging_EndsAll(t *testing.T) {
	s := newScene(t, always(Fault{Way: Hang}))
	asked := make(chan error, 1)
	go func() {
		_, _, err := s.ask(t.Context(), t)
		asked <- err
	}()
	eventually(t, "no request came", func() bool { return s.Requests() == 1 })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-asked; err == nil {
		t.Error("there was an answer")
	}
}

func TestHTTP_CloseWhileIdle_EndsAll(t *testing.T) {
	s := newScene(t, nil)
	if _, _, err := s.ask(t.Context(), t); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil { // the client keeps its connection for the next request
		t.Error(err)
	}
	if _, _, err := s.ask(t.Context(), t); err == nil {
		t.Error("there was an answer")
	}
}

func TestNewHTTP_BadURL_SaysWhatWouldBeRight(t *testing.T) {
	for _, url := range []string{"", "127.0.0.1:80", "https://h", "http://h/path"} {
		if _, err := NewHTTP(HTTPConfig{URL: url}); err == nil || !strings.Contains(err.Error(), "http://host:port") {
			t.Errorf("%q gave %v", url, err)
		}
	}
}
