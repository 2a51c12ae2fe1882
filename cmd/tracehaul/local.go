package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
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
	Service     string            `help:"A program to run as the service, instead of building it."                                                                                                                name:"service-program"                                                        placeholder:"PROGRAM"`
	Consumer    []consumerProgram `help:"A program to run as the consumers, instead of building it; or, as NAME=PROGRAM, as one of them, which a consumer with sink custom needs to run at all. Can be repeated." name:"consumer-program"                                                       placeholder:"PROGRAM"    sep:"none"`
	ConsumerEnv map[string]string `help:"A variable for the consumers' programs, beside those of the description. Can be repeated."                                                                               mapsep:"none"                                                                 placeholder:"NAME=VALUE"`
	ALBSpans    string            `help:"A program to run on the load balancer's access log, instead of building it."                                                                                             name:"albspans-program"                                                       placeholder:"PROGRAM"`
	DatabaseURL string            `env:"DATABASE_URL"                                                                                                                                                             help:"A PostgreSQL server to make the database in, instead of a private one." placeholder:"URL"`
	Verbose     bool              `help:"Show what the programs write."                                                                                                                                           short:"v"`
}

// config gets everything that is needed to start: the description, the
// programs, the migration. Programs that are built lie in dir.
func (f localFlags) config(ctx context.Context, env environment, p *progress, dir string) (localpipeline.Config, error) {
	described, err := f.load()
	if err != nil {
		return localpipeline.Config{}, err
	}
	c := localpipeline.Config{
		Pipeline: described, Service: f.Service, ConsumerEnv: f.ConsumerEnv, ALBSpans: f.ALBSpans, DatabaseURL: f.DatabaseURL, DatabaseName: f.database, Ports: f.ports,
		Forward: env.getenv("OTEL_EXPORTER_OTLP_ENDPOINT"),
		Migrate: migrate.UpURL,
		// Nothing is to be lost, but a person waits for the end: no load
		// balancer needs time to notice.
		ServiceEnv: map[string]string{"DRAIN_GRACE": "0s"},
		Logger:     slog.New(slog.NewTextHandler(p, nil)),
	}
	if err := f.consumers(&c); err != nil {
		return localpipeline.Config{}, err
	}
	if f.Verbose {
		c.Output = func(program, line string) { fmt.Fprintf(p, "%-9s %s\n", program, line) }
	}
	return c, f.build(ctx, p, dir, &c)
}

// consumerProgram is a program for one consumer or, without a name, for all that
// have none.
type consumerProgram struct{ consumer, path string }

// UnmarshalText reads PROGRAM or NAME=PROGRAM.
func (p *consumerProgram) UnmarshalText(text []byte) error {
	name, path, ok := strings.Cut(string(text), "=")
	if !ok || strings.ContainsRune(name, filepath.Separator) { // a path may have the character, too
		name, path = "", string(text)
	}
	if path == "" {
		return fmt.Errorf("%q names no file: want PROGRAM or NAME=PROGRAM", text)
	}
	*p = consumerProgram{name, path}
	return nil
}

// consumers fills in the programs of consumers.
func (f localFlags) consumers(c *localpipeline.Config) error {
	c.Programs = map[string]string{}
	for _, p := range f.Consumer {
		if p.consumer == "" {
			c.Consumer = p.path
			continue
		}
		if _, err := consumerNamed(c.Pipeline, p.consumer, "--consumer-program "+p.consumer+"="+p.path); err != nil {
			return err
		}
		c.Programs[p.consumer] = p.path
	}
	return nil
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
