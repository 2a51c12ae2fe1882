//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/program"
	"github.com/tracehaul/tracehaul/pipeline"
)

// The times of the consumer are short here, so that what takes minutes in AWS
// takes seconds.
const (
	consumerTimeout   = 3 * time.Second
	visibilityTimeout = 2 * time.Second
	maxReceiveCount   = 100 // what fails comes again until it works
	duplicateRate     = 0.1
)

// stage is everything that runs.
type stage struct {
	store     *victoria
	collector *collector
	pipeline  *localpipeline.Local
	canary    *canary
	fault     atomic.Pointer[func(messaging.Call) *messaging.Fault]

	undo []func(context.Context) error // what stop does, in reverse
}

// newStage starts the store, the collector, the pipeline and the second
// version of its programs. What was started is stopped when it fails.
func newStage(ctx context.Context, description string, progress io.Writer, output func(program, line string)) (_ *stage, err error) {
	s := &stage{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop(context.WithoutCancel(ctx)))
		}
	}()
	dir, err := os.MkdirTemp("", "tracehaul-livecheck-")
	if err != nil {
		return nil, err
	}
	s.onStop(func(context.Context) error { return os.RemoveAll(dir) })
	if s.store, err = startVictoria(ctx, dir, progress, output); err != nil {
		return nil, err
	}
	s.onStop(s.store.stop)
	if s.collector, err = startCollector(ctx, s.store.url); err != nil {
		return nil, err
	}
	s.onStop(func(context.Context) error { return s.collector.stop() })
	if err := s.startPipeline(ctx, description, dir, output); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *stage) startPipeline(ctx context.Context, description, dir string, output func(program, line string)) error {
	p, err := pipeline.Load(description)
	if err != nil {
		return err
	}
	programs, err := program.Build(ctx, dir, "service", "consumer", "albspans")
	if err != nil {
		return err
	}
	for i := range p.Consumers {
		c := &p.Consumers[i]
		c.Timeout, c.VisibilityTimeout, c.MaxReceiveCount = consumerTimeout, visibilityTimeout, maxReceiveCount
	}
	telemetry := func(version string) map[string]string {
		return map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": s.collector.url,
			"OTEL_EXPORTER_OTLP_TIMEOUT":  "1000", // so that giving up is seen
			"OTEL_RESOURCE_ATTRIBUTES":    "deployment.environment.name=" + p.Environment + ",service.version=" + version,
			"DRAIN_GRACE":                 "0s",
		}
	}
	s.pipeline, err = localpipeline.Start(ctx, localpipeline.Config{
		Pipeline: p, Service: programs[0], Consumer: programs[1], ALBSpans: programs[2], Migrate: migrate.UpURL,
		ServiceEnv: telemetry(stableVersion), ConsumerEnv: telemetry(stableVersion), ALBSpansEnv: telemetry(stableVersion),
		DuplicateRate: duplicateRate, Output: output,
		Fault: func(c messaging.Call) *messaging.Fault {
			if f := s.fault.Load(); f != nil {
				return (*f)(c)
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	s.onStop(s.pipeline.Stop)
	s.canary, err = startCanary(ctx, s.pipeline, programs[0], programs[1], telemetry(canaryVersion), output)
	if err != nil {
		return err
	}
	s.onStop(s.canary.stop)
	return nil
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

// check says which of the programs has ended by itself, if one has: what it
// sent until then would still be drawn.
func (s *stage) check() error {
	for name, p := range map[string]*program.Process{
		"the store for metrics": s.store.process, "the service": s.pipeline.Service(), "the second version of the service": s.canary.service,
	} {
		select {
		case <-p.Done():
			return fmt.Errorf("%s has ended by itself", name)
		default:
		}
	}
	return nil
}

// wait tells where everything is, and lets it run until ctx ends.
func (s *stage) wait(ctx context.Context, w io.Writer) {
	a := s.pipeline.Addresses()
	_, _ = fmt.Fprintf(w, "Everything runs on until Ctrl-C:\n  Prometheus API  %s\n  PostgreSQL      %s\n  load balancer   %s\n", s.store.url, a.DatabaseURL, a.ALB)
	<-ctx.Done()
}

// consumer is the one whose queue the story plays with.
func (s *stage) consumer() *pipeline.Consumer { return &s.pipeline.Pipeline().Consumers[0] }
