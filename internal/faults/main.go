//go:build unix

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/internal/program"
)

func main() { harness.Main(run) }

// options are the flags.
type options struct {
	description, programs      string
	which                      *regexp.Regexp
	short, list, verbose, keep bool
	mutants                    bool
	runs, events, parallel     int
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	var which string
	flags := flag.NewFlagSet("faults", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.description, "f", "tracehaul.yaml", "the pipeline's `description`")
	flags.StringVar(&which, "run", "", "only the scenarios whose name this `regexp` matches")
	flags.StringVar(&o.programs, "programs", "", "take the service and the consumer in this `directory` and build none")
	flags.BoolVar(&o.short, "short", false, "only those that CI runs")
	flags.BoolVar(&o.mutants, "mutate", false, "take safeguards away, whose names -run matches, and see that scenarios notice")
	flags.BoolVar(&o.list, "list", false, "print the scenarios and run none")
	flags.IntVar(&o.runs, "runs", 1, "run all so often in a row")
	flags.IntVar(&o.events, "events", 0, "send so many events in every scenario; some faults are not met with a few")
	flags.IntVar(&o.parallel, "parallel", 2, "so many scenarios at once")
	flags.BoolVar(&o.verbose, "v", false, "show what the programs write")
	flags.BoolVar(&o.keep, "keep", false, "leave a pipeline that failed running until Ctrl-C")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("%q: want flags only", flags.Arg(0))
	case o.runs < 1 || o.parallel < 1 || o.events < 0:
		err = errors.New("-runs and -parallel: want 1 or more; -events: want 0 or more")
	default:
		o.which, err = regexp.Compile(which)
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "faults: %v\n", err)
	}
	return o, err
}

// chosen returns the scenarios that the flags ask for.
func (o options) chosen() []scenario {
	chosen := slices.DeleteFunc(scenarios(), func(s scenario) bool {
		return !o.which.MatchString(s.name) || o.short && !s.short
	})
	for i := range chosen {
		if o.events > 0 {
			chosen[i].events = o.events
		}
	}
	return chosen
}

// run is main without the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return harness.ExitOK
	} else if err != nil {
		return harness.ExitUsage
	}
	dir, err := os.MkdirTemp("", "tracehaul-faults-")
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "faults: %v\n", err)
		return harness.ExitFailed
	}
	defer os.RemoveAll(dir)
	stderr = &syncWriter{w: stderr}
	chosen := o.chosen()
	switch {
	case o.mutants:
		return o.mutate(ctx, dir, stdout, stderr)
	case len(chosen) == 0:
		_, _ = fmt.Fprintln(stderr, "faults: no scenario has such a name; -list prints them")
		return harness.ExitUsage
	case o.list:
		for _, s := range chosen {
			_, _ = fmt.Fprintf(stdout, "%-*s %s\n", nameWidth, s.name, s.what)
		}
		return harness.ExitOK
	}
	built := []string{filepath.Join(o.programs, "service"), filepath.Join(o.programs, "consumer")}
	if o.programs == "" {
		if built, err = program.Build(ctx, dir, "service", "consumer"); err != nil {
			_, _ = fmt.Fprintf(stderr, "faults: %v\n", err)
			return harness.ExitFailed
		}
	}
	return o.play(ctx, programs{
		service: built[0], consumer: built[1], skewed: once(func(ctx context.Context) (string, string, error) { return buildSkewed(ctx, dir) }),
	}, stdout, stderr)
}

// play runs all, as often as wanted.
func (o options) play(ctx context.Context, p programs, stdout, stderr io.Writer) int {
	code := harness.ExitOK
	for n := range o.runs {
		if o.runs > 1 {
			_, _ = fmt.Fprintf(stdout, "Run %d of %d\n", n+1, o.runs)
		}
		began := time.Now()
		verdicts := o.round(ctx, p, stdout, stderr)
		if ctx.Err() != nil {
			_, _ = fmt.Fprintln(stderr, "faults: interrupted")
			return harness.ExitFailed
		}
		if !printSum(stdout, verdicts, time.Since(began)) {
			code = harness.ExitFailed
		}
	}
	return code
}

// round runs the scenarios once, some at the same time, and prints each as
// soon as those before it are printed.
func (o options) round(ctx context.Context, p programs, stdout, stderr io.Writer) []verdict {
	chosen := o.chosen()
	began := time.Now()
	s := &stage{description: o.description, programs: p, output: func() *output { return newOutput(nil) }}
	if o.verbose {
		s.output = func() *output { return newOutput(stderr) }
	}
	if o.keep {
		s.keep = func(ctx context.Context, w *world) { hold(ctx, w, stderr) }
	}
	verdicts := make([]verdict, len(chosen))
	done := make([]chan struct{}, len(chosen))
	for i := range done {
		done[i] = make(chan struct{})
	}
	go o.playAll(chosen, func(i int) {
		defer close(done[i])
		if ctx.Err() != nil {
			return
		}
		verdicts[i] = s.play(ctx, chosen[i], func(what string) {
			_, _ = fmt.Fprintf(stderr, "%6.1fs  %s %s\n", time.Since(began).Seconds(), chosen[i].name, what)
		})
	})
	printHead(stdout)
	for i := range chosen {
		<-done[i]
		if ctx.Err() == nil {
			verdicts[i].print(stdout)
		}
	}
	return verdicts
}

// playAll plays scenarios in their order, some at the same time, and each that
// has to be alone by itself.
func (o options) playAll(chosen []scenario, play func(i int)) {
	slots := make(chan struct{}, o.parallel)
	for i, sc := range chosen {
		takes := 1
		if sc.alone != "" {
			takes = o.parallel
		}
		for range takes {
			slots <- struct{}{}
		}
		go func() {
			play(i)
			for range takes {
				<-slots
			}
		}()
	}
}

// hold tells where everything is, and lets it run until ctx ends.
func hold(ctx context.Context, w *world, to io.Writer) {
	a := w.Addresses()
	_, _ = fmt.Fprintf(to, "%s failed. Everything runs on until Ctrl-C:\n  load balancer  %s\n  PostgreSQL     %s\n  SQS            %s\n",
		w.sc.name, a.ALB, a.DatabaseURL, a.SQS)
	<-ctx.Done()
}

// syncWriter is written to from several goroutines.
type syncWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *syncWriter) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(b)
}
