//go:build unix

package localpipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"time"

	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/pipeline"
)

// Config says what runs.
type Config struct {
	// Pipeline is the description. Consumers with a sink of their own are left
	// out, unless Programs has them. Required.
	Pipeline *pipeline.Pipeline

	// Service and Consumer are the programs' files. Required.
	Service, Consumer string

	// Programs are files of other programs than Consumer, by the names of the
	// consumers that they are. Defaults to none.
	Programs map[string]string

	// ALBSpans is the file of the program that makes spans of the load
	// balancer's access log. It runs unless the description has edge.alb_spans
	// off. Defaults to "": the load balancer has no spans.
	ALBSpans string

	// Migrate brings the fresh database's schema up to date. Required.
	Migrate func(ctx context.Context, databaseURL string) error

	// DatabaseURL is a server to make the database in. Defaults to "": a
	// private server.
	DatabaseURL string

	// DatabaseName is the name of the database that is made there; it must not
	// exist yet. Defaults to a random name.
	DatabaseName string

	// Forward is the base URL of an OTLP receiver that gets a copy of all
	// telemetry. Defaults to "": none.
	Forward string

	// Ports are those of what a person talks to. Default to free ones.
	Ports Ports

	// ServiceEnv, ConsumerEnv and ALBSpansEnv are further variables for the
	// programs; they win over the pipeline's own. Default to none.
	ServiceEnv, ConsumerEnv, ALBSpansEnv map[string]string

	// HoldConsumers leaves the queues alone until [Local.StartConsumers].
	// Defaults to false.
	HoldConsumers bool

	// Durable makes the database's commits as safe, and as slow, as in
	// production. Defaults to false.
	Durable bool

	// Fault, Shuffle and DuplicateRate make the local SNS and SQS misbehave;
	// see [messaging.Config]. Default to no fault.
	Fault         func(messaging.Call) *messaging.Fault
	Shuffle       bool
	DuplicateRate float64

	// Lambda makes invocations of the consumers fail; see [lambda.Config].
	// Defaults to no fault.
	Lambda func(lambda.Moment) lambda.Fault

	// Report is called after each batch of a consumer, from several
	// goroutines. Defaults to nothing.
	Report func(consumer string, b lambda.Batch)

	// EnforceMemory kills consumers that take more memory than the description
	// gives them. Defaults to false.
	EnforceMemory bool

	// ConsumerClock is how far the clock of the consumers' host is ahead. It
	// is for deadlines; what their processes see is their own affair. Defaults
	// to 0.
	ConsumerClock time.Duration

	// ConsumerGrace is how long the consumers may take to end once they are
	// told to. Defaults to what Lambda gives, see lambda.Config.
	ConsumerGrace time.Duration

	// Route says what the programs are to talk to in place of a part, once
	// that answers at its address: something that stands between them. For the
	// database the address is its URL. Defaults to the part itself.
	Route func(part Part, address string) (string, error)

	// DatabaseSettings are further settings of a private database server.
	// Defaults to none.
	DatabaseSettings map[string]string

	// Traces is how many traces are kept. Defaults to what [otlp.Config] says.
	Traces int

	// Output receives every line a program writes. Defaults to dropping them.
	Output func(program, line string)

	// Logger hears what the parts have to say. Defaults to silence.
	Logger *slog.Logger
}

// Part is one that programs talk to.
type Part string

// The parts that [Config.Route] is asked about.
const (
	PartDatabase Part = "database"
	PartSNS      Part = "sns"
	PartSQS      Part = "sqs"
	PartOTLP     Part = "otlp"
)

// Ports on the loopback address; 0 is a free one.
type Ports struct{ ALB, SNS, SQS, OTLP, Database int }

func (c Config) withDefaults() (Config, error) {
	if c.Output == nil {
		c.Output = func(string, string) {}
	}
	if c.Report == nil {
		c.Report = func(string, lambda.Batch) {}
	}
	if c.Route == nil {
		c.Route = func(_ Part, address string) (string, error) { return address, nil }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	var errs []error
	if c.Pipeline == nil {
		errs = append(errs, errors.New("no description of a pipeline"))
	}
	if c.Migrate == nil {
		errs = append(errs, errors.New("no migration"))
	}
	if c.ALBSpans != "" {
		absolute, err := filepath.Abs(c.ALBSpans)
		errs = append(errs, err)
		c.ALBSpans = absolute
	}
	c.Programs = maps.Clone(c.Programs)
	for name, path := range c.Programs {
		absolute, err := filepath.Abs(path)
		errs = append(errs, err)
		c.Programs[name] = absolute
		if c.Pipeline != nil && c.Pipeline.Consumer(name) == nil {
			errs = append(errs, fmt.Errorf("a program for %s, which is no consumer of the description", name))
		}
	}
	for name, path := range map[string]*string{"service": &c.Service, "consumer": &c.Consumer} {
		absolute, err := filepath.Abs(*path)
		if *path == "" || err != nil {
			errs = append(errs, fmt.Errorf("no program for the %s", name))
		}
		*path = absolute
	}
	return c, errors.Join(errs...)
}
