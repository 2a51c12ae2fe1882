package service

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// running is a bundle that listens.
type running struct {
	*bundle

	url  string
	addr string
	stop context.CancelFunc // tells it to stop
	done chan error         // gets what Run returned
}

func start(t *testing.T, change ...func(*Config)) *running {
	t.Helper()
	b := setup(t, append([]func(*Config){func(c *Config) { c.DrainGrace = -1 }}, change...)...)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{bundle: b, url: "http://" + l.Addr().String(), addr: l.Addr().String(), stop: cancel, done: make(chan error, 1)}
	go func() { r.done <- b.Run(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-r.done:
			r.done <- err
		case <-time.After(10 * time.Second):
			t.Error("Run did not return")
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return r
}

func (r *running) get(t *testing.T, path string) int {
	t.Helper()
	res, err := http.Get(r.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

func (r *running) post(t *testing.T, id string) int {
	t.Helper()
	res, err := http.Post(r.url+"/v1/events", "application/cloudevents+json", strings.NewReader(cloudEvent(id)))
	if err != nil {
		t.Error(err)
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// raw sends text over a connection of its own and reads one answer.
func (r *running) raw(t *testing.T, text string) (*http.Response, net.Conn) {
	t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	return res, c
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 10 seconds: %s", what)
		}
	}
}

func TestHealth_Running_AliveAndReady(t *testing.T) {
	r := start(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := r.get(t, path); got != http.StatusOK {
			t.Errorf("%s = %d", path, got)
		}
	}
	if n := len(r.spans.Ended()); n != 0 {
		t.Errorf("health checks made %d spans", n)
	}
}

func TestRun_ToldToStop_NotReadyButServingThenDrained(t *testing.T) {
	const grace = 300 * time.Millisecond
	r := start(t, func(c *Config) { c.DrainGrace = grace })
	r.sns.latency = grace + 200*time.Millisecond
	r.stop()
	began := time.Now()
	eventually(t, "not ready", func() bool { return r.get(t, "/readyz") == http.StatusServiceUnavailable })
	if got := r.get(t, "/healthz"); got != http.StatusOK {
		t.Errorf("/healthz = %d while draining: the process is alive", got)
	}
	// It takes this one within the grace, and SNS confirms it long after.
	if got := r.post(t, "late"); got != http.StatusAccepted {
		t.Errorf("an event within the grace: status = %d", got)
	}
	err := <-r.done
	r.done <- err
	if err != nil {
		t.Errorf("Run = %v", err)
	}
	if took := time.Since(began); took < grace {
		t.Errorf("stopped after %v, before the grace of %v", took, grace)
	}
	if _, err := net.Dial("tcp", r.addr); err == nil {
		t.Error("it still listens")
	}
}

func TestRun_Draining_TellsClientsToGoElsewhere(t *testing.T) {
	r := start(t, func(c *Config) { c.DrainGrace = 200 * time.Millisecond })
	r.stop()
	eventually(t, "Connection: close", func() bool {
		res, err := http.Get(r.url + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.Close
	})
}

func TestRun_SNSHangsWhileStopping_EndsInTime(t *testing.T) {
	r := start(t, func(c *Config) { c.ShutdownTimeout = 300 * time.Millisecond })
	r.sns.latency = time.Hour
	cutOff := make(chan struct{})
	go func() {
		defer close(cutOff)
		res, err := http.Post(r.url+"/v1/events", "application/cloudevents+json", strings.NewReader(cloudEvent("1")))
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode < http.StatusInternalServerError {
				t.Errorf("status = %d for an event that was given up", res.StatusCode)
			}
		}
	}()
	eventually(t, "a call", func() bool { return len(r.sns.sizes()) == 1 })
	began := time.Now()
	r.stop()
	err := <-r.done
	r.done <- err
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("stopping took %v, want about 300ms", took)
	}
	if err == nil || !strings.Contains(err.Error(), "1 events were given up") {
		t.Errorf("Run = %v, want it to say what was lost", err)
	}
	<-cutOff
}

func TestRun_ListenerFails_SaysSo(t *testing.T) {
	b := setup(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	if err := b.Run(t.Context(), l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Run = %v, want %v", err, net.ErrClosed)
	}
}

func TestServer_Timeouts_AllSet(t *testing.T) {
	s := setup(t).server()
	for name, d := range map[string]time.Duration{
		"ReadHeaderTimeout": s.ReadHeaderTimeout, "ReadTimeout": s.ReadTimeout, "WriteTimeout": s.WriteTimeout,
	} {
		if d <= 0 {
			t.Errorf("%s is not set", name)
		}
	}
	if s.WriteTimeout <= s.ReadTimeout+10*time.Second {
		t.Errorf("WriteTimeout is %v: too short to read slowly and wait for SNS", s.WriteTimeout)
	}
	if s.IdleTimeout <= time.Minute {
		t.Errorf("IdleTimeout is %v: a load balancer's is 60s, and it must be the first to close", s.IdleTimeout)
	}
}

func TestServer_SlowBody_408(t *testing.T) {
	r := start(t, func(c *Config) { c.ReadTimeout = 100 * time.Millisecond })
	res, _ := r.raw(t, "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\nContent-Length: 100\r\n\r\n{")
	defer res.Body.Close()
	p := decode[Problem](t, res.Body)
	if res.StatusCode != http.StatusRequestTimeout || p.Code != codeSlowBody || !res.Close {
		t.Errorf("status %d, problem %+v, close %v", res.StatusCode, p, res.Close)
	}
}

func TestServer_SlowHeaders_ConnectionClosed(t *testing.T) {
	r := start(t, func(c *Config) { c.ReadTimeout = 100 * time.Millisecond })
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "POST /v1/events HTTP/1.1\r\nHost:")
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("the connection was not closed: %v", err)
	}
}

func TestServer_BodyEndsEarly_400(t *testing.T) {
	r := start(t)
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\nContent-Length: 100\r\n\r\n{")
	_ = c.(*net.TCPConn).CloseWrite()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if p := decode[Problem](t, res.Body); res.StatusCode != http.StatusBadRequest || p.Code != codeIncompleteBody {
		t.Errorf("status %d, problem %+v", res.StatusCode, p)
	}
}

func TestServer_TooLargeAnnounced_RefusedBeforeItIsSent(t *testing.T) {
	r := start(t)
	res, _ := r.raw(t, "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\n"+
		"Content-Length: 1073741824\r\nExpect: 100-continue\r\n\r\n")
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge || !res.Close {
		t.Errorf("status %d, close %v: want 413 at once, with no 100 before", res.StatusCode, res.Close)
	}
}

func TestServer_HeaderSizes_BoundedByLoadBalancersLimit(t *testing.T) {
	r := start(t)
	request := func(baggage int) string {
		return "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\nbaggage: k=" +
			strings.Repeat("v", baggage) + fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n%s", len(cloudEvent("1")), cloudEvent("1"))
	}
	res, _ := r.raw(t, request(60<<10))
	defer res.Body.Close()
	if res.StatusCode != http.StatusAccepted {
		t.Errorf("60 KiB of headers: status = %d, want 202", res.StatusCode)
	}
	res, _ = r.raw(t, request(80<<10))
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("80 KiB of headers: status = %d, want 431", res.StatusCode)
	}
}

// The deadline for reading must not end requests that were read in time:
// net/http lifts it when the body ends.
func TestServer_SNSSlowerThanReadTimeout_StillAnswered(t *testing.T) {
	r := start(t, func(c *Config) { c.ReadTimeout = 50 * time.Millisecond })
	r.sns.latency = 300 * time.Millisecond
	if got := r.post(t, "1"); got != http.StatusAccepted {
		t.Errorf("status = %d", got)
	}
}

func TestServer_ClientGone_NeighbourStillPublished(t *testing.T) {
	r := start(t)
	release := make(chan struct{})
	r.sns.answer = func(context.Context, int, *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
		<-release
		return nil, nil
	}
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	e := cloudEvent("gone")
	_, _ = fmt.Fprintf(c, "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\nContent-Length: %d\r\n\r\n%s", len(e), e)
	eventually(t, "a call", func() bool { return len(r.sns.sizes()) == 1 })
	neighbour := make(chan int)
	go func() { neighbour <- r.post(t, "stays") }()
	eventually(t, "two calls", func() bool { return len(r.sns.sizes()) == 2 })
	_ = c.Close()
	eventually(t, "the request to end", func() bool { return strings.Contains(r.log.String(), codeClientGone) })
	close(release)
	if got := <-neighbour; got != http.StatusAccepted {
		t.Errorf("the neighbour's status = %d", got)
	}
}

// A request that came before the process was told to stop is answered after
// that: its connection has to end, too.
func TestEvents_StoppingMeanwhile_ConnectionCloses(t *testing.T) {
	for name, body := range map[string]string{"single": cloudEvent("1"), "batch": cloudEvents("1", "2")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := setup(t)
				b.sns.latency = time.Second
				time.AfterFunc(time.Second/2, func() { b.draining.Store(true) })
				if w := b.do(post(body)); w.Code != http.StatusAccepted || w.Header().Get("Connection") != "close" {
					t.Errorf("status %d, Connection: %q, want 202 and close", w.Code, w.Header().Get("Connection"))
				}
			})
		})
	}
}
