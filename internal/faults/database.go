//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tracehaul/tracehaul/internal/faultproxy"
	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// consumerSessions are the consumer's, as pg_stat_activity knows them.
const consumerSessions = "application_name = 'tracehaul-consumer' AND pid <> pg_backend_pid()"

// How the consumer logs that a batch failed because of a SQLSTATE or a reason.
const (
	codeText   = `"code":"%s"`
	reasonText = `"reason":"%s"`
)

func databaseScenarios() []scenario {
	return slices.Concat(seamScenarios(), stateScenarios(), conflictScenarios(), loginScenarios())
}

// database is what stands between the consumer and its database.
type database struct {
	proxy *faultproxy.Postgres
	hook  atomic.Pointer[func(context.Context, faultproxy.Moment) faultproxy.Verdict]
}

// between puts the proxy there.
func (d *database) between(s *settings) {
	s.routes[localpipeline.PartDatabase] = func(url string) (string, error) { return d.start(s, url) }
}

// betweenPoolOfOne puts it there, too, and leaves a process one connection.
func (d *database) betweenPoolOfOne(s *settings) {
	s.routes[localpipeline.PartDatabase] = func(url string) (string, error) {
		through, err := d.start(s, url)
		if err != nil {
			return "", err
		}
		separator := "?"
		if strings.Contains(through, "?") {
			separator = "&"
		}
		return through + separator + "pool_max_conns=1", nil
	}
}

func (d *database) start(s *settings, url string) (string, error) {
	var err error
	d.proxy, err = faultproxy.NewPostgres(faultproxy.PostgresConfig{
		URL: url,
		Hook: func(ctx context.Context, m faultproxy.Moment) faultproxy.Verdict {
			if hook := d.hook.Load(); hook != nil {
				return (*hook)(ctx, m)
			}
			return faultproxy.Pass()
		},
	})
	if err != nil {
		return "", err
	}
	s.onStop(func(context.Context) error { return d.proxy.Close() })
	return d.proxy.URL(), nil
}

// mostStruck is how many batches of a scenario are struck at most.
const mostStruck = 12

// strike has a seam of some batches met by a fault, each a hit: of two in a
// row, so that a second attempt does not help, and of single ones, where it
// does.
func (d *database) strike(w *world, seam faultproxy.Seam, fault func(context.Context) faultproxy.Verdict) {
	var struck atomic.Int64
	hook := func(ctx context.Context, m faultproxy.Moment) faultproxy.Verdict {
		spared := m.Batch%5 == 0 || m.Batch%5 == 3
		if m.Seam != seam || spared || struck.Add(1) > mostStruck {
			return faultproxy.Pass()
		}
		w.hit()
		return fault(ctx)
	}
	d.hook.Store(&hook)
}

