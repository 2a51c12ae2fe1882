//go:build unix

package main

import (
	"context"
	"fmt"
	"time"
)

const (
	// quiet is how long the queue has to be empty.
	quiet = 300 * time.Millisecond

	// spansTimeout is how long the last spans may take to arrive.
	spansTimeout = 15 * time.Second
)

// settleUp waits until nothing moves any more and settles the books. Spans
// come last: as long as only they are missing, it waits for them.
func (w *world) settleUp(ctx context.Context) (*account, error) {
	if err := w.drained(ctx); err != nil {
		return nil, err
	}
	t := terms{
		spansMayMiss: w.sc.spansMayMiss != "", lettersRepeat: w.sc.lettersRepeat != "", commitUnknown: w.sc.commitUnknown != "",
		cutOff: w.cutOff(), killed: w.killed,
	}
	ev := evidence{spans: w.Telemetry().Spans}
	if err := readRows(ctx, w.pool, &ev); err != nil {
		return nil, err
	}
	_, dlqs := w.queues()
	if err := readLetters(w.Broker(), dlqs, &ev); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(spansTimeout); ; {
		changed := w.Telemetry().Changed()
		a := settle(w.books, ev, t)
		if a.of(broken) == 0 || time.Now().After(deadline) {
			return a, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return a, nil
		case <-time.After(time.Until(deadline)):
		}
	}
}

// drained waits until the queue has been empty for a while.
func (w *world) drained(ctx context.Context) error {
	queue, _ := w.queues()
	var emptySince time.Time
	left := 0
	err := w.await(ctx, "the queue is empty", func() bool {
		depth, err := w.Broker().QueueDepth(queue)
		left = depth.Visible + depth.InFlight + depth.Delayed
		if err != nil || left > 0 {
			emptySince = time.Time{}
			return false
		}
		if emptySince.IsZero() {
			emptySince = time.Now()
		}
		return time.Since(emptySince) >= quiet
	})
	if err != nil {
		return fmt.Errorf("%w; it holds %d messages", err, left)
	}
	return nil
}
