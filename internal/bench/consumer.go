package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/consumer/postgres"
	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/memory"
	database "github.com/tracehaul/tracehaul/internal/postgres"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/pgxtrace"
)

// batchSize is how many messages Lambda hands over at once.
const batchSize = 1000

// measureConsumer compares the whole way from Lambda's records to its answer
// with COPY of the same rows, with the same way without telemetry, and with
// itself when everything had been delivered before. What Lambda waits for
// counts: the flush at the end of every invocation, too.
func measureConsumer(ctx context.Context, b *bench) (lines []line, err error) {
	outside, err := cast(ctx, roleOutside, outsideSettings{}, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, outside.stop()) }()
	// A checkpoint or a vacuum would hit whoever's turn it is.
	server, err := database.Start(ctx, database.Config{Durable: true, Settings: map[string]string{
		"autovacuum": "off", "checkpoint_timeout": "1h", "max_wal_size": "8GB",
	}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Stop(context.WithoutCancel(ctx))) }()
	tel, err := setUpTelemetry(ctx, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": outside.url,
		"OTEL_BSP_MAX_QUEUE_SIZE":     "32768", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "4096", // as cmd/consumer has it
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tel.Shutdown(context.WithoutCancel(ctx))) }()

	copying, err := newTable(ctx, server, tracenoop.NewTracerProvider(), metricnoop.NewMeterProvider())
	if err != nil {
		return nil, err
	}
	defer copying.pool.Close()
	untraced, err := newTable(ctx, server, tracenoop.NewTracerProvider(), metricnoop.NewMeterProvider())
	if err != nil {
		return nil, err
	}
	defer untraced.pool.Close()
	traced, err := newTable(ctx, server, tel.TracerProvider(), tel.MeterProvider())
	if err != nil {
		return nil, err
	}
	defer traced.pool.Close()
	// One of its own: what is written to a table with more rows takes longer.
	flushedLater, err := newTable(ctx, server, tel.TracerProvider(), tel.MeterProvider())
	if err != nil {
		return nil, err
	}
	defer flushedLater.pool.Close()
	traced.flush, flushedLater.flush = tel.FlushInvocation, tel.FlushInvocation // as cmd/consumer does
	stop, err := profileCPU(b.profileOf("consumer.cpu"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	defer debug.SetGCPercent(debug.SetGCPercent(memory.Percent)) // as cmd/consumer does
	batches := b.amount(5, 1)
	got, err := interleave(b.rounds(21),
		labelled(ctx, "copy", func(ctx context.Context) (pass, error) { return copying.copy(ctx, batches) }),
		labelled(ctx, "untraced", func(ctx context.Context) (pass, error) { return untraced.insert(ctx, batches) }),
		labelled(ctx, "traced", func(ctx context.Context) (pass, error) { return traced.insert(ctx, batches) }),
		labelled(ctx, "repeated", func(ctx context.Context) (pass, error) { return traced.repeat(ctx, batches) }),
		labelled(ctx, "flushed-later", func(ctx context.Context) (pass, error) { return flushedLater.insertAndFlushLater(ctx, batches) }),
	)
	if err != nil {
		return nil, err
	}
	err = errors.Join(copying.check(ctx), untraced.check(ctx), traced.check(ctx), flushedLater.check(ctx))
	return consumerLines(got), err
}

// consumerLines are what the turns of measureConsumer come to, in its order: copy,
// untraced, traced, repeated, flushed later.
func consumerLines(got [][]pass) []line {
	rate, cost := make([][]float64, len(got)), make([][]float64, len(got))
	for i, turns := range got {
		rate[i] = column(turns, func(p pass) float64 { return p.perSecond })
		cost[i] = column(turns, func(p pass) float64 { return p.micros })
	}
	spent := func(turns []pass, p phase) []float64 {
		return column(turns, func(t pass) float64 { return t.phases[p] })
	}
	added := func(p phase, what string) line {
		return line{what: "consumer " + what + ", traced - untraced", measured: difference(spent(got[2], p), spent(got[1], p)), unit: "us"}
	}
	return []line{
		{what: "consumer rows/s, traced / COPY", measured: ratio(rate[2], rate[0]), unit: "1/s", aim: atLeast(.65)},
		{what: "consumer rows/s, traced / untraced", measured: ratio(rate[2], rate[1]), unit: "1/s", aim: atLeast(.95)},
		{what: "consumer messages/s, duplicates / new, traced", measured: ratio(rate[3], rate[2]), unit: "1/s", aim: atLeast(1)},
		{what: "consumer rows/s, untraced / COPY", measured: ratio(rate[1], rate[0]), unit: "1/s"},
		{what: "consumer rows/s, traced, flushes left out / untraced", measured: ratio(rate[4], rate[1]), unit: "1/s"},
		added(before, "message before the query"),
		added(writing, "message during the query"),
		added(after, "message after the query"),
		added(flushing, "message in the flush"),
		{what: "consumer CPU of a message, traced - untraced", measured: difference(cost[2], cost[1]), unit: "us"},
		{what: "consumer CPU of a message, flushes left out - untraced", measured: difference(cost[4], cost[1]), unit: "us"},
	}
}

// pass is what one turn gave.
type pass struct {
	perSecond float64 // messages or rows
	micros    float64 // of this process's processors, for each
	phases    [phases]float64
}

// timed measures f, which handles n messages.
func timed(n int, f func() error) (pass, error) {
	runtime.GC()
	before, began := used().CPU, time.Now()
	err := f()
	took, cpu := time.Since(began), used().CPU-before
	return pass{perSecond: float64(n) / took.Seconds(), micros: float64(cpu.Nanoseconds()) / 1e3 / float64(n)}, err
}

// table is a database with the table of events, and the consumer that writes
// to it.
type table struct {
	pool    *pgxpool.Pool
	consume func(context.Context, events.SQSEvent) (events.SQSEventResponse, error)
	flush   func(context.Context) error
	watch   *stopwatch
	next    int                   // first number that was not used for a message
	stored  [][]events.SQSMessage // the last ones
}

// insertAndFlushLater is insert with the flush after the time is taken.
func (t *table) insertAndFlushLater(ctx context.Context, batches int) (pass, error) {
	flush := t.flush
	t.flush = nil
	defer func() { t.flush = flush }()
	p, err := t.insert(ctx, batches)
	return p, errors.Join(err, flush(ctx))
}

func newTable(ctx context.Context, server *database.Server, tracers trace.TracerProvider, meters metric.MeterProvider) (*table, error) {
	url, err := server.CreateDatabase(ctx)
	if err != nil {
		return nil, err
	}
	pool, err := postgres.Open(postgres.Config{URL: url, Trace: pgxtrace.Config{TracerProvider: tracers, MeterProvider: meters}})
	if err != nil {
		return nil, err
	}
	t := &table{pool: pool}
	if _, err := migrate.Up(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	logger := slog.New(slog.DiscardHandler)
	t.watch = &stopwatch{Sink: postgres.New(pool)}
	c, err := consumer.New(consumer.Config{Sink: t.watch, MeterProvider: meters, Logger: logger})
	if err != nil {
		pool.Close()
		return nil, err
	}
	t.consume = awslambda.SQSBatch(c.Handle, awslambda.Config{
		TracerProvider: tracers, MeterProvider: meters, Logger: logger,
		Flush: func(ctx context.Context) error {
			t.watch.lap(flushing)
			defer t.watch.lap(after)
			if t.flush == nil {
				return nil
			}
			return t.flush(ctx)
		},
	})
	return t, nil
}

// fresh makes batches that nobody has had before.
func (t *table) fresh(batches int) [][]events.SQSMessage {
	all := make([][]events.SQSMessage, batches)
	for i := range all {
		all[i] = records(t.next, batchSize)
		t.next += batchSize
	}
	return all
}

// insert consumes new messages and returns how many in a second.
func (t *table) insert(ctx context.Context, batches int) (pass, error) {
	t.stored = t.fresh(batches)
	return t.deliver(ctx)
}

// repeat consumes the last messages once more.
func (t *table) repeat(ctx context.Context, batches int) (pass, error) {
	if len(t.stored) != batches {
		return pass{}, errors.New("there is nothing to repeat")
	}
	return t.deliver(ctx)
}

func (t *table) deliver(ctx context.Context) (pass, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute) // every invocation has a deadline
	defer cancel()
	n := len(t.stored) * batchSize
	p, err := timed(n, func() error {
		for _, batch := range t.stored {
			t.watch.start()
			response, err := t.consume(ctx, events.SQSEvent{Records: batch})
			if err != nil || len(response.BatchItemFailures) > 0 {
				return fmt.Errorf("%d of %d messages failed: %w", len(response.BatchItemFailures), len(batch), err)
			}
			t.watch.lap(after)
		}
		return nil
	})
	p.phases = t.watch.take(n)
	return p, err
}

// copy is what the consumer is measured against: COPY of rows that are there.
func (t *table) copy(ctx context.Context, batches int) (pass, error) {
	all := make([][][]any, batches)
	for i, batch := range t.fresh(batches) {
		var err error
		if all[i], err = rows(batch); err != nil {
			return pass{}, err
		}
	}
	return timed(batches*batchSize, func() error {
		for _, batch := range all {
			if _, err := t.pool.CopyFrom(ctx, pgx.Identifier{"events"}, copied, pgx.CopyFromRows(batch)); err != nil {
				return err
			}
		}
		return nil
	})
}

// check makes sure that everything is there, once.
func (t *table) check(ctx context.Context) error {
	var got int
	if err := t.pool.QueryRow(ctx, "SELECT count(*) FROM events").Scan(&got); err != nil {
		return err
	}
	if got != t.next {
		return fmt.Errorf("%d rows are in the table, want %d", got, t.next)
	}
	return nil
}
