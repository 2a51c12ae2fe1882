package service

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// full makes a service in which as many events wait as may: one. The request
// that it came with ends when release is called.
func full(tb testing.TB, change ...func(*Config)) (b *bundle, release func()) {
	tb.Helper()
	b = setup(tb, append(change, func(c *Config) { c.MaxPending, c.Limits.MaxBatch = 1, 1 })...)
	var once sync.Once
	called, answer := make(chan struct{}), make(chan struct{})
	b.sns.answer = func(context.Context, int, *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
		once.Do(func() { close(called) })
		<-answer
		return nil, io.ErrUnexpectedEOF
	}
	done := make(chan struct{})
	go func() {
		b.do(post(cloudEvent("first")))
		close(done)
	}()
	<-called
	return b, func() {
		close(answer)
		<-done
	}
}

func TestEvents_Full_ShedsBeforeItReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, release := full(t)
		defer release()
		body := new(unread)
		r := httptest.NewRequest(http.MethodPost, "/v1/events", body)
		r.Header.Set("Content-Type", "application/cloudevents+json")
		w := b.do(r)
		wantProblem(t, w, http.StatusServiceUnavailable, codeOverloaded)
		if w.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		if body.reads > 0 {
			t.Errorf("the body was read %d times", body.reads)
		}
	})
}

// With no room, a request is refused before it has a span, but for a few each
// second. Whoever counts sees no difference, and its answer has its trace.
func TestEvents_Full_EveryRefusalIsCountedAndAFewAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, release := full(t)
		defer release()
		const requests = 200
		for range requests {
			r := post(cloudEvent("1"))
			r.Header.Set("X-Amzn-Trace-Id", "Root=1-67891233-abcdef012345678912345678")
			w := b.do(r)
			p := wantProblem(t, w, http.StatusServiceUnavailable, codeOverloaded)
			if p.TraceID != "67891233abcdef012345678912345678" || !strings.Contains(w.Header().Get("Traceresponse"), p.TraceID) || w.Header().Get("Retry-After") != "1" {
				t.Fatalf("answer %+v with %v", p, w.Header())
			}
		}
		if n := b.counted(t, semconv.MetricRefused, codeOverloaded); n != requests {
			t.Errorf("%d refusals are counted, want %d", n, requests)
		}
		if n := b.measured(t, http.StatusServiceUnavailable, pathEvents); n != requests {
			t.Errorf("%d requests are measured, want %d", n, requests)
		}
		if spans, lines := len(b.spans.Ended()), strings.Count(b.log.String(), `"msg":"refused"`); spans != linesPerSecond || lines != linesPerSecond {
			t.Errorf("%d spans and %d lines, want %d of each", spans, lines, linesPerSecond)
		}
		// The allowance is spent: nothing but the method saves this one.
		wantProblem(t, b.do(httptest.NewRequest(http.MethodGet, pathEvents, http.NoBody)), http.StatusMethodNotAllowed, codeMethodNotAllowed)
		time.Sleep(time.Second)
		b.do(post(cloudEvent("1")))
		if want := fmt.Sprintf(`"omitted":%d`, requests-linesPerSecond); !strings.Contains(b.log.String(), want) {
			t.Errorf("a second later the log does not have %s", want)
		}
	})
}

// A process that stops and has no room sends its clients elsewhere.
func TestEvents_FullAndDraining_ClosesTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, release := full(t)
		defer release()
		for draining, want := range map[bool]string{false: "", true: "close"} {
			b.draining.Store(draining)
			for range linesPerSecond + 1 { // the last one has no span
				if got := b.do(post(cloudEvent("1"))).Header().Get("Connection"); got != want {
					t.Errorf("draining %v: Connection is %q, want %q", draining, got, want)
				}
			}
		}
	})
}

// ECS ends tasks that fail the checks of their load balancer: load must not.
func TestReady_Shedding_FailsNoCheckThatExcludesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.publisher.confirmedAt, b.publisher.shedAt = time.Now(), time.Now()
		ask := func(path string) *httptest.ResponseRecorder {
			return b.do(httptest.NewRequest(http.MethodGet, path, http.NoBody))
		}
		wantProblem(t, ask("/readyz"), http.StatusServiceUnavailable, codeOverloaded)
		wantProblem(t, ask("/readyz?exclude=other"), http.StatusServiceUnavailable, codeOverloaded)
		if w := ask("/readyz?exclude=overloaded"); w.Code != http.StatusOK {
			t.Errorf("status %d where load is excluded, want 200: %s", w.Code, w.Body)
		}
		b.draining.Store(true)
		wantProblem(t, ask("/readyz?exclude=overloaded"), http.StatusServiceUnavailable, codeStopping)
	})
}

// measured is how many requests http.server.request.duration has of a status
// and a route.
func (b *bundle) measured(tb testing.TB, status int, route string) (n uint64) {
	tb.Helper()
	var all metricdata.ResourceMetrics
	if err := b.metrics.Collect(context.Background(), &all); err != nil {
		tb.Fatal(err)
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			h, ok := m.Data.(metricdata.Histogram[float64])
			if !ok || m.Name != "http.server.request.duration" {
				continue
			}
			for _, p := range h.DataPoints {
				s, _ := p.Attributes.Value("http.response.status_code")
				r, _ := p.Attributes.Value("http.route")
				if s.AsInt64() == int64(status) && r.AsString() == route {
					n += p.Count
				}
			}
		}
	}
	return n
}
