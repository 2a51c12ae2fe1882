package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// measurement is what -only chooses among.
type measurement struct {
	name, about string
	measure     func(context.Context, *bench) ([]line, error)
}

var measurements = []measurement{
	{"service", "requests per second and latency, instrumented to bare", measureService},
	{"allocations", "allocations added to a request", measureAllocations},
	{"message", "trace context through message attributes", measureMessage},
	{"consumer", "rows per second, to COPY and to untraced", measureConsumer},
	{"init", "start of a Lambda", measureInit},
	{"size", "size of programs", measureSize},
	{"calls", "calls of SNS for 1,000 events", measureCalls},
}

// bench is one run.
type bench struct {
	wanted   int // rounds, 0 for each measurement's own
	quick    bool
	profiles string // directory for profiles, empty for none
	dir      string // for files, gone afterwards

	programs map[string]string // built, by name
}

// rounds is how many a measurement makes.
func (b *bench) rounds(usual int) int {
	switch {
	case b.wanted > 0:
		return b.wanted
	case b.quick:
		return min(usual, 3)
	}
	return usual
}

// amount is how much work a turn has.
func (b *bench) amount(usual, quick int) int {
	if b.quick {
		return quick
	}
	return usual
}

// run is main without the process around it. It returns the exit code: 1 if
// something could not be measured, 2 if it was called the wrong way.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 2 && strings.HasPrefix(args[0], rolePrefix) {
		if err := play(ctx, strings.TrimPrefix(args[0], rolePrefix), args[1], stdin, stdout); err != nil {
			_, _ = fmt.Fprintf(stderr, "bench: %s: %v\n", args[0], err)
			return 1
		}
		return 0
	}
	b, only := &bench{}, ""
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&only, "only", "", "measure what this regular expression matches")
	flags.IntVar(&b.wanted, "rounds", 0, "number of rounds, instead of each measurement's own")
	flags.BoolVar(&b.quick, "quick", false, "few rounds of little work: to see that it works")
	flags.StringVar(&b.profiles, "profiles", "", "write profiles into this `directory`, which slows what is measured")
	flags.Usage = func() { printUsage(flags) }
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	pattern, err := regexp.Compile(only)
	if err != nil || flags.NArg() > 0 || b.wanted < 0 {
		printUsage(flags)
		return 2
	}
	if err := b.measure(ctx, pattern, stdout, stderr); err != nil {
		_, _ = fmt.Fprintf(stderr, "bench: %v\n", err)
		return 1
	}
	return 0
}

func printUsage(flags *flag.FlagSet) {
	w := flags.Output()
	_, _ = io.WriteString(w, "usage: bench [flags]\n\nIt measures:\n")
	for _, m := range measurements {
		_, _ = fmt.Fprintf(w, "  %-12s %s\n", m.name, m.about)
	}
	_, _ = io.WriteString(w, "\nFlags:\n")
	flags.PrintDefaults()
}

// measure makes all measurements and prints their table. What cannot be
// measured keeps nothing else from it.
func (b *bench) measure(ctx context.Context, only *regexp.Regexp, stdout, stderr io.Writer) (err error) {
	if b.dir, err = os.MkdirTemp("", "tracehaul-bench-"); err != nil {
		return err
	}
	var lines []line
	for _, m := range measurements {
		if !only.MatchString(m.name) {
			continue
		}
		began := time.Now()
		_, _ = fmt.Fprintf(stderr, "%-12s ", m.name)
		measured, failure := m.measure(ctx, b)
		_, _ = fmt.Fprintf(stderr, "%.1f s\n", time.Since(began).Seconds())
		if failure != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", m.name, failure))
		}
		lines = append(lines, measured...)
	}
	err = errors.Join(err, os.RemoveAll(b.dir)) // before writing, which may be the end: who reads may not want all
	return errors.Join(err, write(stdout, lines))
}
