package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/program"
)

// localFlags are what demo and up have in common.
type localFlags struct {
	ports    localpipeline.Ports
	database string // its name
	pipelineFlags
	Service     string `help:"A program to run as the service, instead of building it."                    name:"service-program"                                                        placeholder:"PROGRAM"`
	Consumer    string `help:"A program to run as the consumer, instead of building it."                   name:"consumer-program"                                                       placeholder:"PROGRAM"`
	ALBSpans    string `help:"A program to run on the load balancer's access log, instead of building it." name:"albspans-program"                                                       placeholder:"PROGRAM"`
	DatabaseURL string `env:"DATABASE_URL"                                                                 help:"A PostgreSQL server to make the database in, instead of a private one." placeholder:"URL"`
	Verbose     bool   `help:"Show what the programs write."                                               short:"v"`
}

// config gets everything that is needed to start: the description, the
// programs, the migration. Programs that are built lie in dir.
func (f localFlags) config(ctx context.Context, env environment, p *progress, dir string) (localpipeline.Config, error) {
	described, err := f.load()
	if err != nil {
		return localpipeline.Config{}, err
	}
	c := localpipeline.Config{
		Pipeline: described, Service: f.Service, Consumer: f.Consumer, ALBSpans: f.ALBSpans, DatabaseURL: f.DatabaseURL, DatabaseName: f.database, Ports: f.ports,
		Forward: env.getenv("OTEL_EXPORTER_OTLP_ENDPOINT"),
		Migrate: migrate.UpURL,
		// Nothing is to be lost, but a person waits for the end: no load
		// balancer needs time to notice.
		ServiceEnv: map[string]string{"DRAIN_GRACE": "0s"},
		Logger:     slog.New(slog.NewTextHandler(p, nil)),
	}
	if f.Verbose {
		c.Output = func(program, line string) { fmt.Fprintf(p, "%-9s %s\n", program, line) }
	}
	return c, f.build(ctx, p, dir, &c)
}

// build fills in the programs that no flag named.
func (f localFlags) build(ctx context.Context, p *progress, dir string, c *localpipeline.Config) error {
	var commands []string
	var paths []*string
	programs := map[string]*string{"service": &c.Service, "consumer": &c.Consumer}
	if c.Pipeline.Edge.ALBSpans {
		programs["albspans"] = &c.ALBSpans
	}
	for _, command := range slices.Sorted(maps.Keys(programs)) {
		if path := programs[command]; *path == "" {
			commands, paths = append(commands, command), append(paths, path)
		}
	}
	if len(commands) == 0 {
		return nil
	}
	p.phase("building " + strings.Join(commands, ", ") + ", which takes a while the first time")
	built, err := program.Build(ctx, dir, commands...)
	if err != nil {
		return err
	}
	for i, path := range built {
		*paths[i] = path
	}
	return nil
}

// start starts the pipeline, and says by p what it does; stop ends it and
// removes what it made.
func (f localFlags) start(ctx context.Context, env environment, p *progress) (_ *localpipeline.Local, stop func() error, err error) {
	dir, err := os.MkdirTemp("", "tracehaul-")
	if err != nil {
		return nil, nil, err
	}
	c, err := f.config(ctx, env, p, dir)
	if err != nil {
		_ = os.RemoveAll(dir) // the first error says more
		return nil, nil, err
	}
	var tail program.Tail
	if c.Output == nil {
		c.Output = func(program, line string) { tail.Keep(program + ": " + line) }
	}
	p.phase("starting PostgreSQL and the programs")
	defer p.done()
	l, err := localpipeline.Start(ctx, c)
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, nil, fmt.Errorf("%w%s", err, tail.Text())
	}
	stop = func() error {
		p.phase("stopping everything")
		defer p.done()
		err := l.Stop(context.WithoutCancel(ctx))
		if removeErr := os.RemoveAll(dir); err == nil {
			err = removeErr
		}
		return err
	}
	return l, stop, nil
}
