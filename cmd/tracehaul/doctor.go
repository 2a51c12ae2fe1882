package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/alecthomas/kong"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/internal/doctor"
	"github.com/tracehaul/tracehaul/internal/localstate"
	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/story/source"
	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/pipeline"
)

type doctorCmd struct {
	pipelineFlags
	jsonFlag
	Local       *bool    `help:"Whether to examine the pipeline that tracehaul up keeps running. Defaults to whether one of the description runs, if neither -e nor --url is given." negatable:""`
	URL         string   `help:"Where clients send events, without a path. Defaults to the domain of the description, or the load balancer's name."                                  name:"url"                                                                                   placeholder:"URL"`
	DatabaseURL string   `env:"DATABASE_URL"                                                                                                                                         help:"The database of the rows."                                                             placeholder:"URL"`
	GrafanaURL  string   `env:"GRAFANA_URL"                                                                                                                                          help:"Grafana, if it is another one than the description's."                                 placeholder:"URL"`
	Topic       string   `help:"ARN of the topic. Defaults to the description's in the account of the credentials."                                                                  placeholder:"ARN"`
	Source      string   `help:"Source of the event. Defaults to /tracehaul/doctor."                                                                                                 placeholder:"SOURCE"`
	Type        string   `help:"Type of the event. Defaults to com.github.tracehaul.doctor.probe."                                                                                   placeholder:"TYPE"`
	NoEvent     bool     `help:"Send no event: look at what is deployed, and nothing else."`
	Clean       bool     `help:"Remove the row of the event afterwards."`
	TempoURL    string   `env:"TRACEHAUL_TEMPO_URL"                                                                                                                                  help:"Tempo. Without it, and with GRAFANA_TOKEN, the description's Grafana is asked for it." placeholder:"URL"`
	TempoTenant string   `env:"TRACEHAUL_TEMPO_TENANT"                                                                                                                               help:"The tenant of Tempo (X-Scope-OrgID)."                                                  placeholder:"ID"`
	JaegerURL   string   `env:"TRACEHAUL_JAEGER_URL"                                                                                                                                 help:"Jaeger's query API, or another's that is like it."                                     placeholder:"URL"`
	Timeout     duration `default:"60s"                                                                                                                                              help:"How long to wait for the row."                                                         placeholder:"DURATION"`
	Settle      duration `help:"How long to wait for spans once the row is there. Defaults to 15s, and to 90s where they come from CloudWatch."                                      placeholder:"DURATION"`
	Quiet       bool     `help:"Show what is not well, and nothing else."`
}

// Help is shown by --help below the line about the command.
func (doctorCmd) Help() string {
	return "It sends one marked event through the front door and follows it to its row: how long each hop took, and where its trace was lost. " +
		"Meanwhile what is deployed is held against the description: subscriptions, queues, functions, sampling, the load balancer, alarms and who hears of them, log groups, dashboards. " +
		"Apart from the event, nothing is changed. What cannot be reached, or may not be looked at, is named, and everything else is looked at.\n\n" +
		"Credentials come from the standard AWS_* variables, the bearer token of the event from " + bearerTokenVariable + ", the token of Grafana from " + grafanaTokenVariable + ". " +
		"By the event's source, /tracehaul/doctor, others can leave it out. docs/doctor.md has all checks, and the IAM policy." + `

Examples:
  tracehaul doctor
  tracehaul doctor -e prod --no-event
  TRACEHAUL_TOKEN="$TOKEN" tracehaul doctor -e prod --clean
  tracehaul doctor -e prod --json | jq '.findings[].verdict'`
}

// Validate refuses addresses before anybody is asked.
func (c doctorCmd) Validate() error {
	var errs []error
	for _, f := range []struct{ flag, address string }{{"--url", c.URL}, {"--grafana-url or GRAFANA_URL", c.GrafanaURL}} {
		if err := doctor.CheckAddress(f.address); err != nil {
			errs = append(errs, fmt.Errorf("%s %w", f.flag, err))
		}
	}
	return errors.Join(errs...)
}

