package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/internal/localstate"
	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/story/source"
	"github.com/tracehaul/tracehaul/pipeline"
)

// traceSources say who is asked.
type traceSources struct {
	DatabaseURL  string `env:"DATABASE_URL"                                help:"The database with the table events."                                                   placeholder:"URL"`
	TempoURL     string `env:"TRACEHAUL_TEMPO_URL"                         help:"Tempo. Without it, and with GRAFANA_TOKEN, the description's Grafana is asked for it." placeholder:"URL"`
	TempoTenant  string `env:"TRACEHAUL_TEMPO_TENANT"                      help:"The tenant of Tempo (X-Scope-OrgID)."                                                  placeholder:"ID"`
	JaegerURL    string `env:"TRACEHAUL_JAEGER_URL"                        help:"Jaeger's query API, or another's that is like it."                                     placeholder:"URL"`
	LogsEndpoint string `env:"AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"            help:"The address of CloudWatch Logs, if it is not AWS's."                                   placeholder:"URL"`
	SQSEndpoint  string `env:"AWS_ENDPOINT_URL_SQS"                        help:"The address of SQS, if it is not AWS's."                                               placeholder:"URL"`
	Local        bool   `default:"true"                                    help:"Ask pipelines that tracehaul up keeps running on this machine."                        negatable:""`
	AWS          bool   `help:"Ask AWS, too, where a local pipeline runs." name:"aws"                                                                                   xor:"aws"`
	NoAWS        bool   `help:"Do not ask AWS."                            name:"no-aws"                                                                                xor:"aws"`
}

// config finds everybody who can be asked. databaseGiven says that the database's
// URL is a flag's, and not a variable's.
func (c traceCmd) config(ctx context.Context, env environment, databaseGiven bool) (story.Config, error) {
	given, as, err := c.given()
	if err != nil {
		return story.Config{}, err
	}
	config := story.Config{Given: given, Source: c.Source, As: as, Timeout: c.Timeout.Duration}
	p, err := c.described()
	switch {
	case err != nil:
		return story.Config{}, err
	case p == nil:
		config.Skipped = append(config.Skipped, "the pipeline: there is no "+c.File+"; say -f FILE, and -e NAME")
	default:
		config.Expect = expected(p, false)
	}
	local := c.addLocal(env, &config, p)
	c.addDatabase(&config, local, databaseGiven)
	c.addTraces(env, &config, p)
	if p != nil {
		err = c.addAWS(ctx, &config, p, local)
	}
	if err == nil && len(config.Backends) == 0 {
		err = usageError("there is nobody to ask: %s", strings.Join(config.Skipped, "; "))
	}
	return config, err
}

// described is the pipeline, or nil if no description is there and none is asked
// for.
func (c traceCmd) described() (*pipeline.Pipeline, error) {
	if _, err := os.Stat(c.File); errors.Is(err, fs.ErrNotExist) && c.Environment == "" {
		return nil, nil //nolint:nilnil // it can do without
	}
	return c.load()
}

// addLocal adds the pipeline that runs on this machine, unless an environment is
// named: the description's or, without a description, the one started last.
// What several of them have in common is no one event.
func (c traceCmd) addLocal(env environment, config *story.Config, p *pipeline.Pipeline) (found bool) {
	if !c.Local || c.Environment != "" {
		return false
	}
	skip := func(format string, values ...any) bool {
		config.Skipped = append(config.Skipped, "a local pipeline: "+fmt.Sprintf(format, values...))
		return false
	}
	dir, err := localstate.Dir(env.getenv)
	if err != nil {
		return skip("%s", err)
	}
	running, err := localstate.Find(dir)
	if err != nil {
		return skip("%s", err)
	}
	var others []string
	for i := range running {
		s := &running[i]
		if found || p != nil && s.Prefix != p.Prefix() {
			others = append(others, s.Prefix+" at "+s.Web)
			continue
		}
		found = true
		config.Backends = append(config.Backends,
			source.Local{HTTP: source.HTTP{URL: s.Web}, Body: c.Body},
			source.Postgres{URL: s.DatabaseURL, Body: c.Body, Since: c.Since.Time})
		if of := describedBy(s); of != nil {
			config.Expect = expected(of, true)
		}
	}
	switch {
	case len(others) > 0:
		skip("%s runs, too, and is another one; -f FILE says which is asked", strings.Join(others, ", "))
	case !found:
		skip("none runs; tracehaul up starts one")
	}
	return found
}

// describedBy is the description of a pipeline that runs, in its environment, or
// nil if that is no longer there.
func describedBy(s *localstate.State) *pipeline.Pipeline {
	all, err := pipeline.LoadAll(s.File)
	if err != nil {
		return nil
	}
	i := slices.IndexFunc(all, func(p *pipeline.Pipeline) bool { return p.Prefix() == s.Prefix })
	if i < 0 {
		return nil
	}
	return all[i]
}

