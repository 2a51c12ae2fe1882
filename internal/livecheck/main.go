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
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/dashboards/probe"
	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/internal/program"
)

func main() { harness.Main(run) }

// check is one run.
type check struct {
	description string
	inventory   bool
	series      *regexp.Regexp // nil for none
	keep        bool
	verbose     bool
	boards      []probe.Dashboard
}

// defaultFiles are the dashboards of the pipeline that runs here: those of a
// team on AWS, and those for a Grafana beside `tracehaul up`, where queries of
// OpenTelemetry's metrics stand in for CloudWatch's.
var defaultFiles = []string{"iac/terraform/observability/dashboards/dev/*.json", "iac/grafana/dashboards/*.json"}

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
		return harness.ExitOK
	} else if err != nil {
		return harness.ExitUsage
	}
	if err := c.read(ctx, flags.Args()); err != nil {
		_, _ = fmt.Fprintf(stderr, "livecheck: %v\n", err)
		return harness.ExitUsage
	}
	if series != "" {
		var err error
		if c.series, err = regexp.Compile(series); err != nil {
			_, _ = fmt.Fprintf(stderr, "livecheck: -series: %v\n", err)
			return harness.ExitUsage
		}
	}
	if err := c.run(ctx, stdout, stderr); err != nil {
		_, _ = fmt.Fprintf(stderr, "livecheck: %v\n", err)
		return harness.ExitFailed
	}
	return harness.ExitOK
}

// read reads the dashboards, unless none are needed.
func (c *check) read(ctx context.Context, files []string) (err error) {
	if c.inventory {
		return nil
	}
	if len(files) == 0 {
		for _, pattern := range defaultFiles {
			found, err := filepath.Glob(pattern)
			if err != nil || len(found) == 0 {
				return fmt.Errorf("there are no dashboards: want files as arguments, or some that match %s", pattern)
			}
			files = append(files, found...)
		}
		files = slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, ".tf.json") }) // the module that deploys them
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		c.boards = append(c.boards, probe.Dashboard{Name: file, Content: content})
	}
	_, err = probe.Run(ctx, probe.Config{}, c.boards...) // asks nobody: a file that cannot be read is to be found at once
	return err
}

func (c check) run(ctx context.Context, stdout, stderr io.Writer) (err error) {
	var programs program.Tail
	if c.verbose {
		programs.All = stderr
	}
	began := time.Now()
	s, err := newStage(ctx, c.description, stderr, func(name, line string) {
		programs.Keep(fmt.Sprintf("%-*s %s", len(victoriaProgram), filepath.Base(name), line))
	})
	if err != nil {
		return programs.Explain(ctx, err)
	}
	defer func() { err = errors.Join(err, s.stop(context.WithoutCancel(ctx))) }()
	if err := play(ctx, s, stderr); err != nil {
		return programs.Explain(ctx, err)
	}
	err = c.report(ctx, s, began, stdout)
	if c.keep && ctx.Err() == nil {
		s.wait(ctx, stderr)
	}
	return err
}

// report prints what the run is for.
func (c check) report(ctx context.Context, s *stage, began time.Time, stdout io.Writer) error {
	if !c.inventory {
		return ask(ctx, s, c.boards, began, stdout)
	}
	metrics, err := inventory(ctx, s.store.url, began)
	if err != nil {
		return err
	}
	if c.series != nil {
		return printSeries(stdout, metrics, c.series)
	}
	return printInventory(stdout, metrics)
}
