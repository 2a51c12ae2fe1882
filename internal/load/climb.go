//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

// run is one run of the command.
type runner struct {
	stage    *stage
	plan     plan
	books    books
	lines    []line
	progress io.Writer
}

// plan says at which rates, and for how long.
type plan struct {
	low         float64       // a second: before and after everything
	from        float64       // where the climb begins
	grow        float64       // by how much a rate exceeds the one before
	highest     float64       // where the climb ends at the latest
	step        time.Duration // at each rate
	beyond      []float64     // times the knee
	connections int           // at once

	latency time.Duration // that 99 % of the requests are to be answered within

	soak   time.Duration // instead of going beyond the knee
	share  float64       // of the knee to soak with
	faults bool          // SNS fails now and then
}

// every is the time between two samples of the soak.
func (p plan) every() time.Duration { return min(max(p.soak/60, 100*time.Millisecond), 2*time.Second) }

func defaultPlan(latency time.Duration) plan {
	return plan{
		low: 200, from: 800, grow: 1.25, highest: 100_000, step: 5 * time.Second,
		beyond: []float64{1, 2, 4, 2, 1}, connections: mostConnections, latency: latency, share: .5,
	}
}

// at sends at a rate and puts a line into the table.
func (r *runner) at(ctx context.Context, what string, rate float64, d, every time.Duration) (figures, error) {
	stop := r.stage.watch(ctx, every)
	p := r.stage.generator.send(ctx, r.books.next(), rate, d)
	seen := stop()
	r.books.enter(p)
	if ctx.Err() != nil {
		return figures{}, context.Cause(ctx)
	}
	if err := r.stage.alive(); err != nil {
		return figures{}, err
	}
	if seen.err != nil {
		return figures{}, seen.err
	}
	l := line{what, p.figures(seen)}
	r.lines = append(r.lines, l)
	_, _ = fmt.Fprintln(r.progress, l.brief())
	return l.figures, nil
}

const everyOfStep = 500 * time.Millisecond

// step is at for the plan's time. What the queue holds is waited for first, so
// that the consumer's work for one rate does not burden the next.
func (r *runner) step(ctx context.Context, what string, rate float64) (figures, error) {
	if err := r.stage.drain(ctx); err != nil {
		return figures{}, err
	}
	return r.at(ctx, what, rate, r.plan.step, everyOfStep)
}

// warmUp lets the programs take their memory, fill their pools and open their
// connections.
func (r *runner) warmUp(ctx context.Context) error {
	_, err := r.step(ctx, "warm-up", r.plan.from)
	return err
}

// climb finds the knee: the highest rate that the service keeps up with. A rate
// has to be missed twice, since the machine does other things, too.
func (r *runner) climb(ctx context.Context) (knee float64, err error) {
	for rate := r.plan.from; rate <= r.plan.highest; rate *= r.plan.grow {
		missed := 0
		for ; missed < 2; missed++ {
			f, err := r.step(ctx, "climb", rate)
			if err != nil {
				return 0, err
			}
			if f.keepsUp(r.plan.latency) {
				break
			}
		}
		if missed == 2 {
			break
		}
		knee = rate
	}
	if knee == 0 {
		return 0, fmt.Errorf("the service does not keep up with %.0f requests a second, where the climb begins: see -from", r.plan.from)
	}
	return knee, nil
}

// furthest is how many times the knee is offered at most, if less did not make
// the service shed: on a machine that did much else during the climb, the knee
// that was found is a part of what the service takes later.
const furthest = 16

// overload goes beyond the knee and back. It returns the figures at each of
// the plan's rates.
func (r *runner) overload(ctx context.Context, knee float64) (all []load, err error) {
	shed := 0
	for _, times := range r.plan.beyond {
		for more := true; more; times *= 2 {
			f, err := r.step(ctx, fmt.Sprintf("%g x knee", times), times*knee)
			if err != nil {
				return nil, err
			}
			all = append(all, load{times, f})
			shed += f.counts[overloaded]
			more = times >= slices.Max(r.plan.beyond) && shed == 0 && times < furthest
		}
	}
	return all, nil
}

const (
	// slowSNS is how long SNS takes for a call when refusals are measured: no
	// more than 16 calls of 10 events at once, some 1,000 events a second, so
	// that the last of 4,096 is answered after 4 seconds.
	slowSNS = 150 * time.Millisecond

	// leastRefusing is a rate at which most is refused then.
	leastRefusing = 8000
)

// refuse finds what a refusal takes: SNS is slow, so that nearly all is
// refused.
func (r *runner) refuse(ctx context.Context, knee float64) (figures, error) {
	r.stage.fault.Store(&messaging.Fault{Delay: slowSNS})
	defer r.stage.fault.Store(nil)
	return r.step(ctx, "SNS is slow", max(2*knee, leastRefusing))
}