func (c doctorCmd) Run(ctx context.Context, env environment, command *kong.Context) error {
	p, err := c.load()
	if err != nil {
		return err
	}
	set, err := alarms.For(p)
	if err != nil {
		return err
	}
	config := doctor.Config{
		Alarms: set, TopicARN: c.Topic, Address: c.URL, Token: env.getenv(bearerTokenVariable), Source: c.Source, Type: c.Type, NoEvent: c.NoEvent,
		DatabaseURL: c.DatabaseURL, Clean: c.Clean, Grafana: c.GrafanaURL, GrafanaToken: env.getenv(grafanaTokenVariable), Timeout: c.Timeout.Duration, Settle: c.Settle.Duration,
	}
	local, err := c.running(env, p)
	if err != nil {
		return err
	}
	if local != nil {
		c.reachLocal(env, p, local, func(flag string) bool { return isGiven(command, flag) }, &config)
	}
	if err := config.Validate(); err != nil {
		return usageError("%w", err)
	}
	if local == nil {
		if err := c.reachAWS(ctx, env, p, &config); err != nil {
			return err
		}
	}
	return c.examine(ctx, env, config)
}

func (c doctorCmd) examine(ctx context.Context, env environment, config doctor.Config) error {
	show := startProgress(env.err, "examine "+config.Alarms.Pipeline.Prefix())
	config.Progress = show.rename
	report, err := doctor.Examine(ctx, config)
	show.done()
	if err != nil {
		if report != nil {
			abandoned(env.err, report)
		}
		return err
	}
	return c.print(env, report)
}

// reachAWS fills in how a pipeline in AWS is reached. Without credentials that it
// takes, or without a way there, the event can be sent all the same, and not every
// check has to find that out.
func (c doctorCmd) reachAWS(ctx context.Context, env environment, p *pipeline.Pipeline, config *doctor.Config) error {
	account, err := loadAWS(ctx, p.Region, 3)
	if err != nil {
		return err
	}
	show := startProgress(env.err, "ask AWS whose account this is")
	defer show.done()
	ctx, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()
	clients := doctor.NewClients(account)
	if _, err := account.Credentials.Retrieve(ctx); err != nil {
		config.NoAWS = noCredentials(err)
	} else if c.Topic == "" { // whose account it is has to be known then
		_, config.NoAWS = clients.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	}
	if config.NoAWS != nil {
		c.spans(env, p, nil, config)
		return nil
	}
	config.Clients = clients
	c.spans(env, p, &account, config)
	return nil
}

// cloudWatchPause is how often aws/spans is searched, which costs by the bytes that
// are read, and cloudWatchSettle how long its spans may take to come.
const (
	cloudWatchPause  = 10 * time.Second
	cloudWatchSettle = 90 * time.Second
)

// spans fills in who keeps them: those that tracehaul trace asks. The account is nil
// if nobody may ask it.
func (c doctorCmd) spans(env environment, p *pipeline.Pipeline, account *aws.Config, config *doctor.Config) {
	since := moment{time.Now().Add(-time.Minute)}
	var found story.Config
	traceCmd{traceSources: traceSources{TempoURL: c.TempoURL, TempoTenant: c.TempoTenant, JaegerURL: c.JaegerURL}, Since: since}.addTraces(env, &found, p)
	if len(found.Backends) == 0 && account != nil && p.Telemetry.Export == "cloudwatch" {
		found.Backends = append(found.Backends, source.Spans{Client: cloudwatchlogs.NewFromConfig(*account), Since: since.Time})
		config.SpanPoll = cloudWatchPause
		if config.Settle == 0 {
			config.Settle = cloudWatchSettle
		}
	}
	if len(found.Backends) > 0 {
		config.Traces = doctor.Backends(found.Backends)
	}
}

