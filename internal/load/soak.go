//go:build unix

package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

// soakFaults are what SNS does in turn, with -faults, each for a tenth of the
// time between two of them: mostly 1 second in 10.
var soakFaults = []messaging.Fault{
	{Error: &messaging.Error{Code: "Throttled", Message: "Rate exceeded", Status: http.StatusTooManyRequests}},
	{Error: &messaging.Error{Code: "InternalError", Message: "It is not you", Status: http.StatusInternalServerError, Receiver: true}},
	{Drop: messaging.DropAfter},
	{Delay: 300 * time.Millisecond},
	{FailEntries: []int{0, 3}},
}

// soak sends at one rate for long, and returns what was seen after the
// programs had warmed up.
func (r *runner) soak(ctx context.Context, rate float64) (f figures, after watched, err error) {
	if err := r.stage.drain(ctx); err != nil {
		return f, after, err
	}
	if r.plan.faults {
		faults, cancel := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() {
			r.misbehave(faults)
			close(ended)
		}()
		defer func() {
			cancel()
			<-ended
		}()
	}
	if f, err = r.at(ctx, "soak", rate, r.plan.soak, r.plan.every()); err != nil {
		return f, after, err
	}
	return f, f.seen.after(warmUpOf(r.plan.soak)), nil
}

// warmUpOf is how much of a soak does not count, while pools fill and the
// consumer opens its connections: a fifth, and half a minute if there is that
// much.
func warmUpOf(soak time.Duration) time.Duration { return max(soak/5, min(30*time.Second, soak/2)) }

// after is what was seen from some time after the beginning on. The very last
// sample, when all connections idle, is left out.
func (w watched) after(d time.Duration) watched {
	if len(w.samples) == 0 {
		return w
	}
	from := w.samples[0].at.Add(d)
	w.samples = slices.DeleteFunc(slices.Clone(w.samples[:len(w.samples)-1]), func(v sample) bool { return v.at.Before(from) })
	return w
}

// misbehave makes SNS fail now and then until ctx ends.
func (r *runner) misbehave(ctx context.Context) {
	defer r.stage.fault.Store(nil)
	every := min(10*time.Second, r.plan.soak/10)
	for i := 0; ; i++ {
		if harness.Sleep(ctx, every*9/10) != nil {
			return
		}
		r.stage.fault.Store(&soakFaults[i%len(soakFaults)])
		if harness.Sleep(ctx, every/10) != nil {
			return
		}
		r.stage.fault.Store(nil)
	}
}

// trend is a line through the samples of one figure.
type trend struct {
	median float64
	rise   float64 // over the time of the samples
}

// trend fits a line by the median of the slopes between all pairs of samples
// (Theil and Sen), which a burst or a collection of garbage does not move.
func (w watched) trend(of func(sample) float64) trend {
	if len(w.samples) < 2 {
		return trend{}
	}
	var slopes, values []float64
	for i, a := range w.samples {
		values = append(values, of(a))
		for _, b := range w.samples[i+1:] {
			slopes = append(slopes, (of(b)-of(a))/b.at.Sub(a.at).Seconds())
		}
	}
	return trend{median(values), median(slopes) * w.span().Seconds()}
}

func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

func (t trend) String() string { return fmt.Sprintf("%.1f, rising by %.1f", t.median, t.rise) }
