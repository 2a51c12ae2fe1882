//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/internal/faultproxy"
	"github.com/tracehaul/tracehaul/internal/harness"
)

// conflictScenarios have PostgreSQL itself give transactions up.
func conflictScenarios() []scenario {
	serialisable, deadlock := new(database), new(database)
	return []scenario{
		{
			name: "database/serialisation-repeated", what: "The server gives the first twelve statements up with 40001.",
			check: allStored,
			run: func(ctx context.Context, w *world) error {
				if _, err := w.pool.Exec(ctx, giveUp); err != nil {
					return err
				}
				return w.meeting(ctx, code("40001"), w.sendAll)
			},
		},
		{
			name: "database/serialisation", what: "Two consumers write the same messages at once under isolation level repeatable read, and PostgreSQL gives one up (40001).",
			setup: func(s *settings) {
				serialisable.between(s)
				s.config.DuplicateRate = 1
				s.config.DatabaseSettings = map[string]string{"default_transaction_isolation": `repeatable read`}
			},
			check: allStored,
			run: func(ctx context.Context, w *world) error {
				// The longer a transaction is open, the surer the other one meets it.
				hook := func(ctx context.Context, m faultproxy.Moment) faultproxy.Verdict {
					if m.Seam == faultproxy.SeamCommit {
						_ = harness.Sleep(ctx, 50*time.Millisecond)
					}
					return faultproxy.Pass()
				}
				serialisable.hook.Store(&hook)
				return w.meeting(ctx, code("40001"), w.sendAll)
			},
		},
		{
			name: "database/deadlock", what: "Another transaction locks keys of a batch in the opposite order, and PostgreSQL gives the consumer's up (40P01).",
			events: 60, setup: deadlock.between, check: allStored, short: true,
			run: func(ctx context.Context, w *world) error {
				return w.meeting(ctx, code("40P01"), func(ctx context.Context) error { return deadlock.cross(ctx, w) })
			},
		},
	}
}

// giveUp has twelve statements fail. A rollback does not take numbers of a
// sequence back.
const giveUp = `
CREATE SEQUENCE given_up;
CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF nextval('given_up') <= 12 THEN
		RAISE EXCEPTION 'made up' USING ERRCODE = '40001';
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER give_up BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION give_up()`

// crossings is how many deadlocks are made.
const crossings = 3

// cross makes deadlocks: each time a part of the events comes in while another
// transaction has the last key, and then asks for the others.
func (d *database) cross(ctx context.Context, w *world) error {
	conn, err := pgx.Connect(ctx, w.Addresses().DatabaseURL)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for range crossings {
		events := w.newEvents(w.sc.events / crossings)
		if err := w.crossOnce(ctx, conn, events); err != nil {
			return fmt.Errorf("make a deadlock: %w", err)
		}
	}
	return nil
}

func (w *world) crossOnce(ctx context.Context, conn *pgx.Conn, events []*entry) error {
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.key.ID
	}
	slices.Sort(ids) // as the consumer does
	slices.Reverse(ids)
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	// It is the consumer's wait that PostgreSQL is to look into first.
	if _, err := tx.Exec(ctx, "SET LOCAL deadlock_timeout = '10s'"); err != nil {
		return err
	}
	insert := func(id string) error {
		_, err := tx.Exec(ctx, "INSERT INTO events (source, id, type) VALUES ($1, $2, 'other') ON CONFLICT DO NOTHING", eventSource, id)
		return err
	}
	if err := insert(ids[0]); err != nil {
		return err
	}
	for batch := range slices.Chunk(events, 10) {
		w.post(ctx, nil, batch...)
	}
	if err := w.await(ctx, "the consumer waits for a key", func() bool { return w.waiting(ctx) > 0 }); err != nil {
		return err
	}
	var errs []error
	for _, id := range ids[1:] {
		errs = append(errs, insert(id))
	}
	return errors.Join(errs...)
}

// waiting is how many of the consumer's sessions wait for a lock.
func (w *world) waiting(ctx context.Context) (n int) {
	err := w.pool.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "+consumerSessions).Scan(&n)
	if err != nil {
		return 0
	}
	return n
}
