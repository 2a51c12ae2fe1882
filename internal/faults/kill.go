//go:build unix

package main

import (
	"context"
	"errors"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/tracehaul/tracehaul/internal/faultproxy"
	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
)

const takesSpans = "the killed process takes its last spans with it"

// killScenarios end the consumer's process with SIGKILL at every seam of a
// batch.
func killScenarios() []scenario {
	return []scenario{
		{
			name: "consumer/killed-before-begin", what: "The consumer is killed when its batch is handed to it, before it has begun anything.",
			invocationsFail: takesSpans, check: allStored,
			run: func(ctx context.Context, w *world) error { return w.killAt(ctx, lambda.StageBegin) },
		},
		killedAtSeam("consumer/killed-with-rows-under-way", "The consumer is killed when the first rows are under way to the database.", faultproxy.SeamBegin),
		killedAtSeam("consumer/killed-before-commit", "The consumer is killed when the database has all rows and no commit.", faultproxy.SeamCommit),
		killedAtSeam("consumer/killed-after-commit", "The consumer is killed when the batch is committed, and before it knows.", faultproxy.SeamCommitted),
		{
			name: "consumer/killed-before-acknowledge", what: "The consumer is killed when it has stored its batch, and before anybody knows.",
			short: true, check: allStored,
			run: func(ctx context.Context, w *world) error { return w.killAt(ctx, lambda.StageAnswer) },
		},
		{
			name: "consumer/killed-in-the-insert", what: "The consumer is killed while the database inserts: it commits for nobody.",
			invocationsFail: takesSpans, check: allStored, run: killInInsert,
		},
		{
			name: "consumer/killed-at-random", what: "The consumer is killed over and over, whatever it does.",
			invocationsFail: takesSpans, check: allStored,
			run: func(ctx context.Context, w *world) error {
				return w.sendDuring(ctx, 6*time.Second, func(ctx context.Context) error {
					for n := range 30 {
						if err := harness.Sleep(ctx, time.Duration(50+37*n%150)*time.Millisecond); err != nil {
							return err
						}
						w.killConsumers()
					}
					return nil
				})
			},
		},
		{
			name: "consumer/frozen", what: "The consumer hangs in its transaction until Lambda kills it at the deadline.",
			invocationsFail: takesSpans, check: allStored, run: freezeInInsert,
		},
	}
}

// killAt kills the consumer at a stage of some invocations.
func (w *world) killAt(ctx context.Context, stage lambda.Stage) error {
	var n atomic.Int64
	w.failInvocations(func(m lambda.Moment) lambda.Fault {
		if m.Stage == stage && n.Add(1) <= mostKills {
			return lambda.FaultKill
		}
		return lambda.FaultNone
	})
	return w.sendAll(ctx)
}

// killedAtSeam kills the consumer when one of its batches is at a seam of the
// database's protocol.
func killedAtSeam(name, what string, seam faultproxy.Seam) scenario {
	d := new(database)
	return scenario{
		name: name, what: what, invocationsFail: takesSpans, setup: d.between, check: allStored,
		short: seam == faultproxy.SeamCommit,
		run: func(ctx context.Context, w *world) error {
			var n atomic.Int64
			hook := func(_ context.Context, m faultproxy.Moment) faultproxy.Verdict {
				if m.Seam != seam || n.Add(1) > mostKills {
					return faultproxy.Pass()
				}
				w.killConsumers()
				return faultproxy.Drop() // there is nobody at the other end
			}
			d.hook.Store(&hook)
			return w.sendAll(ctx)
		},
	}
}

// gate has every INSERT wait for a lock, as one that meets a lock does.
const (
	gate = `CREATE OR REPLACE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NEW; END $$;
		CREATE OR REPLACE TRIGGER gate BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION gate()`
	closeGate = `SELECT pg_advisory_lock(4711)`
	openGate  = `SELECT pg_advisory_unlock(4711)`
	atGate    = `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`
)

// inInsert sends events with the gate closed, does something when the consumer
// waits in its INSERT, opens the gate, and repeats that.
func (w *world) inInsert(ctx context.Context, times int, do func(context.Context) error) error {
	if _, err := w.pool.Exec(ctx, gate); err != nil {
		return err
	}
	conn, err := w.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	for range times {
		if _, err := conn.Exec(ctx, closeGate); err != nil {
			return err
		}
		if err := w.send(ctx, w.sc.events/times); err != nil {
			return err
		}
		err := w.await(ctx, "the consumer waits in its INSERT", func() bool {
			var waiting int
			return w.pool.QueryRow(ctx, atGate).Scan(&waiting) == nil && waiting > 0
		})
		if err != nil {
			return err
		}
		if err := do(ctx); err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, openGate); err != nil {
			return err
		}
		if err := w.drained(ctx); err != nil {
			return err
		}
	}
	return nil
}

func killInInsert(ctx context.Context, w *world) error {
	return w.inInsert(ctx, 3, func(context.Context) error {
		if w.killConsumers() == 0 {
			return errors.New("there was no consumer to kill")
		}
		return nil
	})
}

// freezeInInsert stops the consumer's process and waits for Lambda to lose
// patience.
func freezeInInsert(ctx context.Context, w *world) error {
	return w.inInsert(ctx, 2, func(ctx context.Context) error {
		before := w.timeouts.Load()
		w.Function(w.consumer.Name).Signal(syscall.SIGSTOP)
		return w.await(ctx, "Lambda has ended the consumer", func() bool {
			timeouts := w.timeouts.Load() - before
			if timeouts > 0 {
				w.hits.Add(timeouts)
			}
			return timeouts > 0
		})
	})
}
