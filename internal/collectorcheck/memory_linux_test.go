package collectorcheck_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
)

// load is how long the measurement takes for each file, twice.
var load = flag.Duration("load", 3*time.Second, "how long 1,000 spans a second are sent for each file, with a back end and then without")

// A collector that gets 1,000 spans a second, and then all that it takes while its
// back end is away, stays within the memory that its container has.
func TestMemory_UnderLoad_StaysWithinTheContainer(t *testing.T) {
	t.Parallel()
	otelcol(t)
	for _, c := range configs {
		t.Run(c.name+".yaml", func(t *testing.T) {
			t.Parallel()
			s := newSidecar(t, c)
			group, limited := newCgroup(t, memoryMiB*mib)
			if limited {
				s.cgroup = group.processes()
			} else {
				t.Log("no container's memory: this process may make no cgroup; GOMEMLIMIT and the queues' bounds are tested alone")
			}
			running, err := s.start(t)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second) // it has started
			running.memory(t, "idle")
			if err := s.steady(t.Context()); err != nil {
				t.Fatal(err)
			}
			running.memory(t, "1,000 spans a second")
			s.to.answer(http.StatusServiceUnavailable)
			refused, err := s.flood(t.Context())
			if err != nil {
				t.Fatalf("%v: %s", err, running.log())
			}
			full := running.memory(t, fmt.Sprintf("the back end away, %d requests refused", refused))
			if limited {
				peak, err := group.peakMemory()
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%5.1f MiB  of the container's memory, with cached files", float64(peak)/mib)
			}
			if full > memoryMiB*mib {
				t.Errorf("it had %d MiB at once, the container has %d", full/mib, memoryMiB)
			}
			s.to.answer(0)
			if err := s.recovers(t.Context()); err != nil {
				t.Errorf("%v: %s", err, running.log())
			}
		})
	}
}

// memory logs the most that a collector has had in memory until now. It returns
// what of that is its own: the rest are pages of the program's file, which Linux
// takes back when it needs them.
func (c *collector) memory(t *testing.T, when string) int {
	t.Helper()
	peak, file, err := c.resident()
	if err != nil {
		t.Fatalf("%v: %s", err, c.log())
	}
	t.Logf("%5.1f MiB  resident at most, %.1f MiB of it the program's file: %s", float64(peak)/mib, float64(file)/mib, when)
	return peak - file
}

// resident is the most that the process has had in memory at once, and what of its
// file is there now.
func (c *collector) resident() (peak, file int, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.PID()))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		var kib int
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			peak = kib << 10
		}
		if _, err := fmt.Sscanf(line, "RssFile: %d kB", &kib); err == nil {
			file = kib << 10
		}
	}
	return peak, file, nil
}

// steady sends 1,000 spans a second, as much telemetry besides as goes with
// them, and sees all of it arrive.
func (s sidecar) steady(ctx context.Context) error {
	const each, pause = 100, 100 * time.Millisecond
	sent := 0
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < *load; <-tick.C {
		if err := errors.Join(s.post(ctx, "traces", spans(each)), s.post(ctx, "metrics", histograms(1))); err != nil {
			return err
		}
		sent += each
	}
	return s.to.waitFor(ctx, "each span", func() bool { return s.to.got().spans >= sent })
}

// flood fills all queues, and goes on for a while.
func (s sidecar) flood(ctx context.Context) (refused int, err error) {
	signals := map[string]proto.Message{"traces": spans(500), "metrics": histograms(200)}
	if s.config.logs {
		signals["logs"] = records(500)
	}
	full := map[string]bool{}
	for began := time.Now(); len(full) < len(signals) || time.Since(began) < *load; {
		for signal, request := range signals {
			switch err := s.post(ctx, signal, request); {
			case errors.Is(err, errRefused):
				full[signal] = true
				refused++
			case err != nil:
				return refused, fmt.Errorf("after %v, %d requests refused: %w", time.Since(began), refused, err)
			}
		}
		if len(full) == len(signals) {
			time.Sleep(20 * time.Millisecond)
		}
		if time.Since(began) > *load+time.Minute {
			return refused, fmt.Errorf("after a minute, only %v are refused", full)
		}
	}
	return refused, nil
}

// recovers waits until a collector takes requests again, and one of them arrives.
func (s sidecar) recovers(ctx context.Context) error {
	before := s.to.got()
	if err := s.to.waitFor(ctx, "what the queues hold", func() bool { return s.to.got().spans > before.spans }); err != nil {
		return err
	}
	for deadline := time.Now().Add(arrivalTimeout); ; time.Sleep(100 * time.Millisecond) {
		err := s.post(ctx, "traces", spans(1))
		if err == nil || !errors.Is(err, errRefused) || time.Now().After(deadline) {
			return err
		}
	}
}
