package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tracehaul/tracehaul/deadletter"
)

// What is quick is not told of.
func TestProgress_Quick_SaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		p := startProgress(&out, "building")
		time.Sleep(900 * time.Millisecond)
		p.phase("starting")
		time.Sleep(900 * time.Millisecond)
		p.done()
		p.done()
		time.Sleep(time.Minute)
		if out.String() != "" {
			t.Errorf("got %q", out.String())
		}
	})
}

// Without a terminal a phase is a line once it has taken a second, and one a
// minute.
func TestProgress_Slow_ALineNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		p := startProgress(&out, "building")
		time.Sleep(125 * time.Second)
		p.phase("starting")
		time.Sleep(1500 * time.Millisecond)
		fmt.Fprintln(p, "a log line")
		p.done()
		want := "building\nbuilding: 1m0s so far\nbuilding: 2m0s so far\nstarting\na log line\n"
		if got := out.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// On a terminal there is one line, which is gone when something else is written
// or it is done.
func TestProgress_Terminal_OneLineRewritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, report syncBuffer
		p := newProgress(&out, "")
		p.terminal = true
		p.phase("playing")
		time.Sleep(2500 * time.Millisecond)
		fmt.Fprintln(p, "a log line")
		time.Sleep(time.Second)
		fmt.Fprintln(p.before(&report), "the report")
		time.Sleep(time.Minute)
		want := "\r\x1b[Kplaying (1s)\r\x1b[Kplaying (2s)\r\x1b[Ka log line\n\r\x1b[Kplaying (3s)\r\x1b[K"
		if got := out.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if report.String() != "the report\n" {
			t.Errorf("the report: %q", report.String())
		}
	})
}

func TestProgress_Counts_WithTheTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, terminal := range []bool{false, true} {
			var out syncBuffer
			p := newProgress(&out, "sent")
			p.terminal = terminal
			for n := range 45 { // two a second
				p.tell(deadletter.Progress{Done: n, Total: 100})
				time.Sleep(500 * time.Millisecond)
			}
			p.done()
			got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			if !terminal && (len(got) != 3 || got[0] != "sent: 2 of about 100, 49s left" || got[1] != "sent: 22 of about 100, 39s left") {
				t.Errorf("got %q", got)
			}
			if terminal && (strings.Count(out.String(), "\r\x1b[Ksent: ") != 43 || !strings.HasSuffix(out.String(), "sent: 44 of about 100, 28s left\r\x1b[K")) {
				t.Errorf("on a terminal: got %q", out.String())
			}
		}
	})
}

// What counts and does not get on is told of by the clock: first that it is at it,
// then how far it was.
func TestProgress_CountsAndHangs_TheClockTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		p := startProgress(&out, "read")
		time.Sleep(1500 * time.Millisecond)
		p.tell(deadletter.Progress{Done: 10, Total: 10})
		time.Sleep(time.Minute)
		p.done()
		if got, want := out.String(), "read\nread: 10 of about 10\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
