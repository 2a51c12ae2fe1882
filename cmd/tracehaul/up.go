package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/localstate"
	"github.com/tracehaul/tracehaul/internal/postgres"
	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/story/source"
	"github.com/tracehaul/tracehaul/internal/web"
	"github.com/tracehaul/tracehaul/pipeline"
)

type upCmd struct {
	localFlags
	jsonFlag
	ALBPort      int    `default:"8080"                                                                   help:"Port of the load balancer; 0 is a free one." placeholder:"PORT"`
	WebPort      int    `default:"8081"                                                                   help:"Port of the page; 0 is a free one."          placeholder:"PORT"`
	SNSPort      int    `default:"0"                                                                      help:"Port of SNS; 0 is a free one."               placeholder:"PORT"`
	SQSPort      int    `default:"0"                                                                      help:"Port of SQS; 0 is a free one."               placeholder:"PORT"`
	OTLPPort     int    `default:"0"                                                                      help:"Port of the OTLP receiver; 0 is a free one." placeholder:"PORT"`
	DatabaseName string `help:"Name of the database, which must not exist yet. Defaults to a random one." placeholder:"NAME"`
	DatabasePort int    `default:"0"                                                                      help:"Port of PostgreSQL; 0 is a free one."        placeholder:"PORT"`
}

// Help is shown by --help below the line about the command.
func (upCmd) Help() string {
	return `It prints where everything is, with --json for programs, and runs until Ctrl-C. Spans go on to OTEL_EXPORTER_OTLP_ENDPOINT, too, if that is set.

Examples:
  tracehaul up
  tracehaul up --alb-port 0 --web-port 0 --json
  tracehaul up --consumer-program mailer=./mailer
  tracehaul up --database-url postgres://postgres@localhost/postgres \
    --database-name tracehaul`
}

// Validate refuses names and ports before anything is built.
func (c upCmd) Validate() error {
	errs := []error{postgres.Config{Database: c.DatabaseName}.Validate()}
	for _, port := range []struct {
		flag string
		n    int
	}{{"alb", c.ALBPort}, {"web", c.WebPort}, {"sns", c.SNSPort}, {"sqs", c.SQSPort}, {"otlp", c.OTLPPort}, {"database", c.DatabasePort}} {
		if port.n < 0 || port.n > math.MaxUint16 {
			errs = append(errs, fmt.Errorf("--%s-port %d: want 1 to %d, or 0 for a free one", port.flag, port.n, math.MaxUint16))
		}
	}
	return errors.Join(errs...)
}

func (c upCmd) Run(ctx context.Context, env environment) (err error) {
	c.ports = localpipeline.Ports{ALB: c.ALBPort, SNS: c.SNSPort, SQS: c.SQSPort, OTLP: c.OTLPPort, Database: c.DatabasePort}
	c.database = c.DatabaseName
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(c.WebPort)))
	if err != nil { // which is known before anything is built
		return fmt.Errorf("--web-port: %w", err)
	}
	defer listener.Close() // if nobody serves on it
	p := startProgress(env.err, "reading the description")
	l, stop, err := c.start(ctx, env, p)
	p.done()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()

	log := slog.New(slog.NewTextHandler(env.err, nil))
	database := func(body bool) []story.Backend {
		return []story.Backend{source.Postgres{URL: l.Addresses().DatabaseURL, Body: body}}
	}
	page := &http.Server{Handler: web.New(web.Config{
		Source: upSource{l}, Backends: database, Expect: expected(l.Pipeline(), true), Logger: log,
	}), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = page.Serve(listener) }() // it always ends with ErrServerClosed
	defer func() { err = errors.Join(err, page.Close()) }()

	addresses := l.Addresses()
	addresses.Web = "http://" + listener.Addr().String()
	defer c.announce(env, log, l.Pipeline(), addresses)()
	if err := c.print(env, addresses); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case <-l.Service().Done():
		return errors.New("the service ended by itself")
	}
}

// announce tells other processes on this machine where the pipeline is, until
// the function that it returns is called. It runs without, too.
func (c upCmd) announce(env environment, log *slog.Logger, p *pipeline.Pipeline, a localpipeline.Addresses) (end func()) {
	warn := func(err error) {
		log.Warn("tracehaul trace will not find this pipeline by itself", slog.String("error", err.Error()))
	}
	dir, err := localstate.Dir(env.getenv)
	if err != nil {
		warn(err)
		return func() {}
	}
	file, err := filepath.Abs(c.File)
	if err != nil {
		file = c.File
	}
	remove, err := localstate.Write(dir, localstate.State{Started: time.Now(), Prefix: p.Prefix(), File: file, Addresses: a})
	if err != nil {
		warn(err)
		return func() {}
	}
	return func() {
		if err := remove(); err != nil {
			log.Warn("what told other processes of this pipeline is left behind", slog.String("error", err.Error()))
		}
	}
}

func (c upCmd) print(env environment, a localpipeline.Addresses) error {
	if c.JSON { // in one line, by whose end a program knows that all is there
		return json.NewEncoder(env.out).Encode(a)
	}
	_, err := fmt.Fprintf(env.out, `The pipeline runs. See its traces at %s

  load balancer  %s
  service        %s
  SNS            %s  %s
  SQS            %s
  dead letters   %s
  PostgreSQL     %s
  OTLP           %s

Send an event:

  curl -i %s/v1/events -H 'Content-Type: application/json' -d '{"order":"o-1","total":12}'

Ctrl-C stops everything and leaves nothing behind.
`, a.Web, a.ALB, a.Service, a.SNS, a.TopicARN, a.QueueURL, a.DLQURL, a.DatabaseURL, a.OTLP, a.ALB)
	return err
}
