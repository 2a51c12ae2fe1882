package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// measureAllocations counts what a whole process allocates for a request:
// server, handler, SDK, call of SNS and export. So that the calls' share is
// the same with telemetry and without, all calls carry ten events: there is
// one call at a time, it takes a while, and twice ten clients wait for it.
func measureAllocations(ctx context.Context, b *bench) (lines []line, err error) {
	const entries = 10
	outside, err := cast(ctx, roleOutside, outsideSettings{Latency: 2 * time.Millisecond}, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, outside.stop()) }()
	n := b.amount(2000, 200)
	var turns []func() (float64, error)
	for _, s := range []serviceSettings{{Bare: true}, {Sampled: 1}, {Sampled: 0}} {
		s.Outside, s.PublishConcurrency = outside.url, 1
		served, err := startService(ctx, s)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, served.stop()) }()
		turns = append(turns, func() (float64, error) {
			if err := served.settle(ctx); err != nil {
				return 0, err
			}
			calls, err := ask[counts](ctx, outside, "/counts")
			if err != nil {
				return 0, err
			}
			before := used()
			if _, err := post(ctx, served.addr, 2*entries, n); err != nil {
				return 0, err
			}
			if served.telemetry != nil {
				if err := served.telemetry.ForceFlush(ctx); err != nil {
					return 0, err
				}
			}
			allocations := float64(used().minus(before).Allocations) / float64(n)
			after, err := ask[counts](ctx, outside, "/counts")
			if full := after.minus(calls); err == nil && full.Calls > int64(n/entries+n/100+2) {
				err = fmt.Errorf("%d events went in %d calls of SNS: not all were full", full.Events, full.Calls)
			}
			return allocations, err
		})
	}
	got, err := interleave(b.rounds(9), turns...)
	if err != nil {
		return nil, err
	}
	return []line{
		{what: "allocations added to a request, sampled - bare", measured: difference(got[1], got[0]), aim: atMost(12)},
		{what: "allocations added to a request, not sampled - bare", measured: difference(got[2], got[0])},
	}, nil
}
