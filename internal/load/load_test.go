//go:build unix

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/harness"
)

// The whole of a run, in short, on the real programs: what it says of the
// machine is nothing, but that it measures, settles the books and ends.
func TestRun_Short_SettlesItsBooks(t *testing.T) {
	for name, args := range map[string][]string{
		"overload": {"-knee", "100"},
		"soak":     {"-knee", "100", "-for", "2s", "-faults"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, progress strings.Builder
			code := run(t.Context(), append(args, "-f", "../../pipeline/testdata/reference/tracehaul.yaml", "-step", "300ms", "-low", "50", "-from", "100"), &out, &progress)
			t.Logf("exit code %d\n%s\n%s", code, out.String(), progress.String())
			for _, want := range []string{
				"ok      every answer is 202, or 503", "ok      every accepted event is a row or a dead-letter message: 0 lost",
				"ok      none is there twice: 0", "ok      none is there that was refused or not sent: 0", "ok      the service stays within",
			} {
				if !strings.Contains(out.String(), want) {
					t.Errorf("it does not say %q", want)
				}
			}
		})
	}
}

func TestRun_CalledTheWrongWay_SaysHow(t *testing.T) {
	for want, args := range map[string][]string{
		"-faults is for -for": {"-faults", "-f", "../../pipeline/testdata/reference/tracehaul.yaml"}, "more than 0": {"-from", "0"}, "there is nothing to name": {"service"},
		"no such file": {"-f", "none.yaml"}, "not defined": {"-none"},
	} {
		var out strings.Builder
		if code := run(t.Context(), args, io.Discard, &out); code != harness.ExitUsage || !strings.Contains(out.String(), want) {
			t.Errorf("%v: exit code %d: %s", args, code, out.String())
		}
	}
}

// serve is a service that answers as it is told.
func serve(t *testing.T, answer func(n int, w http.ResponseWriter)) *generator {
	t.Helper()
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		answer(int(n.Add(1)), w)
	}))
	t.Cleanup(server.Close)
	g := newGenerator(strings.TrimPrefix(server.URL, "http://"))
	t.Cleanup(g.close)
	return g
}

func shed(w http.ResponseWriter, code string, retry bool) {
	if retry {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = fmt.Fprintf(w, `{"code":"%s"}`, code)
}

func TestGenerator_EachKindOfAnswer_IsTold(t *testing.T) {
	g := serve(t, func(n int, w http.ResponseWriter) {
		switch n % 7 {
		case 0:
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, `{"id":"1"}`)
		case 1:
			shed(w, "overloaded", true)
		case 2:
			shed(w, "publish_unavailable", true)
		case 3:
			shed(w, "overloaded", false)
		case 4:
			w.WriteHeader(http.StatusInternalServerError)
		case 5:
			panic(http.ErrAbortHandler)
		case 6:
			w.Header().Set("Retry-After", "5")
			w.WriteHeader(http.StatusGatewayTimeout)
			_, _ = io.WriteString(w, `{"code":"publish_timeout"}`)
		}
	})
	f := g.send(t.Context(), 0, 350, 200*time.Millisecond).figures(watched{})
	if want := [answers]int{accepted: 10, overloaded: 10, unavailable: 20, other: 20, unknown: 10}; f.counts != want {
		t.Errorf("counted %v, want %v", f.counts, want)
	}
	if g := newGenerator("127.0.0.1:1"); g.send(t.Context(), 0, 100, 50*time.Millisecond).figures(watched{}).counts[connectionRefused] != 5 {
		t.Error("a port where nobody listens refuses all")
	}
}

// A stall of the server is felt by every request that falls due during it. A
// client that waits for its answers would have sent one.
func TestGenerator_ServerStalls_LatencyCountsFromWhenRequestsWereDue(t *testing.T) {
	const stall = 300 * time.Millisecond
	var until atomic.Int64
	g := serve(t, func(n int, w http.ResponseWriter) {
		if n == 50 {
			until.Store(time.Now().Add(stall).UnixNano())
		}
		time.Sleep(time.Until(time.Unix(0, until.Load())))
		w.WriteHeader(http.StatusAccepted)
	})
	p := g.send(t.Context(), 0, 500, time.Second)
	slow := 0
	for _, m := range p.micros {
		if duration(m) > stall/2 {
			slow++
		}
	}
	if half := int(500 * stall.Seconds() / 2); slow < half*8/10 {
		t.Errorf("%d requests took more than half of the stall, want about %d", slow, half)
	}
}

