package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/program"
	"github.com/tracehaul/tracehaul/pipeline"
)

// localFlags are what demo and up have in common.
type localFlags struct {
	ports       localpipeline.Ports
	database    string // its name
	File        string `default:"tracehaul.yaml"                                                           help:"The pipeline's description."                                            placeholder:"FILE" short:"f"`
	Service     string `help:"A program to run as the service, instead of building it."                    placeholder:"PROGRAM"`
	Consumer    string `help:"A program to run as the consumer, instead of building it."                   placeholder:"PROGRAM"`
	ALBSpans    string `help:"A program to run on the load balancer's access log, instead of building it." placeholder:"PROGRAM"`
	DatabaseURL string `env:"DATABASE_URL"                                                                 help:"A PostgreSQL server to make the database in, instead of a private one." placeholder:"URL"`
	Verbose     bool   `help:"Show what the programs write."                                               short:"v"`
}

// config gets everything that is needed to start: the description, the
// programs, the migration. Programs that are built lie in dir.
func (f localFlags) config(ctx context.Context, env environment, dir string) (localpipeline.Config, error) {
	p, err := pipeline.Load(f.File)
	if err != nil {
		return localpipeline.Config{}, err
	}
	c := localpipeline.Config{
		Pipeline: p, Service: f.Service, Consumer: f.Consumer, ALBSpans: f.ALBSpans, DatabaseURL: f.DatabaseURL, DatabaseName: f.database, Ports: f.ports,
		Forward: env.getenv("OTEL_EXPORTER_OTLP_ENDPOINT"),
		Migrate: migrate.UpURL,
		// Nothing is to be lost, but a person waits for the end: no load
		// balancer needs time to notice.
		ServiceEnv: map[string]string{"DRAIN_GRACE": "0s"},
		Logger:     slog.New(slog.NewTextHandler(env.err, nil)),
	}
	if f.Verbose {
		c.Output = func(program, line string) { fmt.Fprintf(env.err, "%-9s %s\n", program, line) }
	}
	return c, f.build(ctx, dir, &c)
}

// build fills in the programs that no flag named.
func (f localFlags) build(ctx context.Context, dir string, c *localpipeline.Config) error {
	var commands []string
	var paths []*string
	programs := map[string]*string{"service": &c.Service, "consumer": &c.Consumer}
	if c.Pipeline.Edge.ALBSpans {
		programs["albspans"] = &c.ALBSpans
	}
	for command, path := range programs {
		if *path == "" {
			commands, paths = append(commands, command), append(paths, path)
		}
	}
	if len(commands) == 0 {
		return nil
	}
	slow := time.AfterFunc(time.Second, func() {
		c.Logger.Info("building " + strings.Join(commands, ", ") + "; the first time takes a while")
	})
	defer slow.Stop()
	built, err := program.Build(ctx, dir, commands...)
	if err != nil {
		return err
	}
	for i, path := range built {
		*paths[i] = path
	}
	return nil
}

// start starts the pipeline; stop ends it and removes what it made.
func (f localFlags) start(ctx context.Context, env environment) (_ *localpipeline.Local, stop func() error, err error) {
	dir, err := os.MkdirTemp("", "tracehaul-")
	if err != nil {
		return nil, nil, err
	}
	c, err := f.config(ctx, env, dir)
	if err != nil {
		_ = os.RemoveAll(dir) // the first error says more
		return nil, nil, err
	}
	var tail program.Tail
	if c.Output == nil {
		c.Output = func(program, line string) { tail.Keep(program + ": " + line) }
	}
	l, err := localpipeline.Start(ctx, c)
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, nil, fmt.Errorf("%w%s", err, tail.Text())
	}
	stop = func() error {
		err := l.Stop(context.WithoutCancel(ctx))
		if removeErr := os.RemoveAll(dir); err == nil {
			err = removeErr
		}
		return err
	}
	return l, stop, nil
}