// addDatabase adds the one that is given. A pipeline on this machine has its own,
// and what a variable says is of another one.
func (c traceCmd) addDatabase(config *story.Config, local, given bool) {
	switch {
	case c.DatabaseURL != "" && local && !given:
		config.Skipped = append(config.Skipped, "PostgreSQL: a local pipeline runs, and DATABASE_URL is of another one; --database-url asks it, too")
	case c.DatabaseURL != "":
		config.Backends = append(config.Backends, source.Postgres{URL: c.DatabaseURL, Body: c.Body, Since: c.Since.Time})
	case !local:
		config.Skipped = append(config.Skipped, "PostgreSQL: say --database-url or DATABASE_URL")
	}
}

// addTraces adds those that keep spans.
func (c traceCmd) addTraces(env environment, config *story.Config, p *pipeline.Pipeline) {
	switch grafana := env.getenv(grafanaTokenVariable); {
	case c.TempoURL != "":
		h := authorization(env.getenv(tempoTokenVariable))
		if c.TempoTenant != "" {
			h.Set("X-Scope-OrgID", c.TempoTenant)
		}
		config.Backends = append(config.Backends, source.Tempo{HTTP: source.HTTP{URL: c.TempoURL, Header: h}, Since: c.Since.Time})
	case p != nil && grafana != "" && p.Dashboards.GrafanaURL != "" && p.Dashboards.TempoUID != "":
		address := strings.TrimSuffix(p.Dashboards.GrafanaURL, "/") + "/api/datasources/proxy/uid/" + p.Dashboards.TempoUID
		config.Backends = append(config.Backends, source.Tempo{HTTP: source.HTTP{URL: address, Header: authorization(grafana)}, Since: c.Since.Time})
	default:
		config.Skipped = append(config.Skipped, "Tempo: say --tempo-url or TRACEHAUL_TEMPO_URL, or set GRAFANA_TOKEN for the one behind Grafana")
	}
	if c.JaegerURL == "" {
		config.Skipped = append(config.Skipped, "Jaeger: say --jaeger-url or TRACEHAUL_JAEGER_URL")
		return
	}
	j := source.Jaeger{HTTP: source.HTTP{URL: c.JaegerURL, Header: authorization(env.getenv(jaegerTokenVariable))}, Since: c.Since.Time}
	if p != nil {
		j.Services = append(j.Services, p.TelemetryName(p.Service.Name))
		for i := range p.Consumers {
			j.Services = append(j.Services, p.Consumers[i].TelemetryName())
		}
	}
	config.Backends = append(config.Backends, j)
}

func authorization(token string) http.Header {
	h := http.Header{}
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	return h
}

// addAWS adds CloudWatch's spans and lines, and the queues of dead letters. A
// local pipeline is not AWS's.
func (c traceCmd) addAWS(ctx context.Context, config *story.Config, p *pipeline.Pipeline, local bool) error {
	switch {
	case c.NoAWS:
		config.Skipped = append(config.Skipped, "AWS: left out by --no-aws")
		return nil
	case local && !c.AWS:
		config.Skipped = append(config.Skipped, "AWS: a local pipeline runs; say --aws, or -e NAME")
		return nil
	}
	settings, err := loadAWS(ctx, p.Region, 3)
	if err != nil {
		return err
	}
	logs, client := newLogs(settings, c.LogsEndpoint), newSQS(settings, c.SQSEndpoint)
	config.Backends = append(config.Backends,
		source.Spans{Client: logs, Since: c.Since.Time},
		source.Logs{Client: logs, Groups: logGroups(p), Since: c.Since.Time})
	if c.DeadLetters == 0 {
		config.Skipped = append(config.Skipped, "dead letters: left out by --dead-letters 0")
		return nil
	}
	for i := range p.Consumers {
		of := &p.Consumers[i]
		config.Backends = append(config.Backends,
			source.Letters{Client: client, Queue: of.DLQName(), Body: c.Body, Limit: c.DeadLetters},
			source.Letters{Client: client, Queue: of.UndeliveredName(), Undelivered: true, Body: c.Body, Limit: c.DeadLetters})
	}
	return nil
}

// logGroups are those of what an event passes.
func logGroups(p *pipeline.Pipeline) []string {
	groups := []string{pipeline.LogGroupName(pipeline.KindService, p.ServiceName())}
	for i := range p.Consumers {
		groups = append(groups, pipeline.LogGroupName(pipeline.KindFunction, p.Consumers[i].FunctionName()))
	}
	return groups
}

// expected is what a pipeline does with every event. On this machine only the
// reference consumer runs, and every trace is kept.
func expected(p *pipeline.Pipeline, here bool) story.Expect {
	e := story.Expect{Pipeline: p.Prefix(), Service: p.TelemetryName(p.Service.Name), MaxReceives: map[string]int{}, ALBSpans: p.Edge.ALBSpans, SamplePercent: p.Telemetry.SamplePercent}
	if here {
		e.SamplePercent = 100
	}
	var rows []string
	for i := range p.Consumers {
		c := &p.Consumers[i]
		e.MaxReceives[c.QueueName()] = c.MaxReceiveCount
		if c.Sink == "postgres" {
			rows = append(rows, c.QueueName())
		}
		if len(c.FilterPolicy) == 0 && (!here || c.Sink == "postgres") {
			e.Queues = append(e.Queues, c.QueueName())
		}
	}
	if len(rows) == 1 {
		e.RowQueue = rows[0]
	}
	return e
}