// Beyond the connections that there may be, requests are counted and not sent.
func TestGenerator_NoConnectionFree_CountsUnsent(t *testing.T) {
	release := make(chan struct{})
	g := serve(t, func(_ int, w http.ResponseWriter) {
		<-release
		w.WriteHeader(http.StatusAccepted)
	})
	g.most = 3
	time.AfterFunc(2*time.Second, func() { close(release) }) // when all of 50 ms have long been due
	f := g.send(t.Context(), 0, 200, 50*time.Millisecond).figures(watched{})
	if f.counts[accepted] != 3 || f.counts[unsent] != 7 {
		t.Errorf("counted %v, want 3 accepted and 7 unsent", f.counts)
	}
}

func TestBooks_EveryKindOfFault_IsFound(t *testing.T) {
	b := books{answers: []answer{accepted, accepted, accepted, overloaded, unsent, unknown, unavailable, unknown}}
	b.stored = make([]uint8, len(b.answers))
	for _, id := range []string{eventID(0), eventID(1), eventID(1), eventID(3), eventID(5), "stranger", eventID(99)} {
		b.store(id)
	}
	a := b.close()
	if !slices.Equal(a.lost, []string{eventID(2)}) || !slices.Equal(a.doubled, []string{eventID(1)}) ||
		!slices.Equal(a.unasked, []string{"stranger", eventID(99), eventID(3)}) {
		t.Errorf("%+v", a)
	}
	for _, c := range judgeBooks(a) {
		if c.ok {
			t.Errorf("holds: %s", c.what)
		}
	}
	b = books{answers: []answer{accepted, overloaded}, stored: []uint8{1, 0}}
	for _, c := range judgeBooks(b.close()) {
		if !c.ok {
			t.Errorf("does not hold: %s: %s", c.what, c.figure)
		}
	}
}

func TestJudge_RecoveryAndAnswers(t *testing.T) {
	slow := figures{seconds: 1, rate: 10, p99: 40 * time.Millisecond, counts: [answers]int{accepted: 10}}
	if quick := (figures{seconds: 1, rate: 10, p99: 5 * time.Millisecond, counts: [answers]int{accepted: 10}}); judgeRecovery(quick, slow).ok || !judgeRecovery(slow, quick).ok {
		t.Error("the latency afterwards is not judged")
	}
	odd := []line{{figures: figures{counts: [answers]int{accepted: 5, other: 1}}}}
	if judgeAnswers(odd, false)[0].ok {
		t.Error("an answer that is neither 202 nor 503 is let pass")
	}
	late := []line{{figures: figures{counts: [answers]int{accepted: 5, unavailable: 1}}}}
	if judgeAnswers(late, false)[0].ok || !judgeAnswers(late, true)[0].ok {
		t.Error("SNS may fail when it is told to, and only then")
	}
}

func TestCensus_ListsOfTheRuntime_AreCounted(t *testing.T) {
	var c census
	list := []string{
		"gc 3 @0.104s 1%: 0.025+0.42+0.1 ms clock, 0.05+0.1/0.4/0+0.2 ms cpu, 40->41->17 MB, 42 MB goal, 0 MB stacks, 0 MB globals, 2 P",
		"SCHED 1009ms: gomaxprocs=2 idleprocs=2", "  P0: status=0 schedtick=1", "  M3: p=nil curg=nil", "  G1: status=4(sleep) m=nil lockedm=nil",
		"  G2: status=6() m=nil lockedm=nil", "  G18: status=4(IO wait) m=nil lockedm=nil", `{"msg":"listening"}`, "SCHED 2013ms: gomaxprocs=2",
	}
	for i, l := range list {
		if counted := c.add(l); counted == (i == 7) {
			t.Errorf("%q: counted is %v", l, counted)
		}
	}
	if n := c.goroutines(); n != 2 {
		t.Errorf("%d goroutines, want 2", n)
	}
	if live, n := c.heap(); live != 17 || n != 1 {
		t.Errorf("%d MiB in use after %d collections, want 17 after 1", live, n)
	}
}
