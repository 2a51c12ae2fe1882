package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/dashboards/probe"
)

type dashboardsQueryCmd struct {
	jsonFlag
	Files          []string `arg:""                                                                                                     help:"Dashboards as JSON."                                                         placeholder:"FILE"`
	PrometheusURL  string   `env:"PROMETHEUS_URL"                                                                                       help:"The Prometheus server that Grafana asks, or what is compatible with it."     placeholder:"URL"`
	TokenFile      string   `help:"A file with a bearer token for the Prometheus server."                                               placeholder:"FILE"`
	DatabaseURL    string   `env:"DATABASE_URL"                                                                                         help:"The database that Grafana asks; SQL runs in transactions that cannot write." placeholder:"URL"`
	Since          moment   `default:"15m"                                                                                              help:"How far back to look: a time (RFC 3339), or how long ago, such as 2h."       placeholder:"TIME"`
	ScrapeInterval duration `default:"15s"                                                                                              help:"The scrape interval that is set in Grafana's data source."                   placeholder:"DURATION"`
	Var            []string `help:"Another value for a variable of the dashboards. Given several times for one variable: all of these." placeholder:"NAME=VALUE"                                                           sep:"none"`
	Timeout        duration `default:"20s"                                                                                              help:"How long one query may take."                                                placeholder:"DURATION"`
}

// Help is shown by --help below the line about the command.
func (dashboardsQueryCmd) Help() string {
	return `Run it after a deploy, against the servers that Grafana itself asks: it fills in the variables as Grafana does, asks every PromQL and SQL query of every panel, and fails if one finds nothing or is refused. A panel that shows nothing on a quiet system, such as one about errors, needs a query that says 0, or a look by a person.

Examples:
  tracehaul dashboards query --prometheus-url http://localhost:9090 \
    orders.json
  tracehaul dashboards query --prometheus-url https://prometheus.example.com \
    --token-file token --since 1h --var env=prod orders.json
  tracehaul dashboards query --database-url "$DATABASE_URL" --json orders.json`
}

func (c dashboardsQueryCmd) Run(ctx context.Context, env environment) error {
	config, err := c.config()
	if err != nil {
		return err
	}
	boards := make([]probe.Dashboard, len(c.Files))
	for i, file := range c.Files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		boards[i] = probe.Dashboard{Name: file, Content: content}
	}
	p := startProgress(env.err, "asking the dashboards' queries")
	results, err := probe.Run(ctx, config, boards...)
	p.done()
	if err != nil {
		return err
	}
	if err := c.print(env, results); err != nil {
		return err
	}
	switch asked, without := probe.Count(results); {
	case asked == 0:
		return errors.New("there is no query to a data source that was given")
	case without > 0:
		return fmt.Errorf("queries without data: %d", without)
	}
	return nil
}

func (c dashboardsQueryCmd) config() (probe.Config, error) {
	config := probe.Config{
		Prometheus: c.PrometheusURL, Postgres: c.DatabaseURL, To: time.Now(), ScrapeInterval: c.ScrapeInterval.Duration, Timeout: c.Timeout.Duration,
	}
	switch {
	case c.PrometheusURL == "" && c.DatabaseURL == "":
		return config, usageError("name the server to ask: --prometheus-url, --database-url or both")
	case !c.Since.Before(config.To.Add(-time.Second)):
		return config, usageError("--since %s: want a time that is over, such as 15m", c.Since.Format(time.RFC3339))
	}
	config.From = c.Since.Time
	for _, v := range c.Var {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return config, usageError("--var %q: want NAME=VALUE", v)
		}
		if config.Variables == nil {
			config.Variables = make(map[string][]string)
		}
		config.Variables[name] = append(config.Variables[name], value)
	}
	if c.TokenFile != "" {
		token, err := os.ReadFile(c.TokenFile)
		if err != nil {
			return config, err
		}
		config.HTTPClient = &http.Client{
			Transport:     bearer{strings.TrimSpace(string(token)), http.DefaultTransport},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the token is for this server
		}
	}
	return config, nil
}

func (c dashboardsQueryCmd) print(env environment, results []probe.Result) error {
	if !c.JSON {
		return probe.Write(env.out, results, false)
	}
	return encodeJSON(env.out, results)
}

// bearer adds a token to requests.
type bearer struct {
	token string
	next  http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}
