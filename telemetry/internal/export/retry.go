package export

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Waits between attempts double from firstWait to mostWait, with jitter. A
// collector can ask for longer ones, up to mostAsked.
const (
	firstWait = 200 * time.Millisecond
	mostWait  = 5 * time.Second
	mostAsked = 5 * time.Minute
)

// retry makes attempts until one succeeds, fails for good, or would come too
// late. It remembers failures from one batch to the next, so that a collector
// which is down, or asked for a pause, is left alone that long.
type retry struct {
	failures int       // attempts since one that was answered
	last     *Error    // the last of them
	next     time.Time // no attempt before then
}

// do returns the response, or why there is none: with ctx over, the last
// failure rather than the end of ctx.
func (r *retry) do(ctx context.Context, attempt func() ([]byte, error)) ([]byte, *Error) {
	for first := true; ; first = false {
		if err := r.wait(ctx, first); err != nil {
			return nil, err
		}
		began := time.Now()
		response, err := attempt()
		if err == nil {
			*r = retry{}
			return response, nil
		}
		failure := classify(ctx, err)
		if failure.Reason == semconv.DropTimeout && r.last != nil && time.Since(began) < firstWait {
			failure = r.last // this one had no time, and tells less
		}
		switch {
		case failure.Retry:
			r.failed(failure)
		case Unresponsive(failure):
			return nil, failure
		default:
			*r = retry{}
			return nil, failure
		}
	}
}

// failed plans the next attempt.
func (r *retry) failed(err *Error) {
	wait := min(firstWait<<min(r.failures, 10), mostWait)
	wait = wait/2 + rand.N(wait/2) //nolint:gosec // jitter needs no secret
	r.failures++
	r.last = err
	r.next = time.Now().Add(max(wait, min(err.After, mostAsked)))
}

// wait waits until the next attempt may be made. When ctx will end before
// that, a batch that has had an attempt is given up at once; one that has not
// waits nevertheless, because giving up batch after batch would only empty the
// queue sooner.
func (r *retry) wait(ctx context.Context, first bool) *Error {
	wait := time.Until(r.next)
	if deadline, ok := ctx.Deadline(); ok && !first && r.next.After(deadline) {
		return r.last
	}
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	err := ended(ctx)
	if err != nil && err.Reason == semconv.DropTimeout && r.last != nil {
		return r.last
	}
	return err
}
