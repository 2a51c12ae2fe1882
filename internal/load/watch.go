//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// sample is what there is at a moment.
type sample struct {
	at          time.Time
	service     usage
	rest        time.Duration // of processor time that this process has used
	goroutines  int           // of the service, 0 if they are not counted
	heap        int           // MiB that the service had in use at its latest collection of garbage
	collections int           // of garbage so far
	queue       int           // messages that are in the consumer's queue
	rows        int64         // written so far
	clients     int           // connections that the generator has open
	connections int           // to the database, of the consumer
}

// look takes a sample.
func (s *stage) look(ctx context.Context) (_ sample, err error) {
	v := sample{at: time.Now()}
	if v.service, err = use(s.pipeline.Service().PID()); err != nil {
		return v, err
	}
	here, err := use(os.Getpid())
	if err != nil {
		return v, err
	}
	v.rest = here.cpu
	v.goroutines, v.clients = s.census.goroutines(), s.generator.connections()
	v.heap, v.collections = s.census.heap()
	depth, err := s.pipeline.Broker().QueueDepth(s.consumer().QueueName())
	if err != nil {
		return v, err
	}
	v.queue = depth.Visible + depth.InFlight + depth.Delayed
	// The statistics are up to a second old, and cost nothing; a count of the
	// rows would take time from what is measured.
	err = s.pool.QueryRow(ctx, `SELECT (SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'events'),
		(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> '')`).Scan(&v.rows, &v.connections)
	if err != nil {
		return v, fmt.Errorf("look at the database: %w", err)
	}
	return v, nil
}

// watched is what was seen during a period.
type watched struct {
	samples []sample
	err     error
}

// watch takes samples until stop is called.
func (s *stage) watch(ctx context.Context, every time.Duration) (stop func() watched) {
	ctx, cancel := context.WithCancel(ctx)
	var w watched
	take := func(ctx context.Context) {
		v, err := s.look(ctx)
		if err != nil {
			w.err = err
			return
		}
		w.samples = append(w.samples, v)
	}
	take(ctx)
	var group sync.WaitGroup
	group.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				take(context.WithoutCancel(ctx))
			}
		}
	})
	return func() watched {
		cancel()
		group.Wait()
		if w.err == nil {
			take(context.WithoutCancel(ctx))
		}
		return w
	}
}

// most is the largest of one of the samples' figures.
func (w watched) most(of func(sample) float64) (most float64) {
	for _, v := range w.samples {
		most = max(most, of(v))
	}
	return most
}

// grew is by how much one of the figures grew.
func (w watched) grew(of func(sample) float64) float64 {
	if len(w.samples) < 2 {
		return 0
	}
	return of(w.samples[len(w.samples)-1]) - of(w.samples[0])
}

// perSecond is by how much one of the figures grew in a second.
func (w watched) perSecond(of func(sample) float64) float64 {
	if len(w.samples) < 2 {
		return 0
	}
	return w.grew(of) / w.span().Seconds()
}

// span is the time between the first sample and the last.
func (w watched) span() time.Duration {
	if len(w.samples) == 0 {
		return 0
	}
	return w.samples[len(w.samples)-1].at.Sub(w.samples[0].at)
}

// queue is how many messages there were in the end.
func (w watched) queue() int {
	if len(w.samples) == 0 {
		return 0
	}
	return w.samples[len(w.samples)-1].queue
}

// What samples hold, in the units of the table.
func rssMiB(v sample) float64     { return float64(v.service.rss) / (1 << 20) }
func heapMiB(v sample) float64    { return float64(v.heap) }
func garbage(v sample) float64    { return float64(v.collections) }
func threads(v sample) float64    { return float64(v.service.threads) }
func goroutines(v sample) float64 { return float64(v.goroutines) }

// goroutinesBeyond tells those that serve a connection, which come and go with
// bursts, from those that would be left over.
func goroutinesBeyond(v sample) float64 { return goroutines(v) - descriptors(v) }

// descriptorsBeyond are those that are not the clients' doing.
func descriptorsBeyond(v sample) float64 { return descriptors(v) - float64(v.clients) }

func descriptors(v sample) float64 { return float64(v.service.descriptors) }
func connections(v sample) float64 { return float64(v.connections) }
func written(v sample) float64     { return float64(v.rows) }
func serviceCPU(v sample) float64  { return v.service.cpu.Seconds() }
func restCPU(v sample) float64     { return v.rest.Seconds() }
