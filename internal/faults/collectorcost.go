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
)

// What a broken collector may cost a request, beside one that is well. Nothing
// would be right; the rest is for a machine that is busy with other things.
const (
	medianFactor, medianSlack = 1.5, 5 * time.Millisecond
	p99Factor, p99Slack       = 3, 50 * time.Millisecond

	// These are of what a request takes on average, which says how many of them
	// a client gets through in a second, one after the other.
	meanFactor, meanSlack = 2, 10 * time.Millisecond
)

// cost is how long requests take whose service has a broken collector, and
// those of its twin, whose collector is well.
type cost struct {
	mu           sync.Mutex
	broken, well []time.Duration // sorted once all are there
}

// compare sends the scenario's events to the service, each alone, and as many to
// its twin. Every client goes from one to the other, so that what else happens
// on the machine happens to both.
func (c *cost) compare(ctx context.Context, w *world) error {
	twin, err := w.StartTwin(ctx, map[string]string{"OTEL_SERVICE_NAME": "twin"})
	if err != nil {
		return fmt.Errorf("a second service: %w", err)
	}
	var clients sync.WaitGroup
	for i := range senders {
		clients.Go(func() {
			for range w.sc.events/senders + min(1, max(0, w.sc.events%senders-i)) {
				if ctx.Err() != nil {
					return
				}
				c.send(ctx, w, w.Addresses().Service, &c.broken)
				c.send(ctx, w, twin, &c.well)
			}
		})
	}
	clients.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	slices.Sort(c.broken)
	slices.Sort(c.well)
	w.say(fmt.Sprintf("has requests take %v, 99 of 100 at most %v, and %v and %v with a collector that is well",
		quantile(c.broken, 0.5), quantile(c.broken, 0.99), quantile(c.well, 0.5), quantile(c.well, 0.99)))
	return nil
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
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.broken) == 0 || len(c.well) == 0 {
		return errors.New("no request has been timed")
	}
	var errs []error
	if slowest := c.broken[len(c.broken)-1]; slowest > requestBound {
		errs = append(errs, fmt.Errorf("a request took %v, want at most %v", slowest, requestBound))
	}
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
	if broken, well := mean(c.broken), mean(c.well); broken > meanFactor*well+meanSlack {
		errs = append(errs, fmt.Errorf("a client gets through %.0f requests a second, and %.0f with a collector that is well; want at least %.0f",
			1/broken.Seconds(), 1/well.Seconds(), 1/(meanFactor*well+meanSlack).Seconds()))
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
