//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// off is how far clocks are off.
const off = time.Hour

// clockScenarios have the clock of one process be off, by the hour that some
// people forget in spring and autumn.
func clockScenarios() []scenario {
	return []scenario{
		clockIsOff("clock/service-ahead", "The service's clock is an hour ahead.", off, 0),
		clockIsOff("clock/service-behind", "The service's clock is an hour behind.", -off, 0),
		clockIsOff("clock/consumer-ahead", "The consumer's clock is an hour ahead.", 0, off),
		clockIsOff("clock/consumer-behind", "The consumer's clock is an hour behind.", 0, -off),
	}
}

func clockIsOff(name, what string, service, consumer time.Duration) scenario {
	var began time.Time
	return scenario{
		name: name, what: what,
		setup: func(s *settings) { s.serviceClock, s.consumerClock = service, consumer },
		run: func(ctx context.Context, w *world) error {
			began = time.Now()
			if err := errors.Join(w.sendAll(ctx), w.drained(ctx)); err != nil {
				return err
			}
			return w.countSkewed(ctx, service, consumer)
		},
		check: func(w *world, a *account) error {
			return errors.Join(allStored(w, a), w.checkClocks(a, began, service, consumer))
		},
	}
}

// countSkewed counts as hits the rows whose times show that a clock was off.
func (w *world) countSkewed(ctx context.Context, service, consumer time.Duration) error {
	var rows int64
	err := w.pool.QueryRow(ctx, "SELECT count(*) FROM events WHERE received_at - accepted_at BETWEEN $1 AND $2",
		consumer-service-off/2, consumer-service+off/2).Scan(&rows)
	w.hits.Add(rows)
	return err
}

// checkClocks wants the times on rows each by its own clock, and spans to say
// where these make time run backwards.
func (w *world) checkClocks(a *account, began time.Time, service, consumer time.Duration) error {
	now := time.Now()
	within := func(what string, t time.Time, offset time.Duration) error {
		if t.Before(began.Add(offset).Add(-time.Second)) || t.After(now.Add(offset).Add(time.Second)) {
			return fmt.Errorf("it was %s at %v, want about %v", what, t, now.Add(offset))
		}
		return nil
	}
	for _, r := range a.rows {
		err := errors.Join(
			within("accepted", r.acceptedAt, service), within("sent", r.sentAt, 0),
			within("received", r.receivedAt, consumer), within("written", r.writtenAt, 0),
			w.checkSaid(r, service, consumer),
		)
		if err != nil {
			return fmt.Errorf("the row of %s: %w", r.key, err)
		}
	}
	return nil
}

// checkSaid wants the spans of a message to say what the consumer can know of
// clocks, and nothing else: on the processing that its own is behind that of the
// service or of the queue, and on the wait that it was moved, and takes no time,
// where its own is behind that of the queue.
func (w *world) checkSaid(r row, service, consumer time.Duration) error {
	behind, waits := max(service, 0)-consumer, 0
	for _, s := range w.Telemetry().Spans(r.traceID) {
		clamped, _ := s.Attributes[string(semconv.ClockClampedKey)].(bool)
		skew, _ := s.Attributes[string(semconv.ClockSkewKey)].(float64)
		said := time.Duration(skew * float64(time.Millisecond))
		switch s.Kind {
		case kindInternal:
			waits++
			if moved := consumer < 0; clamped != moved || moved && s.Duration() != 0 {
				return fmt.Errorf("span %s (%s) takes %v and has %s=%v, want %v", s.SpanID, s.Name, s.Duration(), semconv.ClockClampedKey, clamped, moved)
			}
		case kindConsumer:
			if said > max(behind, 0) || said < behind-skewSlack {
				return fmt.Errorf("span %s (%s) says that the clock is %v behind, want %v", s.SpanID, s.Name, said, max(behind, 0))
			}
		}
	}
	if waits == 0 {
		return fmt.Errorf("no span of trace %s is a wait", r.traceID)
	}
	return nil
}
