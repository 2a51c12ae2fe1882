//go:build unix

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"time"

	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/internal/program"
	"github.com/tracehaul/tracehaul/pipeline"
)

func main() { harness.Main(run) }

// settings are what the flags say.
type settings struct {
	description string
	knee        float64
	verbose     bool
	plan        plan
}

// run is main without the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s := settings{plan: defaultPlan(0)}
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.description, "f", "tracehaul.yaml", "the pipeline's `description`")
	flags.DurationVar(&s.plan.step, "step", s.plan.step, "time at each rate")
	flags.Float64Var(&s.plan.low, "low", s.plan.low, "requests a second before and after everything")
	flags.Float64Var(&s.plan.from, "from", s.plan.from, "requests a second where the climb begins")
	flags.Float64Var(&s.knee, "knee", 0, "requests a second to take for the knee, instead of looking for it")
	flags.IntVar(&s.plan.connections, "connections", s.plan.connections, "requests that may wait for an answer at once")
	flags.DurationVar(&s.plan.soak, "for", 0, "send a share of the knee for that long, instead of going beyond it")
	flags.Float64Var(&s.plan.share, "share", s.plan.share, "with -for: that share")
	flags.BoolVar(&s.plan.faults, "faults", false, "with -for: SNS fails now and then")
	flags.BoolVar(&s.verbose, "v", false, "show what the programs write")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return harness.ExitOK
	} else if err != nil {
		return harness.ExitUsage
	}
	if err := s.check(flags.Args()); err != nil {
		_, _ = fmt.Fprintf(stderr, "load: %v\n", err)
		return harness.ExitUsage
	}
	ok, err := s.run(ctx, stdout, stderr)
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "load: %v\n", err)
	}
	if !ok || err != nil {
		return harness.ExitFailed
	}
	return harness.ExitOK
}

// check reads the description and says what is wrong with the flags.
func (s *settings) check(args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("there is nothing to name, but there is %q", args)
	}
	p := s.plan
	if p.low <= 0 || p.from <= 0 || s.knee < 0 || p.share <= 0 || p.step <= 0 || p.soak < 0 || p.connections <= 0 {
		return errors.New("rates, shares and times are more than 0")
	}
	if p.faults && p.soak == 0 {
		return errors.New("-faults is for -for")
	}
	description, err := pipeline.Load(s.description)
	if err != nil {
		return err
	}
	s.plan.latency = description.Objectives.Latency
	return nil
}

// drainTimeout bounds the wait for the consumer in the end.
const drainTimeout = 5 * time.Minute

// run runs everything and says whether all checks hold.
func (s *settings) run(ctx context.Context, stdout, stderr io.Writer) (ok bool, err error) {
	programs := program.Tail{Lines: 10}
	if s.verbose {
		programs.All = stderr
	}
	count := time.Duration(0)
	if s.plan.soak > 0 {
		count = s.plan.every()
	}
	before := busy()
	st, err := newStage(ctx, s.description, count, func(name, line string) {
		programs.Keep(fmt.Sprintf("%-8s %s", filepath.Base(name), line))
	})
	if err != nil {
		return false, programs.Explain(ctx, err)
	}
	defer func() { err = errors.Join(err, st.stop(context.WithoutCancel(ctx))) }()
	st.generator.most = s.plan.connections
	r := &runner{stage: st, plan: s.plan, progress: stderr}
	checks, err := r.all(ctx, s.knee)
	if err != nil {
		return false, programs.Explain(ctx, err)
	}
	if err := write(stdout, r.lines); err != nil {
		return false, err
	}
	_, _ = fmt.Fprintf(stdout, "\n%d processors; the machine's load was %s before and %s after.\n%s\n", runtime.NumCPU(), before, busy(), st.failures())
	return report(stdout, checks), nil
}

// all is the whole of a run.
func (r *runner) all(ctx context.Context, knee float64) (checks []check, err error) {
	if err := r.warmUp(ctx); err != nil {
		return nil, err
	}
	before, err := r.step(ctx, "before", r.plan.low)
	if err != nil {
		return nil, err
	}
	if knee == 0 {
		if knee, err = r.climb(ctx); err != nil {
			return nil, err
		}
	}
	if r.plan.soak > 0 {
		checks, err = r.allOfSoak(ctx, knee)
	} else {
		checks, err = r.allOfOverload(ctx, knee, before)
	}
	if err != nil {
		return nil, err
	}
	drained, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	if err := r.stage.drain(drained); err != nil {
		return nil, err
	}
	books, err := r.stage.settle(ctx, &r.books)
	if err != nil {
		return nil, err
	}
	checks = append(checks, judgeAnswers(r.lines, r.plan.faults)...)
	checks = append(checks, judgeMemory(r.lines, r.stage.pipeline.Pipeline().Service.MemoryMiB))
	return append(checks, judgeBooks(books)...), nil
}

func (r *runner) allOfSoak(ctx context.Context, knee float64) ([]check, error) {
	rate := r.plan.share * knee
	_, after, err := r.soak(ctx, rate)
	if err != nil {
		return nil, err
	}
	return judgeSoak(rate, after), nil
}

func (r *runner) allOfOverload(ctx context.Context, knee float64, before figures) ([]check, error) {
	at, err := r.overload(ctx, knee)
	if err != nil {
		return nil, err
	}
	refusing, err := r.refuse(ctx, knee)
	if err != nil {
		return nil, err
	}
	r.stage.generator.rest()
	checks := judgeOverload(at, refusing)
	var recovery check
	for range 4 { // as in the climb: the machine does other things, too
		after, err := r.step(ctx, "after", r.plan.low)
		if err != nil {
			return nil, err
		}
		if recovery = judgeRecovery(before, after); recovery.ok {
			break
		}
	}
	return append(checks, recovery), nil
}
