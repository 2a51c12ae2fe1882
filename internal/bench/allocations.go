package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// measureAllocations counts what the service's whole process allocates for a
// request: server, handler, SDK, call of SNS and export. So that the calls'
// share is the same with telemetry and without, every call carries ten events:
// there is one call at a time, it takes a while, and twice ten clients wait.
func measureAllocations(ctx context.Context, b *bench) (lines []line, err error) {
	const entries = 10
	outside, err := cast(ctx, roleOutside, outsideSettings{Latency: 2 * time.Millisecond}, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, outside.stop()) }()
	n := b.amount(1000, 200)
	var turns []func() (float64, error)
	for _, s := range []serviceSettings{
		{Bare: true, AllocationProfile: b.profileOf("service-bare.allocations")},
		{Sampled: 1, AllocationProfile: b.profileOf("service-all-sampled.allocations")},
		{Sampled: 0, AllocationProfile: b.profileOf("service-none-sampled.allocations")},
	} {
		s.PublishConcurrency = 1
		st, err := newStage(ctx, outside, s, nil)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, st.stop()) }()
		turns = append(turns, func() (float64, error) {
			t, err := st.turn(ctx, demand{Connections: 2 * entries, Requests: n})
			if err == nil && t.Calls > int64(n/entries+n/200+2) {
				err = fmt.Errorf("%d events went in %d calls of SNS: not all were full", t.Events, t.Calls)
			}
			return t.allocations, err
		})
	}
	got, err := interleave(b.rounds(3), turns...)
	if err != nil {
		return nil, err
	}
	return []line{
		{what: "allocations added to a request, sampled - bare", measured: difference(got[1], got[0]), aim: atMost(12)},
		{what: "allocations added to a request, not sampled - bare", measured: difference(got[2], got[0])},
	}, nil
}
