package probe

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
)

// Limits on what is asked, so that files and servers of any kind cost a bounded
// time.
const (
	MaxDashboardBytes = 5 << 20
	MaxQueries        = 2000 // of one call
	MaxRepetitions    = 50   // of a panel
	MaxValues         = 1000 // of a variable
	MaxRows           = 100_000
)

// Config says whom to ask and about which time.
type Config struct {
	// Prometheus is the base URL of a server with Prometheus's HTTP API, to
	// which /api/v1/query and so on are added. It may hold user and password.
	// Defaults to "": PromQL is skipped.
	Prometheus string

	// Postgres is the URL of the database. Defaults to "": SQL is skipped.
	Postgres string

	// HTTPClient asks the Prometheus server. Defaults to one of its own.
	HTTPClient *http.Client

	// From and To are the time that dashboards show. To defaults to now, From
	// to 15 minutes before To.
	From, To time.Time

	// Step is the distance between two points. Defaults to what Grafana would
	// choose for the time, a panel's settings and ScrapeInterval.
	Step time.Duration

	// ScrapeInterval is what is set in Grafana's data source: how often there
	// is a new sample. Defaults to 15 seconds, as there.
	ScrapeInterval time.Duration

	// Variables replace the values that variables of dashboards have. Each
	// must be known to one of the dashboards. Defaults to none.
	Variables map[string][]string

	// Timeout bounds one query. Defaults to 20 seconds.
	Timeout time.Duration

	// Concurrency is how many queries are asked at once. Defaults to 4.
	Concurrency int

	// MaxAnswerBytes bounds one answer. Defaults to 32 MiB.
	MaxAnswerBytes int64
}

// WithDefaults fills in every field that has a default.
func (c Config) WithDefaults() Config {
	if c.HTTPClient == nil {
		c.HTTPClient = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()} //nolint:forcetypeassert // it is one
	}
	if c.To.IsZero() {
		c.To = time.Now()
	}
	if c.From.IsZero() {
		c.From = c.To.Add(-15 * time.Minute)
	}
	setDefault(&c.ScrapeInterval, 15*time.Second)
	setDefault(&c.Timeout, 20*time.Second)
	setDefault(&c.Concurrency, 4)
	setDefault(&c.MaxAnswerBytes, 32<<20)
	return c
}

// Validate reports every setting that cannot be used. It shows no URL: that may
// hold a password.
func (c Config) Validate() error {
	c = c.WithDefaults()
	var errs []error
	if c.Prometheus != "" {
		u, err := url.Parse(c.Prometheus)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			errs = append(errs, errors.New("the Prometheus server: want a URL such as http://localhost:9090"))
		}
	}
	if c.Postgres != "" {
		if _, err := pgx.ParseConfig(c.Postgres); err != nil {
			errs = append(errs, errors.New("PostgreSQL: want a URL such as postgres://user@localhost/orders"))
		}
	}
	if !c.From.Before(c.To) {
		errs = append(errs, fmt.Errorf("the time from %s to %s: want the end after the beginning", c.From.Format(time.RFC3339), c.To.Format(time.RFC3339)))
	}
	for name, d := range map[string]time.Duration{"step": c.Step, "scrape interval": c.ScrapeInterval, "timeout": c.Timeout} {
		if d < 0 || d > 0 && d < time.Millisecond {
			errs = append(errs, fmt.Errorf("%s %v: want a millisecond or more", name, d))
		}
	}
	if c.Concurrency < 0 || c.MaxAnswerBytes < 0 {
		errs = append(errs, fmt.Errorf("concurrency %d, answer bytes %d: want more than 0", c.Concurrency, c.MaxAnswerBytes))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("probe: configuration: %w", err)
	}
	return nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
