//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/program"
	"github.com/tracehaul/tracehaul/pipeline"
)

// The times of the consumer are shorter than in AWS: what fails comes again
// while the run lasts.
const (
	consumerTimeout   = 10 * time.Second
	visibilityTimeout = 15 * time.Second
	maxReceiveCount   = 100
)

// stage is everything that runs.
type stage struct {
	pipeline  *localpipeline.Local
	pool      *pgxpool.Pool
	generator *generator
	census    census
	fault     atomic.Pointer[messaging.Fault] // of every call of SNS
	failed    atomic.Int64                    // batches of the consumer
	failure   atomic.Pointer[string]          // of the latest of them

	undo []func(context.Context) error // what stop does, in reverse
}

// newStage starts the pipeline. What was started is stopped when it fails. With
// an interval the service's goroutines are counted, which stops it for a moment
// each time.
func newStage(ctx context.Context, description string, count time.Duration, output func(program, line string)) (_ *stage, err error) {
	s := &stage{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop(context.WithoutCancel(ctx)))
		}
	}()
	p, err := pipeline.Load(description)
	if err != nil {
		return nil, err
	}
	c := &p.Consumers[0]
	p.Consumers = p.Consumers[:1]
	c.Timeout, c.VisibilityTimeout, c.MaxReceiveCount = consumerTimeout, visibilityTimeout, maxReceiveCount
	dir, err := os.MkdirTemp("", "tracehaul-load-")
	if err != nil {
		return nil, err
	}
	s.onStop(func(context.Context) error { return os.RemoveAll(dir) })
	programs, err := program.Build(ctx, dir, "service", "consumer")
	if err != nil {
		return nil, err
	}
	collector, err := s.startCollector(ctx)
	if err != nil {
		return nil, err
	}
	telemetry := map[string]string{
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": collector, "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": collector,
		"OTEL_BSP_SCHEDULE_DELAY": "5000", "OTEL_BLRP_SCHEDULE_DELAY": "1000", // the defaults: nobody waits for a span here
		"DRAIN_GRACE": "0s",
	}
	counted := maps.Clone(telemetry)
	if count > 0 {
		counted["GODEBUG"] = s.census.setting(count)
		counted["GOGC"] = "100" // not 400: what is in use is known only when garbage is collected, as often as possible
	}
	s.pipeline, err = localpipeline.Start(ctx, localpipeline.Config{
		Pipeline: p, Service: programs[0], Consumer: programs[1], Migrate: migrate.UpURL,
		ServiceEnv: counted, ConsumerEnv: telemetry, Fault: s.faultOf,
		Report: s.batchEnded,
		Output: func(program, line string) {
			if !s.census.add(line) {
				output(program, line)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	s.onStop(s.pipeline.Stop)
	if s.pool, err = pgxpool.New(ctx, s.pipeline.Addresses().DatabaseURL); err != nil {
		return nil, err
	}
	s.onStop(func(context.Context) error { s.pool.Close(); return nil })
	s.generator = newGenerator(strings.TrimPrefix(s.pipeline.Addresses().Service, "http://"))
	s.onStop(func(context.Context) error { s.generator.close(); return nil })
	return s, nil
}

// startCollector serves a collector that takes spans and logs and keeps none:
// keeping them would take more of the machine than making them.
func (s *stage) startCollector(ctx context.Context) (string, error) {
	url, stop, err := localpipeline.Serve(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	if err != nil {
		return "", err
	}
	s.onStop(stop)
	return url, nil
}

func (s *stage) faultOf(c messaging.Call) *messaging.Fault {
	if c.Service == "sns" {
		return s.fault.Load()
	}
	return nil
}

// batchEnded counts the batches that failed as a whole. Their messages come
// again; a busy machine makes some.
func (s *stage) batchEnded(_ string, b lambda.Batch) {
	if b.Err != nil {
		text := b.Err.Error()
		s.failed.Add(1)
		s.failure.Store(&text)
	}
}

// failures says what became of batches that failed, if there are any.
func (s *stage) failures() string {
	text := s.failure.Load()
	if text == nil {
		return ""
	}
	return fmt.Sprintf("%d batches of the consumer failed and came again, the last one because of: %s", s.failed.Load(), *text)
}

func (s *stage) onStop(undo func(context.Context) error) { s.undo = append(s.undo, undo) }

// stop ends everything and leaves nothing behind.
func (s *stage) stop(ctx context.Context) error {
	var errs []error
	for _, v := range slices.Backward(s.undo) {
		errs = append(errs, v(ctx))
	}
	s.undo = nil
	return errors.Join(errs...)
}

// consumer is the one whose queue is watched.
func (s *stage) consumer() *pipeline.Consumer { return &s.pipeline.Pipeline().Consumers[0] }

// alive says if the service has ended by itself.
func (s *stage) alive() error {
	select {
	case <-s.pipeline.Service().Done():
		return errors.New("the service has ended by itself")
	default:
		return nil
	}
}
