//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

const (
	// goroutineCount is the runtime's own metric, which programs export (OTel
	// semantic conventions, Go runtime).
	goroutineCount = "go.goroutine.count"

	// mostMoreGoroutines is by how many a program may have more than before:
	// connections come and go, with two each. There are ten times as many calls
	// of SNS and batches, each of which may leave one.
	mostMoreGoroutines = 25

	livesOnEvents, livesOnFor = 1500, 8 * time.Second
	troubles                  = 8
)

// staying is what the service and the consumers have that live on while faults
// come and go.
type staying struct {
	database
	pids          []int
	before, after map[string]int // goroutines by program
}

// livesOn has faults come and go, and no process: what is left over in it can
// be seen then.
func livesOn() scenario {
	s := new(staying)
	return scenario{
		name: "storm/lives-on", what: "SNS and the database fail again and again; the service and the consumers live through it.",
		events: livesOnEvents, alone: measures, commitUnknown: "a connection may end when the server has committed",
		setup: func(settings *settings) {
			settings.runtimeMetrics = true
			s.between(settings)
		},
		run: s.run, check: s.check,
	}
}

func (s *staying) run(ctx context.Context, w *world) (err error) {
	// The load balancer would keep its connections to the service for a minute.
	w.direct = true
	if err := errors.Join(w.send(ctx, w.sc.events/10), w.drained(ctx)); err != nil { // warm
		return err
	}
	s.pids = processes(w)
	if s.before, err = w.goroutines(ctx); err != nil {
		return err
	}
	w.say(fmt.Sprintf("goroutines before: %v", s.before))
	err = w.sendDuring(ctx, livesOnFor, func(ctx context.Context) error { return s.trouble(ctx, w) })
	w.failCalls(nil)
	w.say("repeats what was refused")
	if err := errors.Join(err, w.repeat(ctx), w.drained(ctx)); err != nil {
		return err
	}
	w.say("counts goroutines")
	return w.await(ctx, "the programs have no more goroutines than before", func() bool {
		s.after, err = w.goroutines(ctx)
		return err != nil || s.leaked() == nil || ctx.Err() != nil
	})
}

// trouble breaks something and mends it, over and over.
func (s *staying) trouble(ctx context.Context, w *world) error {
	for range troubles {
		w.failCalls(of(2, 3, publishing(snsError("InternalError", http.StatusInternalServerError))))
		if err := harness.Sleep(ctx, livesOnFor/troubles/4); err != nil {
			return err
		}
		w.failCalls(of(1, 3, publishing(messaging.Fault{Delay: 500 * time.Millisecond})))
		s.proxy.DropAll()
		w.hit()
		if err := harness.Sleep(ctx, livesOnFor/troubles/4); err != nil {
			return err
		}
		w.failCalls(nil)
		if err := harness.Sleep(ctx, livesOnFor/troubles/2); err != nil {
			return err
		}
	}
	return nil
}

// processes are those of the service and of the consumer.
func processes(w *world) []int {
	return append([]int{w.Service().PID()}, w.Function(w.consumer.Name).PIDs()...)
}

// goroutines waits until both programs have said how many they have from now
// on. The consumer says so only while it has something to do. Where it has two
// processes, it is that of them which spoke last.
func (w *world) goroutines(ctx context.Context) (map[string]int, error) {
	w.client.CloseIdleConnections() // the service has goroutines for each
	since, names := time.Now(), w.programNames()
	var counted map[string]int
	err := w.meanwhile(ctx, "both programs say how many goroutines they have", func(*entry) bool {
		counted = map[string]int{}
		for _, m := range w.Telemetry().Metrics() {
			if m.Name == goroutineCount && slices.Contains(names, m.Service) && m.Time.After(since) {
				counted[m.Service] = int(m.Value)
			}
		}
		return len(counted) == len(names)
	})
	return counted, err
}

// leaked says which program has more goroutines than before.
func (s *staying) leaked() error {
	var errs []error
	for program, n := range s.after {
		if most := s.before[program] + mostMoreGoroutines; n > most {
			errs = append(errs, fmt.Errorf("%s has %d goroutines after all, and had %d: want %d at most", program, n, s.before[program], most))
		}
	}
	return errors.Join(errs...)
}

func (s *staying) check(w *world, a *account) error {
	errs := []error{allStored(w, a), s.leaked()}
	now := processes(w)
	for _, pid := range s.pids {
		if !slices.Contains(now, pid) {
			errs = append(errs, fmt.Errorf("process %d has ended: there were %v and are %v", pid, s.pids, now))
		}
	}
	if len(s.after) == 0 {
		errs = append(errs, errors.New("nobody has said how many goroutines there are"))
	}
	w.say(fmt.Sprintf("goroutines: %v, then %v", s.before, s.after))
	return errors.Join(errs...)
}
