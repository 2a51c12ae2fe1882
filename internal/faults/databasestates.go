//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tracehaul/tracehaul/internal/faultproxy"
	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// away is how long a database is away.
const away = 2 * time.Second

// stateScenarios have the whole database be unwell for a while.
func stateScenarios() []scenario {
	refused, failover, slow := new(database), new(database), new(database)
	return []scenario{
		{
			name: "database/refused", what: "Nobody listens at the database's address for two seconds, and the connections are gone.",
			setup: refused.between, check: allStored, short: true,
			commitUnknown: "a connection that goes at any moment may take the answer to a commit along",
			run: func(ctx context.Context, w *world) error {
				return w.under(ctx, 4*time.Second, code("connection"), refused.refuse)
			},
		},
		{
			name: "database/restarted", what: "The server is shut down and started again, three times, while events come in.",
			check: allStored,
			run: func(ctx context.Context, w *world) error {
				return w.under(ctx, 6*time.Second, semconv.LogBatchFailed, w.restart)
			},
		},
		{
			name: "database/crashed", what: "The server crashes, is away for two seconds and recovers from its log.",
			check: allStored, commitUnknown: "a server that crashes at any moment may do so between a commit and its answer",
			run: func(ctx context.Context, w *world) error {
				return w.under(ctx, 4*time.Second, code("connection"), w.crash)
			},
		},
		{
			name: "database/failover", what: "All sessions are ended (57P01), nobody listens for two seconds, and then the same data are there at the same address.",
			setup: failover.between, check: allStored,
			run: func(ctx context.Context, w *world) error {
				return w.under(ctx, 4*time.Second, code("connection"), func(ctx context.Context) error {
					failover.proxy.Refuse()
					ended, err := w.terminate(ctx)
					if err == nil && ended == 0 {
						err = errors.New("the consumer had no session to end")
					}
					return errors.Join(err, harness.Sleep(ctx, away), failover.proxy.Accept(ctx))
				})
			},
		},
		{
			name: "database/read-only", what: "The database is a reader (25006) for three seconds, as after a failover that the consumer's sessions went along with.",
			run: func(ctx context.Context, w *world) error {
				mended := 0
				err := w.under(ctx, 5*time.Second, code("25006"), func(ctx context.Context) error {
					err := w.readOnly(ctx)
					mended = w.output.count(code("25006"))
					return err
				})
				return errors.Join(err, w.noReaderKept(mended))
			},
			check: allStored,
		},
		{
			name: "database/full", what: "Others hold all of the server's connections (53300) for two seconds.",
			setup: func(s *settings) {
				s.config.DatabaseSettings = map[string]string{"max_connections": "20", "superuser_reserved_connections": "0"}
			},
			check: allStored,
			run:   func(ctx context.Context, w *world) error { return w.under(ctx, 4*time.Second, code("53300"), w.occupy) },
		},
		{
			name: "database/slow", what: "For four seconds a round trip takes longer than the consumer has: it gives up before Lambda's deadline, and the server commits all the same or not.",
			commitUnknown: "the consumer gives up while the commit is under way",
			setup:         slow.between,
			run: func(ctx context.Context, w *world) error {
				return w.under(ctx, 6*time.Second, fmt.Sprintf(reasonText, "deadline"), func(ctx context.Context) error {
					slow.proxy.SetLink(faultproxy.Link{Latency: 1100 * time.Millisecond})
					err := harness.Sleep(ctx, 4*time.Second)
					slow.proxy.SetLink(faultproxy.Link{})
					return err
				})
			},
			check: func(w *world, a *account) error { return errors.Join(allStored(w, a), w.inTime()) },
		},
	}
}

func code(c string) string { return fmt.Sprintf(codeText, c) }

func (d *database) refuse(ctx context.Context) error {
	d.proxy.Refuse()
	d.proxy.DropAll()
	return errors.Join(harness.Sleep(ctx, away), d.proxy.Accept(ctx))
}

func (w *world) restart(ctx context.Context) error {
	for range 3 {
		if err := w.Database().Restart(ctx); err != nil {
			return err
		}
		w.hit()
		if err := harness.Sleep(ctx, time.Second); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) crash(ctx context.Context) error {
	if err := w.Database().Kill(ctx); err != nil {
		return err
	}
	return errors.Join(harness.Sleep(ctx, away), w.Database().Restart(context.WithoutCancel(ctx)))
}

// readOnly lets sessions read only, those that are there as well: they are
// ended and made anew.
func (w *world) readOnly(ctx context.Context) error {
	conn, err := w.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	name := pgx.Identifier{conn.Conn().Config().Database}.Sanitize() //nolint:misspell // as pgx has it
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+name+" SET default_transaction_read_only = on"); err != nil {
		return err
	}
	_, err = w.terminate(ctx)
	err = errors.Join(err, harness.Sleep(ctx, 3*time.Second))
	// This session was there before, so that it may write.
	_, resetErr := conn.Exec(context.WithoutCancel(ctx), "ALTER DATABASE "+name+" RESET default_transaction_read_only")
	return errors.Join(err, resetErr)
}

// noReaderKept wants nothing to fail any more once the database can be written
// to, but batches that were under way.
func (w *world) noReaderKept(mended int) error {
	if n := w.output.count(code("25006")) - mended; n > concurrency {
		return fmt.Errorf("%d batches failed when the database was no reader any more, want %d at most: a connection to one was kept", n, concurrency)
	}
	return nil
}

// occupy takes every connection of the server, those of the consumer first.
func (w *world) occupy(ctx context.Context) error {
	var held []*pgx.Conn
	defer func() {
		for _, c := range held {
			_ = c.Close(context.WithoutCancel(ctx))
		}
	}()
	for end := time.Now().Add(away); time.Now().Before(end); {
		conn, err := pgx.Connect(ctx, w.Addresses().DatabaseURL)
		if err == nil {
			held = append(held, conn)
			continue
		}
		if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "53300" || len(held) == 0 {
			return fmt.Errorf("take all connections: %w", err)
		}
		// A session that is ended leaves its place to whoever comes first.
		if _, err := held[0].Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "+consumerSessions); err != nil {
			return err
		}
		if err := harness.Sleep(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// inTime wants the consumer to have given up before Lambda's deadline.
func (w *world) inTime() error {
	if n := w.timeouts.Load(); n > 0 {
		return fmt.Errorf("%d invocations were ended by Lambda: the consumer did not give up in time", n)
	}
	return nil
}
