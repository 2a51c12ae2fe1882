//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/pipeline"
)

// The times of the consumer are short here, so that what takes minutes in AWS
// takes seconds.
const (
	consumerTimeout   = 3 * time.Second
	visibilityTimeout = 3 * time.Second
	maxReceiveCount   = 100 // what fails comes again until it works
	batchSize         = 10
	concurrency       = 2

	defaultPatience = 60 * time.Second

	// keptTraces is more than any scenario makes.
	keptTraces = 50_000

	// mostConnections bounds a client's connections to the load balancer.
	mostConnections = 256

	clientTimeout = 20 * time.Second
)

// world is a pipeline of its own, and the books of what was sent to it.
type world struct {
	*localpipeline.Local
	settings

	sc     *scenario
	books  *ledger
	output *output
	client *http.Client
	direct bool // requests go to the service, and not to the load balancer
	pool   *pgxpool.Pool
	say    func(what string) // progress

	hits    atomic.Int64
	serial  atomic.Int64
	repeats int // see mayRepeat

	refusals atomic.Int64 // how many events are made that the database refuses
	fault    atomic.Pointer[func(messaging.Call) *messaging.Fault]
	lambda   atomic.Pointer[lambdaFault]

	// What became of invocations.
	invocations           invocations
	timeouts, outOfMemory atomic.Int64

	redriven time.Time // when dead letters were moved back
	killed   lives     // of services
	started  time.Time // the service, when it was started again
}

// programs are the files of the real programs.
type programs struct {
	service, consumer string

	// skewed builds them with a clock that can be off; see buildSkewed.
	skewed func(context.Context) (service, consumer string, err error)
}

// newWorld starts a pipeline as a scenario wants it. What was started is
// stopped when that fails.
func newWorld(ctx context.Context, sc *scenario, description string, p programs, out *output, say func(string)) (_ *world, err error) {
	described, err := pipeline.Load(description)
	if err != nil {
		return nil, err
	}
	c := &described.Consumers[0]
	described.Consumers = described.Consumers[:1]
	c.Timeout, c.VisibilityTimeout, c.MaxReceiveCount = consumerTimeout, visibilityTimeout, maxReceiveCount
	c.BatchSize, c.BatchWindow, c.MaxConcurrency = batchSize, 0, concurrency
	w := &world{
		sc: sc, books: newLedger(), output: out, say: say,
		settings: settings{
			config: &localpipeline.Config{
				Pipeline: described, Service: p.service, Consumer: p.consumer,
				ServiceEnv: map[string]string{"DRAIN_GRACE": "0s"}, ConsumerEnv: map[string]string{},
				Traces: keptTraces, Output: out.add,
			},
			consumer: c, patience: defaultPatience,
			routes: map[localpipeline.Part]func(string) (string, error){},
		},
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.stop(context.WithoutCancel(ctx)))
		}
	}()
	sc.setup(&w.settings)
	if err := w.skewClocks(ctx, p); err != nil {
		return nil, err
	}
	return w, w.start(ctx)
}

// skewClocks gives the programs the clocks that the scenario wants, and the
// metrics.
func (w *world) skewClocks(ctx context.Context, p programs) (err error) {
	if w.serviceClock == 0 && w.consumerClock == 0 && !w.runtimeMetrics {
		return nil
	}
	seconds := func(d time.Duration) map[string]string {
		return map[string]string{clockVariable: strconv.Itoa(int(d / time.Second))}
	}
	w.serviceEnv(seconds(w.serviceClock))
	w.consumerEnv(seconds(w.consumerClock))
	w.config.ConsumerClock = w.consumerClock
	w.config.Service, w.config.Consumer, err = p.skewed(ctx)
	return err
}

func (w *world) start(ctx context.Context) (err error) {
	w.config.Migrate = migrateUp
	w.config.Fault = func(c messaging.Call) *messaging.Fault {
		if f := w.fault.Load(); f != nil {
			return (*f)(c)
		}
		return nil
	}
	w.config.Lambda, w.config.Report = w.lambdaFaults, w.batchEnded
	w.config.Route = func(part localpipeline.Part, address string) (string, error) {
		if route := w.routes[part]; route != nil {
			return route(address)
		}
		return address, nil
	}
	if w.Local, err = localpipeline.Start(ctx, *w.config); err != nil {
		return err
	}
	if w.pool, err = pgxpool.New(ctx, w.Addresses().DatabaseURL); err != nil {
		return err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // it is one
	transport.MaxIdleConnsPerHost, transport.MaxConnsPerHost = mostConnections, mostConnections
	w.client = &http.Client{Transport: transport, Timeout: clientTimeout}
	return nil
}

// stop ends everything and leaves nothing behind.
func (w *world) stop(ctx context.Context) error {
	var errs []error
	if w.client != nil {
		w.client.CloseIdleConnections()
	}
	if w.pool != nil {
		w.pool.Close()
	}
	if w.Local != nil {
		errs = append(errs, w.Stop(ctx))
		w.Local = nil
	}
	for _, undo := range slices.Backward(w.undo) {
		errs = append(errs, undo(ctx))
	}
	w.undo = nil
	return errors.Join(errs...)
}

// hit says that the fault was met, once more.
func (w *world) hit() { w.hits.Add(1) }

// failCalls makes calls of SNS and SQS fail as f says, until it is nil. It
// counts a hit for each.
func (w *world) failCalls(f func(messaging.Call) *messaging.Fault) {
	if f == nil {
		w.fault.Store(nil)
		return
	}
	counted := func(c messaging.Call) *messaging.Fault {
		fault := f(c)
		if fault != nil {
			w.hit()
		}
		return fault
	}
	w.fault.Store(&counted)
}

// queues names the consumer's queue and those for dead letters.
func (w *world) queues() (queue string, dlqs []string) {
	return w.consumer.QueueName(), []string{w.consumer.DLQName(), w.consumer.UndeliveredName()}
}

// migrateUp makes the table and the audit.
func migrateUp(ctx context.Context, url string) error {
	if err := migrate.UpURL(ctx, url); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("make the audit: %w", err)
	}
	_, err = conn.Exec(ctx, audit)
	if err = errors.Join(err, conn.Close(ctx)); err != nil {
		return fmt.Errorf("make the audit: %w", err)
	}
	return nil
}

// await waits until something is so, at most for as long as the scenario has
// patience.
func (w *world) await(ctx context.Context, what string, so func() bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, w.patience, fmt.Errorf("waited %v until %s", w.patience, what))
	defer cancel()
	for !so() {
		if err := harness.Sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
