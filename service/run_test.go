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
	const grace, latency = 5 * time.Second, 7 * time.Second
	bubble(t, func(r *running) {
		t := r.t
		r.sns.latency = latency
		r.stop()
		synctest.Wait()
		if got := r.get(t, "/readyz"); got != http.StatusServiceUnavailable {
			t.Errorf("/readyz = %d while draining", got)
		}
		if got := r.get(t, "/healthz"); got != http.StatusOK {
			t.Errorf("/healthz = %d while draining: the process is alive", got)
		}
		// It takes this one to the end of the grace, and SNS confirms it long after.
		time.Sleep(grace - time.Nanosecond)
		late := make(chan int)
		go func() { late <- r.post(t, "late") }()
		synctest.Wait()
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if _, err := r.dial(t.Context(), "tcp", r.addr); err == nil {
			t.Error("it still listens after the grace")
		}
		if got := <-late; got != http.StatusAccepted {
			t.Errorf("an event within the grace: status = %d", got)
		}
		if err := r.ended(); err != nil {
			t.Errorf("Run = %v", err)
		}
	}, func(c *Config) { c.DrainGrace = grace })
}

func TestRun_Draining_TellsClientsToGoElsewhere(t *testing.T) {
	bubble(t, func(r *running) {
		t := r.t
		r.stop()
		eventually(t, "Connection: close", func() bool {
			res, err := r.client.Get(r.url + "/healthz")
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			return res.Close
		})
	}, func(c *Config) { c.DrainGrace = 200 * time.Millisecond })
}

func TestRun_SNSHangsWhileStopping_EndsInTime(t *testing.T) {
	const timeout = 300 * time.Millisecond
	bubble(t, func(r *running) {
		t := r.t
		r.sns.latency = time.Hour
		cutOff := make(chan struct{})
		go func() {
			defer close(cutOff)
			res, err := r.client.Post(r.url+"/v1/events", "application/cloudevents+json", strings.NewReader(cloudEvent("1")))
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
		err := r.ended()
		if took := time.Since(began); took != timeout {
			t.Errorf("stopping took %v, want %v", took, timeout)
		}
		if err == nil || !strings.Contains(err.Error(), "1 events were given up") {
			t.Errorf("Run = %v, want it to say what was lost", err)
		}
		<-cutOff
	}, func(c *Config) { c.ShutdownTimeout = timeout })
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

// What was accepted before the listener fails is answered, at once as there is
// nobody to wait for, and why it fails is in the log before that.
func TestRun_ListenerFailsLater_AnswersWhoIsThere(t *testing.T) {
	const latency, grace = 3 * time.Second, 10 * time.Second
	bubble(t, func(r *running) {
		t := r.t
		r.sns.latency = latency
		idle, early := r.connect(t), make(chan int)
		_, _ = io.WriteString(idle, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		answers := bufio.NewReader(idle)
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		go func() { early <- r.post(t, "early") }()
		synctest.Wait()

		began := time.Now()
		r.fail <- io.ErrUnexpectedEOF
		synctest.Wait()
		if log := r.log.String(); !strings.Contains(log, `"level":"ERROR"`) || !strings.Contains(log, io.ErrUnexpectedEOF.Error()) {
			t.Errorf("the log does not say yet that the listener has failed:\n%s", log)
		}
		if _, err := answers.ReadByte(); !errors.Is(err, io.EOF) || time.Since(began) != 0 {
			t.Errorf("the idle connection ends after %v with %v", time.Since(began), err)
		}
		if got := <-early; got != http.StatusAccepted || time.Since(began) != latency {
			t.Errorf("who waits for SNS gets %d after %v", got, time.Since(began))
		}
		if err := r.ended(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("Run = %v, want %v", err, io.ErrUnexpectedEOF)
		}
		if took := time.Since(began); took >= grace {
			t.Errorf("it took %v to stop: there is nobody to wait for", took)
		}
	}, func(c *Config) { c.DrainGrace = grace })
}

// The listener's failure within the grace does not hide what was given up.
func TestRun_ListenerFailsWhileStopping_SaysWhatWasLost(t *testing.T) {
	bubble(t, func(r *running) {
		r.sns.latency = time.Hour
		e := cloudEvent("1")
		_, _ = fmt.Fprintf(r.connect(r.t), "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\nContent-Length: %d\r\n\r\n%s", len(e), e)
		synctest.Wait()
		r.stop()
		synctest.Wait()
		r.fail <- io.ErrUnexpectedEOF
		if err := r.ended(); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "1 events were given up") {
			r.t.Errorf("Run = %v, want why the listener failed, and what was lost", err)
		}
	}, func(c *Config) { c.DrainGrace, c.ShutdownTimeout = time.Second, 2*time.Second })
}

// Who still sends when the time is up is cut off: Run leaves no connection open.
func TestRun_BodyUnderWayAtTheEnd_ConnectionCloses(t *testing.T) {
	const timeout = 3 * time.Second
	bubble(t, func(r *running) {
		t := r.t
		c := r.connect(t)
		_, _ = io.WriteString(c, "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\nContent-Length: 100\r\n\r\n{")
		synctest.Wait()
		began := time.Now()
		r.stop()
		if answer, _ := io.ReadAll(c); len(answer) != 0 || time.Since(began) != timeout {
			t.Errorf("the connection ends after %v with %q", time.Since(began), answer)
		}
		if err := r.ended(); err == nil || !strings.Contains(err.Error(), "requests were cut off") {
			t.Errorf("Run = %v, want it to say that requests were cut off", err)
		}
	}, func(c *Config) { c.ShutdownTimeout = timeout })
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
	bubble(t, func(r *running) {
		t := r.t
		res, _ := r.raw(t, "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\nContent-Length: 100\r\n\r\n{")
		defer res.Body.Close()
		p := decode[Problem](t, res.Body)
		if res.StatusCode != http.StatusRequestTimeout || p.Code != codeSlowBody || !res.Close {
			t.Errorf("status %d, problem %+v, close %v", res.StatusCode, p, res.Close)
		}
	})
}

func TestServer_SlowHeaders_ConnectionClosed(t *testing.T) {
	bubble(t, func(r *running) {
		t := r.t
		c := r.connect(t)
		_, _ = io.WriteString(c, "POST /v1/events HTTP/1.1\r\nHost:")
		if _, err := io.ReadAll(c); err != nil {
			t.Errorf("the connection was not closed: %v", err)
		}
	})
}

func TestServer_BodyEndsEarly_400(t *testing.T) {
	r := start(t)
	c := r.connect(t)
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
	bubble(t, func(r *running) {
		t := r.t
		r.sns.latency = 300 * time.Millisecond
		if got := r.post(t, "1"); got != http.StatusAccepted {
			t.Errorf("status = %d", got)
		}
	}, func(c *Config) { c.ReadTimeout = 50 * time.Millisecond })
}

func TestServer_ClientGone_NeighbourStillPublished(t *testing.T) {
	r := start(t)
	release := make(chan struct{})
	r.sns.answer = func(context.Context, int, *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
		<-release
		return nil, nil
	}
	c := r.connect(t)
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
