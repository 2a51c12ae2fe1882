//go:build unix

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
	"syscall"
	"time"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// check is one run.
type check struct {
	description string
	inventory   bool
	series      *regexp.Regexp // nil for none
	keep        bool
	verbose     bool
	files       []string
}

// run is main without the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c check
	var series string
	flags := flag.NewFlagSet("livecheck", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.description, "f", "tracehaul.yaml", "the pipeline's `description`")
	flags.BoolVar(&c.inventory, "inventory", false, "print which metrics there are, and ask no dashboard")
	flags.StringVar(&series, "series", "", "with -inventory: print every series of the metrics that this `regexp` matches")
	flags.BoolVar(&c.keep, "keep", false, "leave everything running until Ctrl-C")
	flags.BoolVar(&c.verbose, "v", false, "show what the programs write")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitOK
	} else if err != nil {
		return exitUsage
	}
	c.files = flags.Args()
	if series != "" {
		var err error
		if c.series, err = regexp.Compile(series); err != nil {
			_, _ = fmt.Fprintf(stderr, "livecheck: -series: %v\n", err)
			return exitUsage
		}
	}
	if err := c.run(ctx, stdout, stderr); err != nil {
		_, _ = fmt.Fprintf(stderr, "livecheck: %v\n", err)
		return exitFailed
	}
	return exitOK
}

func (c check) run(ctx context.Context, stdout, stderr io.Writer) (err error) {
	var programs output
	if c.verbose {
		programs.all = stderr
	}
	began := time.Now()
	s, err := newStage(ctx, c.description, stderr, programs.add)
	if err != nil {
		return fmt.Errorf("%w\nThe last lines of the programs' output:\n%s", err, programs.text())
	}
	defer func() { err = errors.Join(err, s.stop(context.WithoutCancel(ctx))) }()
	if err := play(ctx, s, stderr); err != nil {
		return err
	}
	err = c.report(ctx, s, began, stdout)
	if c.keep && ctx.Err() == nil {
		_, _ = fmt.Fprintf(stderr, "%v\nEverything runs on until Ctrl-C:\n  Prometheus API  %s\n  PostgreSQL      %s\n  load balancer   %s\n",
			err, s.store.url, s.pipeline.Addresses().DatabaseURL, s.pipeline.Addresses().ALB)
		<-ctx.Done()
	}
	return err
}

func (c check) report(ctx context.Context, s *stage, began time.Time, stdout io.Writer) error {
	metrics, err := inventory(ctx, s.store.url, began)
	if err != nil {
		return err
	}
	if c.series != nil {
		return printSeries(stdout, metrics, c.series)
	}
	return printInventory(stdout, metrics)
}