// seamScenarios break the connection, or what is answered, at a certain moment
// of a batch.
func seamScenarios() []scenario {
	at := func(name, what string, seam faultproxy.Seam, v faultproxy.Verdict) scenario {
		d := new(database)
		return scenario{
			name: "database/" + name, what: what, setup: d.between, check: allStored,
			run: func(ctx context.Context, w *world) error {
				d.strike(w, seam, func(context.Context) faultproxy.Verdict { return v })
				return w.sendAll(ctx)
			},
		}
	}
	all := []scenario{
		at("dropped-before-batch", "The connection is lost before the first row is there.", faultproxy.SeamBegin, faultproxy.Drop()),
		at("dropped-mid-batch", "The connection is lost when all rows are answered and nothing is committed.", faultproxy.SeamCommit, faultproxy.Drop()),
		at("dropped-after-commit", "The connection is lost when the batch is committed, and the consumer does not know.", faultproxy.SeamCommitted, faultproxy.Drop()),
		at("shut-down-mid-batch", "The server shuts down (57P01) before it commits.", faultproxy.SeamCommit, faultproxy.End("57P01")),
		at("shut-down-after-commit", "The server shuts down (57P01) when it has committed, and the consumer does not know.", faultproxy.SeamCommitted, faultproxy.End("57P01")),
		at("disk-full", "The server has no room left (53100) for the commit.", faultproxy.SeamCommit, faultproxy.Fail("53100")),
		at("fails-after-commit", "The server has committed and answers that it is unknown whether it has (08007).", faultproxy.SeamCommitted, faultproxy.Fail("08007")),
	}
	for i := range all {
		switch all[i].name {
		case "database/dropped-mid-batch":
			all[i].short = true
		case "database/dropped-after-commit":
			all[i].short = true
			fallthrough
		case "database/shut-down-after-commit", "database/fails-after-commit":
			all[i].commitUnknown = "the answer to the commit is what is lost"
		}
	}
	large := at("dropped-mid-large-batch", "The connection is lost before the commit of a batch that went to the server in several parts.", faultproxy.SeamCommit, faultproxy.Drop())
	between := large.setup
	large.events, large.setup = 1500, func(s *settings) {
		between(s)
		s.consumer.BatchSize, s.consumer.BatchWindow = 300, time.Second
		s.consumer.Timeout, s.consumer.VisibilityTimeout = 2*consumerTimeout, 2*consumerTimeout // a busy machine takes its time
	}
	d := new(database)
	return append(all, large, scenario{
		name: "database/hangs", what: "The server takes batches and answers none until the consumer gives up, so that its pool, of one connection, is exhausted.",
		setup: d.betweenPoolOfOne, events: 60,
		run: func(ctx context.Context, w *world) error {
			w.output.watch(semconv.LogBatchFailed)
			d.strike(w, faultproxy.SeamBegin, func(ctx context.Context) faultproxy.Verdict {
				<-ctx.Done()
				return faultproxy.Drop()
			})
			return errors.Join(w.sendAll(ctx), w.drained(ctx), w.onlyStruckFailed())
		},
		check: func(w *world, a *account) error {
			return errors.Join(allStored(w, a), w.inTime())
		},
	})
}

// onlyStruckFailed wants each hang to fail one batch: none for want of a
// connection, while the pool waits for those that hang.
func (w *world) onlyStruckFailed() error {
	if failed, struck := w.output.count(semconv.LogBatchFailed), int(w.hits.Load()); failed > struck {
		return fmt.Errorf("%d batches failed, and only %d were struck", failed, struck)
	}
	return nil
}

// allStored is what no fault of a database may change: the service takes
// everything, everything is stored, and nobody has to look after a dead letter.
func allStored(_ *world, a *account) error {
	if a.accepted != a.events || len(a.rows) != a.events || len(a.letters) != 0 {
		return fmt.Errorf("of %d events %d were accepted, %d are stored and %d in a dead-letter queue; want all stored",
			a.events, a.accepted, len(a.rows), len(a.letters))
	}
	return nil
}

// meeting runs something and counts as hits the lines with a text that the
// programs write meanwhile, or soon after.
func (w *world) meeting(ctx context.Context, text string, do func(context.Context) error) error {
	w.output.watch(text)
	if err := do(ctx); err != nil {
		return err
	}
	err := w.await(ctx, "the queue is empty", w.idle)
	w.hits.Add(int64(w.output.count(text)))
	return err
}

// under sends the scenario's events over some time in which the database is
// first well, then not, and well again at the end.
func (w *world) under(ctx context.Context, over time.Duration, text string, broken func(context.Context) error) error {
	return w.meeting(ctx, text, func(ctx context.Context) error {
		return w.sendDuring(ctx, over, func(ctx context.Context) error {
			return errors.Join(harness.Sleep(ctx, over/5), broken(ctx))
		})
	})
}

// terminate ends the consumer's sessions as a failover does (57P01) and
// returns how many there were.
func (w *world) terminate(ctx context.Context) (n int, err error) {
	err = w.pool.QueryRow(ctx, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "+consumerSessions).Scan(&n)
	return n, err
}
