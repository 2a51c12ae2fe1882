//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// verdict is how a scenario went.
type verdict struct {
	scenario scenario
	account  *account // nil if it did not come to that
	hits     int64
	repeats  int // of what was missed; see world.mayRepeat
	took     time.Duration
	errs     []error
	lines    []string // the programs' last ones
}

func (v *verdict) ok() bool {
	return len(v.errs) == 0 && (v.account == nil || len(v.account.findings) == 0)
}

// stage is what scenarios have in common.
type stage struct {
	description string
	programs    programs
	keep        func(context.Context, *world) // holds a world that failed; nil for not
	output      func() *output
}

// play runs one scenario from the start of its pipeline to the end.
func (s *stage) play(ctx context.Context, sc scenario, say func(string)) (v verdict) {
	began := time.Now()
	v.scenario = sc
	out := s.output()
	defer func() { v.took, v.lines = time.Since(began), out.Last() }()
	w, err := newWorld(ctx, &sc, s.description, s.programs, out, say)
	if err != nil {
		v.errs = append(v.errs, fmt.Errorf("it did not start: %w", err))
		return v
	}
	defer func() {
		if !v.ok() && s.keep != nil && ctx.Err() == nil {
			s.keep(ctx, w)
		}
		w.fault.Store(nil)
		w.lambda.Store(nil)
		if err := w.stop(context.WithoutCancel(ctx)); err != nil {
			v.errs = append(v.errs, fmt.Errorf("it did not stop in good order: %w", err))
		}
		if line := out.crashed(); line != "" {
			v.errs = append(v.errs, errors.New("a program crashed: "+line))
		}
	}()
	v.errs = w.tell(ctx, &v)
	v.hits, v.repeats = w.hits.Load(), w.repeats
	return v
}

// tell runs the scenario's own part and settles the books.
func (w *world) tell(ctx context.Context, v *verdict) (errs []error) {
	w.say("runs")
	if err := w.sc.run(ctx, w); err != nil {
		errs = append(errs, err)
	}
	if ctx.Err() != nil {
		return append(errs, context.Cause(ctx))
	}
	w.say("settles")
	a, err := w.settleUp(ctx)
	if w.hits.Load() == 0 { // what was sent last may meet it last
		errs = append(errs, errors.New("the fault was never met"))
	}
	if err != nil {
		return append(errs, err)
	}
	v.account = a
	if n := w.invocations.ended(); n > 0 && a.of(broken) > 0 && w.sc.invocationsFail == "" {
		errs = append(errs, fmt.Errorf("%d messages were in invocations that Lambda ended, which may have taken spans along", n))
	}
	if a.events == 0 {
		errs = append(errs, errors.New("nothing was sent"))
	}
	if err := w.sc.check(w, a); err != nil {
		errs = append(errs, err)
	}
	select {
	case <-w.Service().Done():
		errs = append(errs, errors.New("the service has ended by itself"))
	default:
	}
	return errs
}
