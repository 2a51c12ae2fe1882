package main

import (
	"context"
	"time"

	"github.com/tracehaul/tracehaul/consumer"
)

// phase is a part of what Lambda waits for in an invocation.
type phase int

const (
	before  phase = iota // the sink is called: reading messages, starting their spans, decoding
	writing              // the database works, and whatever can be done beside it is done
	after                // it has answered: settling, ends of spans, points of metrics
	flushing
	phases
)

// stopwatch takes the time of each phase of a batch. It lies around the sink
// and the flush of a consumer that has one batch at a time.
type stopwatch struct {
	consumer.Sink

	at   phase
	last time.Time
	sum  [phases]time.Duration
}

// start begins a batch.
func (s *stopwatch) start() { s.at, s.last = before, time.Now() }

// lap ends what is under way and begins the next phase.
func (s *stopwatch) lap(next phase) {
	now := time.Now()
	s.sum[s.at] += now.Sub(s.last)
	s.at, s.last = next, now
}

// Write implements consumer.Sink.
func (s *stopwatch) Write(ctx context.Context, batch []*consumer.Record) ([]consumer.Stored, error) {
	s.lap(writing)
	defer s.lap(after)
	return s.Sink.Write(ctx, batch)
}

// take returns the microseconds of each phase for each of n messages since it
// was last asked.
func (s *stopwatch) take(n int) (micros [phases]float64) {
	for i, d := range s.sum {
		micros[i] = float64(d.Nanoseconds()) / 1e3 / float64(n)
	}
	s.sum = [phases]time.Duration{}
	return micros
}
