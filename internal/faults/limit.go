//go:build unix

package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tracehaul/tracehaul/internal/harness"
)

// limitScenarios take a consumer to the limits that Lambda has.
func limitScenarios() []scenario {
	return []scenario{
		{
			name: "consumer/deadline", what: "The table is locked for longer than an invocation may take.", short: true,
			run: deadline,
			check: func(w *world, a *account) error {
				if n := w.timeouts.Load(); n > 0 {
					return fmt.Errorf("the consumer was ended by Lambda %d times: it should have given its batches back before", n)
				}
				return allStored(w, a)
			},
		},
		{
			name: "consumer/out-of-memory", what: "The consumer collects no garbage until Lambda kills it for its memory.",
			events: 400, invocationsFail: takesSpans,
			setup: func(s *settings) {
				s.config.EnforceMemory, s.consumer.MemoryMB = true, 128
				s.consumerEnv(map[string]string{"GOGC": "off"})
			},
			run: func(ctx context.Context, w *world) error {
				err := errors.Join(w.sendOf(ctx, w.sc.events, w.largeEvent), w.drained(ctx))
				w.hits.Add(w.outOfMemory.Load())
				return err
			},
			check: allStored,
		},
	}
}

// deadline locks the table for longer than two invocations.
func deadline(ctx context.Context, w *world) error {
	return w.meeting(ctx, fmt.Sprintf(reasonText, "deadline"), func(ctx context.Context) error {
		tx, err := w.pool.Begin(ctx)
		if err != nil {
			return err
		}
		defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // it may be committed
		if _, err := tx.Exec(ctx, "LOCK TABLE events IN ACCESS EXCLUSIVE MODE"); err != nil {
			return err
		}
		if err := w.sendAll(ctx); err != nil {
			return err
		}
		if err := harness.Sleep(ctx, 2*consumerTimeout); err != nil {
			return err
		}
		return tx.Commit(ctx)
	})
}

// largeEvent is one that nearly fills a message.
func (w *world) largeEvent() *entry {
	const size = 150 << 10 // a third more in Base64
	padding := make([]byte, size)
	_, _ = rand.Read(padding) // never fails
	n := w.serial.Add(1)
	data, err := json.Marshal(map[string]any{"n": n, "padding": padding, "at": time.Now()})
	if err != nil {
		panic(err) // it is only numbers and strings
	}
	return w.eventOf(fmt.Sprintf("large-%d", n), data)
}
