//go:build unix

package localpipeline_test

import (
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/localpipeline"
)

// hole accepts connections and reads, but never answers.
func hole(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// nobody listens there: the port is a privileged one, which no test is given.
const nobody = "http://127.0.0.1:1"

func exportTo(endpoint string) func(*localpipeline.Config) {
	return func(c *localpipeline.Config) {
		c.ServiceEnv = map[string]string{"DRAIN_GRACE": "0s", "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
		c.ConsumerEnv = map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
	}
}

// With nobody at the OTLP endpoint, and with one who never answers, every
// event still becomes a row, and requests take as long as they do otherwise.
// The pipelines run side by side and take turns, so that noise hits all; what
// is missed once may still be noise, and is tried again.
func TestPath_CollectorAwayOrHung_EventsLandInTheSameTime(t *testing.T) {
	const tries = 5
	names := []string{"collector", "unreachable", "never answers"}
	pipelines := []*localpipeline.Local{
		start(t, fast), start(t, fast, exportTo(nobody)), start(t, fast, exportTo(hole(t))),
	}
	for try := 1; ; try++ {
		slow := slower(names, takeTurns(t, try, names, pipelines))
		if slow == "" {
			return
		}
		if try == tries {
			t.Fatalf("%d times requests were slower without a collector; the last time: %s", tries, slow)
		}
		t.Log(slow)
	}
}

// takeTurns sends events to the pipelines by turns, waits for their rows, and
// returns the 99th percentile of what requests took of each.
func takeTurns(t *testing.T, try int, names []string, pipelines []*localpipeline.Local) (p99 []time.Duration) {
	t.Helper()
	const events = 300
	took := make([][]time.Duration, len(pipelines))
	for i := range events {
		for j, l := range pipelines {
			begin := time.Now()
			send(t, l, fmt.Sprintf(`{"order":"%d-%d"}`, try, i), nil)
			took[j] = append(took[j], time.Since(begin))
		}
	}
	for j, l := range pipelines {
		eventually(t, "a row for every event: "+names[j], func() bool {
			n, err := l.CountRows(wait(t))
			return err == nil && n == events*try
		})
		slices.Sort(took[j])
		p99 = append(p99, took[j][events*99/100])
		t.Logf("%-14s p50 %v, p99 %v", names[j], took[j][events/2], p99[j])
	}
	return p99
}

// slower says who took longer than the first of them by more than noise is, which
// on a busy machine is tens of milliseconds, now and then hundreds: seldom of one
// alone, and hardly time after time.
func slower(names []string, p99 []time.Duration) string {
	for j := range p99[1:] {
		if got, limit := p99[j+1], 3*p99[0]+500*time.Millisecond; got > limit {
			return fmt.Sprintf("%s: p99 %v, with a collector %v; want at most %v", names[j+1], got, p99[0], limit)
		}
	}
	return ""
}
