//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/internal/harness"
)

// What a broken collector may cost a request, beside one that is well. Nothing
// would be right; the rest is what two equal services differ by.
const (
	medianFactor, medianSlack = 1.2, 300 * time.Microsecond
	p99Factor, p99Slack       = 2, 20 * time.Millisecond

	// These are of what a request takes on average, which says how many of them
	// a client gets through in a second, one after the other.
	meanFactor, meanSlack = 1.5, 2 * time.Millisecond

	// compareFor is how long a comparison takes at least: it sees what several
	// exports do, which are a tenth of a second apart, and not the time before the first.
	compareFor = 2 * time.Second
)

// cost is how long requests take whose service has a broken collector, and
// those of its twin, whose collector is well.
type cost struct {
	mu           sync.Mutex
	broken, well []time.Duration // of the last comparison, sorted once all are there
	slowest      time.Duration   // of all of those with a broken collector
}

// compare sends the scenario's events to the service, each alone, and as many to
// its twin. A comparison that is missed, as it may be where the machine is busy
// with other things, is repeated with fewer events. It says what a broken collector
// has cost in the last one.
func (c *cost) compare(ctx context.Context, w *world) error {
	twin, err := w.StartTwin(ctx, map[string]string{"OTEL_SERVICE_NAME": "twin"})
	if err != nil {
		return fmt.Errorf("a second service: %w", err)
	}
	c.round(ctx, w, twin, senders, 0) // which opens connections
	for n := w.sc.events; ; n = min(n, defaultEvents) {
		c.round(ctx, w, twin, n, compareFor)
		if err := context.Cause(ctx); err != nil {
			return err
		}
		w.say(fmt.Sprintf("has requests take %v, 99 of 100 at most %v, and %v and %v with a collector that is well",
			quantile(c.broken, 0.5), quantile(c.broken, 0.99), quantile(c.well, 0.5), quantile(c.well, 0.99)))
		missed := c.want()
		if missed == nil || c.slowest > requestBound || !w.mayRepeat(missed) {
			return missed
		}
	}
}

// round times so many requests of either kind, over a time. Every client goes from one to the
// other, and each of them is first as often, so that what else happens on the
// machine happens to both.
func (c *cost) round(ctx context.Context, w *world, twin string, n int, over time.Duration) {
	c.broken, c.well = nil, nil
	var clients sync.WaitGroup
	pause := over / time.Duration(max(1, n/senders))
	for i := range senders {
		clients.Go(func() {
			for k := range n/senders + min(1, max(0, n%senders-i)) {
				if harness.Sleep(ctx, pause) != nil {
					return
				}
				if k%2 == 1 {
					c.send(ctx, w, twin, &c.well)
				}
				c.send(ctx, w, w.Addresses().Service, &c.broken)
				if k%2 == 0 {
					c.send(ctx, w, twin, &c.well)
				}
			}
		})
	}
	clients.Wait()
	slices.Sort(c.broken)
	slices.Sort(c.well)
	if n := len(c.broken); n > 0 {
		c.slowest = max(c.slowest, c.broken[n-1])
	}
}

func (c *cost) send(ctx context.Context, w *world, base string, times *[]time.Duration) {
	e := w.newEvent()
	r := w.postTextTo(ctx, base, nil, event.MediaTypeEvent, e.structured(), e)
	c.mu.Lock()
	defer c.mu.Unlock()
	*times = append(*times, r.took)
}

// want says what a broken collector has cost.
func (c *cost) want() error {
	if c.slowest > requestBound {
		return errors.Join(fmt.Errorf("a request took %v, want at most %v", c.slowest, requestBound), c.missed())
	}
	return c.missed()
}

// missed says what it has cost by the last comparison.
func (c *cost) missed() error {
	if len(c.broken) == 0 || len(c.well) == 0 {
		return errors.New("no request has been timed")
	}
	var errs []error
	for _, q := range []struct {
		name   string
		at     float64
		factor float64
		slack  time.Duration
	}{{"median", 0.5, medianFactor, medianSlack}, {"99th percentile", 0.99, p99Factor, p99Slack}} {
		broken, well := quantile(c.broken, q.at), quantile(c.well, q.at)
		if most := time.Duration(q.factor*float64(well)) + q.slack; broken > most {
			errs = append(errs, fmt.Errorf("the %s of requests is %v, and %v with a collector that is well; want at most %v", q.name, broken, well, most))
		}
	}
	broken, well := mean(c.broken), mean(c.well)
	if most := time.Duration(meanFactor*float64(well)) + meanSlack; broken > most {
		errs = append(errs, fmt.Errorf("a client gets through %.0f requests a second, and %.0f with a collector that is well; want at least %.0f",
			1/broken.Seconds(), 1/well.Seconds(), 1/most.Seconds()))
	}
	return errors.Join(errs...)
}

// quantile is that of sorted times.
func quantile(sorted []time.Duration, at float64) time.Duration {
	return sorted[min(len(sorted)-1, int(at*float64(len(sorted))))]
}

func mean(times []time.Duration) time.Duration {
	var sum time.Duration
	for _, t := range times {
		sum += t
	}
	return sum / time.Duration(len(times))
}
