package alb_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/localcloud/alb"
)

// "Troubleshoot your Application Load Balancers": what a client is told when
// no target answers, and what the log keeps of it.
func TestTargetDoesNotAnswer_StatusAndLog(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	cut := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	tests := map[string]struct {
		config alb.Config
		target http.HandlerFunc
		path   string
		header http.Header
		want   int
	}{
		"no target":           {alb.Config{}, nil, "/", nil, 503},
		"refuses connections": {alb.Config{Targets: []string{"http://127.0.0.1:1"}}, nil, "/", nil, 502},
		"cuts the connection": {alb.Config{}, cut, "/", nil, 502},
		"never answers":       {alb.Config{IdleTimeout: 50 * time.Millisecond}, hang, "/", nil, 504},
		"large response": {alb.Config{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-A", strings.Repeat("x", 33*1024))
		}, "/", nil, 502},
		"long request line": {alb.Config{}, echo(""), "/" + strings.Repeat("x", 17*1024), nil, 414},
		"one large header":  {alb.Config{}, echo(""), "/", http.Header{"X-A": {strings.Repeat("x", 17*1024)}}, 400},
		"large headers": {alb.Config{}, echo(""), "/", http.Header{
			"X-A": {strings.Repeat("x", 15*1024)}, "X-B": {strings.Repeat("x", 15*1024)}, "X-C": {strings.Repeat("x", 15*1024)},
			"X-D": {strings.Repeat("x", 15*1024)}, "X-E": {strings.Repeat("x", 15*1024)},
		}, 400},
		"31 forwarded addresses": {alb.Config{}, echo(""), "/", http.Header{"X-Forwarded-For": {strings.Repeat("10.0.0.1, ", 30) + "10.0.0.1"}}, 463},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.config.Name, tt.config.TargetGroup = "dev-api", "dev-api"
			b := setup(t, tt.config, tt.target)
			if got, body := b.do("GET", tt.path, nil, tt.header); got != tt.want {
				t.Errorf("status %d, want %d: %s", got, tt.want, body)
			}
			m := logLine.FindStringSubmatch(b.entry(1).Line)
			// Only what was looked at has a rule and an action: not a request that is refused as such.
			action := "forward"
			if tt.want < 500 {
				action = "-"
			}
			if m != nil && m[logLine.SubexpIndex("action")] != action {
				t.Errorf("action %q, want %q", m[logLine.SubexpIndex("action")], action)
			}
			if m == nil || m[2] != "-1" || m[3] != "-1" || m[4] != "-1" || m[5] != strconv.Itoa(tt.want) || m[6] != "-" {
				t.Errorf("log entry %s", b.entry(1).Line)
			}
		})
	}
}

func TestClientGoes_LogKeeps460(t *testing.T) {
	arrived := make(chan struct{})
	b := setup(t, alb.Config{}, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.front.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := b.client.Do(r); err == nil {
		response.Body.Close()
		t.Fatal("the request was answered")
	}
	if line := b.entry(1).Line; !strings.Contains(line, " 460 - ") {
		t.Errorf("entry %s, want status 460", line)
	}
}

func TestHealth_UnhealthyTargetGetsNothing_AllUnhealthyGetAll(t *testing.T) {
	ready := make([]chan bool, 2)
	var targets []string
	for i := range ready {
		ready[i] = make(chan bool, 1)
		ready[i] <- true
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RequestURI() != "/readyz?exclude=overloaded" {
				fmt.Fprint(w, i)
				return
			}
			ok := <-ready[i]
			ready[i] <- ok
			if !ok {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}))
		t.Cleanup(s.Close)
		targets = append(targets, s.URL)
	}
	b := setup(t, alb.Config{Targets: targets, HealthPath: "/readyz?exclude=overloaded", HealthInterval: 5 * time.Millisecond, HealthTimeout: patience}, nil)
	seen := func() string {
		found := map[string]bool{}
		for range 8 {
			_, body := b.do("GET", "/", nil, nil)
			found[body] = true
		}
		return fmt.Sprint(found)
	}
	set := func(i int, ok bool) { <-ready[i]; ready[i] <- ok }

	b.healthy(2)
	if got := seen(); got != "map[0:true 1:true]" {
		t.Errorf("both healthy: requests went to %s", got)
	}
	set(0, false)
	b.healthy(1)
	if got := seen(); got != "map[1:true]" {
		t.Errorf("one unhealthy: requests went to %s", got)
	}
	set(1, false)
	b.healthy(0)
	if got := seen(); got != "map[0:true 1:true]" {
		t.Errorf("all unhealthy: requests went to %s, want all (fail open)", got)
	}
	set(0, true)
	b.healthy(1)
	if got := seen(); got != "map[0:true]" {
		t.Errorf("one recovered: requests went to %s", got)
	}
}

func TestHealth_CheckHangs_TargetIsUnhealthy(t *testing.T) {
	t.Parallel()
	var hangs atomic.Bool
	b := setup(t, alb.Config{HealthPath: "/readyz", HealthInterval: 5 * time.Millisecond, HealthTimeout: time.Second}, func(_ http.ResponseWriter, r *http.Request) {
		if hangs.Load() {
			<-r.Context().Done()
		}
	})
	b.healthy(1)
	hangs.Store(true)
	b.healthy(0)
}

func TestTrace_Method_IsNotAllowed(t *testing.T) {
	b := setup(t, alb.Config{}, echo(""))
	if got, _ := b.do(http.MethodTrace, "/", nil, nil); got != http.StatusMethodNotAllowed {
		t.Errorf("status %d, want 405", got)
	}
}

// "HTTP 408: the client did not send data before the idle timeout period
// expired."
func TestClientFallsSilentInItsBody_408(t *testing.T) {
	b := setup(t, alb.Config{IdleTimeout: 100 * time.Millisecond}, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	})
	body, stay := io.Pipe()
	defer stay.Close()
	go func() { _, _ = io.WriteString(stay, "the first half") }()
	if got, _ := b.do(http.MethodPost, "/", body, nil); got != http.StatusRequestTimeout {
		t.Errorf("status %d, want 408", got)
	}
	if line := b.entry(1).Line; !strings.Contains(line, " -1 -1 -1 408 - ") {
		t.Errorf("entry %s", line)
	}
}

// A slow client is not a silent one.
func TestClientIsSlow_EveryPieceStartsTheTimeAnew(t *testing.T) {
	t.Parallel()
	b := setup(t, alb.Config{IdleTimeout: 2 * time.Second}, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	})
	body, in := io.Pipe()
	go func() {
		for range 6 {
			time.Sleep(400 * time.Millisecond)
			_, _ = io.WriteString(in, "x")
		}
		in.Close()
	}()
	if got, text := b.do(http.MethodPost, "/", body, nil); got != http.StatusOK || text != "xxxxxx" {
		t.Errorf("status %d, body %q", got, text)
	}
}

func TestTargetBreaksOffItsResponse_ClientSeesThatItIsNotWhole(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]http.HandlerFunc{
		"ends": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "the first half")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
		"falls silent": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "the first half")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, alb.Config{IdleTimeout: 2 * time.Second}, target)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.front.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := b.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if got, err := io.ReadAll(response.Body); err == nil || string(got) != "the first half" {
				t.Errorf("the client read %q, %v; want half and an error", got, err)
			}
			b.entry(1)
		})
	}
}