// running is the local pipeline that is meant, or nil for the one in AWS.
func (c doctorCmd) running(env environment, p *pipeline.Pipeline) (*localstate.State, error) {
	asked := c.Local != nil && *c.Local
	if c.Local != nil && !*c.Local || !asked && (c.Environment != "" || c.URL != "") {
		return nil, nil //nolint:nilnil // the one in AWS
	}
	dir, err := localstate.Dir(env.getenv)
	if err != nil && !asked {
		return nil, nil //nolint:nilnil // no place to find one
	}
	if err != nil {
		return nil, err
	}
	if s, err := localstate.Named(dir, p.Prefix()); s != nil || err != nil {
		return s, err
	}
	if asked {
		return nil, notRunning(p)
	}
	if !c.NoEvent { // an up that has ended is no reason to send one to production
		return nil, usageError("no pipeline %s runs on this machine: want --no-local or -e NAME for the one in AWS, which gets an event, or tracehaul up first", p.Prefix())
	}
	fmt.Fprintf(env.err, "No pipeline %s runs on this machine: the one in AWS is examined. tracehaul up starts a local one.\n", p.Prefix())
	return nil, nil //nolint:nilnil // the one in AWS
}

// notRunning is for who asked for a pipeline on this machine.
func notRunning(p *pipeline.Pipeline) error {
	return fmt.Errorf("no pipeline %s runs on this machine: start one with tracehaul up", p.Prefix())
}

// reachLocal takes the addresses of a pipeline on this machine. What the flags say
// wins; what variables say is of another one.
func (c doctorCmd) reachLocal(env environment, p *pipeline.Pipeline, s *localstate.State, given func(flag string) bool, config *doctor.Config) {
	config.Local = true
	if config.Address == "" {
		config.Address = s.ALB
	}
	if config.TopicARN == "" {
		config.TopicARN = s.TopicARN
	}
	if !given("database-url") {
		config.DatabaseURL = s.DatabaseURL
	}
	if !given("grafana-url") {
		config.Grafana = ""
	}
	if given("tempo-url") || given("jaeger-url") {
		if !given("tempo-url") {
			c.TempoURL = ""
		}
		if !given("jaeger-url") {
			c.JaegerURL = ""
		}
		c.spans(env, p, nil, config)
	} else if s.Web != "" {
		config.Traces = doctor.Backends{source.Local{HTTP: source.HTTP{URL: s.Web}}}
	}
	config.Clients = doctor.Clients{
		SNS: sns.New(sns.Options{Region: p.Region, BaseEndpoint: aws.String(s.SNS), Credentials: nobody}),
		SQS: newLocalSQS(s, p.Region),
	}
}

// abandoned tells of an event that was sent before somebody interrupted.
func abandoned(w io.Writer, r *doctor.Report) {
	e := r.Event
	fmt.Fprintf(w, "An event was sent: %s %s, which %s shows.\n", trace.Printable(e.Source), e.ID, r.TraceCommand())
	if e.Left != "" {
		fmt.Fprintf(w, "Left behind: %s.\n  %s\n", e.Left, trace.Printable(e.Remove))
	}
}

func (c doctorCmd) print(env environment, r *doctor.Report) error {
	var err error
	if c.JSON {
		err = encodeJSON(env.out, r)
	} else {
		err = r.WriteText(env.out, doctor.Style{Colour: showsColour(env.out), Width: columnsOf(env.out), Quiet: c.Quiet})
	}
	if err != nil {
		return err
	}
	switch {
	case r.OK+r.Warnings+r.Faults == 0:
		return fmt.Errorf("nothing of %s could be looked at", r.Pipeline)
	case r.Worst() == doctor.Fault:
		return codedError{fmt.Errorf("%s is not healthy", r.Pipeline), exitFault}
	case r.Worst() != doctor.OK:
		return codedError{fmt.Errorf("%s is not known to be healthy", r.Pipeline), exitWarning}
	}
	return nil
}
