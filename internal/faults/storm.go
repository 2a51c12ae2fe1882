//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

const (
	// cycles is how often a program is started and ended in a storm.
	cycles = 100

	// stopGrace is how long the service may take to end, as on ECS.
	stopGrace = 30 * time.Second

	measures = "it counts what the whole process has"
)

// stormScenarios start and end programs over and over under load. Afterwards
// nothing may be left of all those that are gone.
func stormScenarios() []scenario {
	return []scenario{
		livesOn(),
		storm("storm/consumer", "The consumer is killed a hundred times under load.",
			func(ctx context.Context, w *world, _ int) error {
				return w.await(ctx, "there is a consumer to kill", func() bool { return w.killConsumers() > 0 })
			}),
		storm("storm/service", "The service is started a hundred times under load, and ended by turns with SIGTERM and SIGKILL.",
			func(ctx context.Context, w *world, n int) error {
				w.hit()
				if n%2 == 0 {
					return w.restartService(ctx, w.terminateService)
				}
				return w.restartService(ctx, w.killService)
			}),
	}
}

func storm(name, what string, cycle func(ctx context.Context, w *world, n int) error) scenario {
	var before inventory
	return scenario{
		name: name, what: what, events: 1000, invocationsFail: takesSpans, alone: measures,
		setup: func(s *settings) { s.onStop(wantNoChildren) },
		run: func(ctx context.Context, w *world) (err error) {
			if err := errors.Join(w.send(ctx, w.sc.events/10), w.drained(ctx)); err != nil { // warm
				return err
			}
			if before, err = w.takeInventory(ctx); err != nil {
				return err
			}
			// There is always something under way when a service ends.
			slow := publishing(messaging.Fault{Delay: 30 * time.Millisecond})
			w.fault.Store(&slow) // not counted: it is none of what is to be met
			err = w.sendDuring(ctx, 15*time.Second, func(ctx context.Context) error {
				for n := range cycles {
					if err := cycle(ctx, w, n); err != nil {
						return fmt.Errorf("cycle %d: %w", n+1, err)
					}
				}
				return nil
			})
			w.failCalls(nil)
			return errors.Join(err, w.repeat(ctx))
		},
		check: func(w *world, a *account) error {
			if w.hits.Load() < cycles {
				return fmt.Errorf("there were %d cycles, want %d", w.hits.Load(), cycles)
			}
			return errors.Join(allStored(w, a), w.checkInventory(before))
		},
	}
}

// restartService ends the service and starts it again when it has ended.
func (w *world) restartService(ctx context.Context, end func(context.Context) error) error {
	if err := end(ctx); err != nil {
		return err
	}
	w.started = time.Now()
	if err := w.RestartService(); err != nil {
		return err
	}
	return w.await(ctx, "the service is ready", func() bool { return w.serviceReady(ctx) })
}

// serviceReady asks the service itself: the balancer may not have noticed yet
// that it was gone.
func (w *world) serviceReady(ctx context.Context) bool {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, w.Addresses().Service+"/readyz", nil)
	if err != nil {
		return false
	}
	answer, err := w.client.Do(q)
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

func (w *world) terminateService(ctx context.Context) error { return w.Service().Stop(ctx, stopGrace) }

func (w *world) killService(ctx context.Context) error {
	if err := w.Service().Signal(syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill the service: %w", err)
	}
	select {
	case <-w.Service().Done():
		w.killed = append(w.killed, life{w.started, time.Now()})
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// life is from when a service was started until it was gone, and lives are some
// of these.
type (
	life  struct{ from, to time.Time }
	lives []life
)

// at reports whether what happened then happened in one of these lives. Times
// of the service are cut to milliseconds.
func (l lives) at(t time.Time) bool {
	return slices.ContainsFunc(l, func(one life) bool {
		return !t.Before(one.from.Truncate(time.Millisecond)) && t.Before(one.to)
	})
}

// inventory is what a leak would add to.
type inventory struct {
	goroutines  int // of this process: the balancer, the queues, the Lambda
	children    int // processes that this one has started
	descriptors int // of this process, of the service and of the consumers
	connections int // of consumers to the database
}

func (i inventory) String() string {
	return fmt.Sprintf("%d goroutines, %d processes, %d descriptors, %d connections", i.goroutines, i.children, i.descriptors, i.connections)
}

func (w *world) takeInventory(ctx context.Context) (i inventory, err error) {
	w.client.CloseIdleConnections()
	i.goroutines = runtime.NumGoroutine()
	err = w.pool.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE "+consumerSessions).Scan(&i.connections)
	if err != nil {
		return i, fmt.Errorf("count the connections: %w", err)
	}
	if i.children, err = children(); err != nil {
		return i, err
	}
	for _, pid := range append([]int{0, w.Service().PID()}, w.Function(w.consumer.Name).PIDs()...) {
		n, err := descriptors(pid)
		if err != nil {
			return i, err
		}
		i.descriptors += n
	}
	return i, nil
}

// Some things come and go: what is there when nothing happens may differ by so
// much. A hundred cycles that each leak one thing leave a hundred.
const (
	restlessGoroutines  = 30
	restlessDescriptors = 20
)

// checkInventory wants, after a while, no more than there was.
func (w *world) checkInventory(before inventory) error {
	var now inventory
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for {
		var err error
		if now, err = w.takeInventory(ctx); err != nil {
			return err
		}
		if now.children <= before.children && now.connections <= max(before.connections, concurrency) &&
			now.goroutines <= before.goroutines+restlessGoroutines && now.descriptors <= before.descriptors+restlessDescriptors {
			w.say("had " + before.String() + " and has " + now.String())
			return nil
		}
		if harness.Sleep(ctx, 100*time.Millisecond) != nil {
			return fmt.Errorf("something is left of what is gone: before there were %s, now there are %s", before, now)
		}
	}
}

// wantNoChildren wants every process to have ended with the pipeline.
func wantNoChildren(context.Context) error {
	if n, err := children(); err != nil || n > 0 {
		return errors.Join(err, fmt.Errorf("%d processes are left", n))
	}
	return nil
}
