package doctor

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
)

// Source and Type mark the events of the doctor: nobody else sends such.
const (
	Source = "/tracehaul/doctor"
	Type   = "com.github.tracehaul.doctor.probe"
)

// Config says what is examined, and by which ways it can be reached.
type Config struct {
	// Alarms are those of the pipeline that is examined. Required.
	Alarms *alarms.Set

	// Local says that it is the one of `tracehaul up`: what it has no like of is
	// left out. Defaults to false.
	Local bool

	// Clients are those of AWS. Default to none: what needs one is left out.
	Clients Clients

	// NoAWS is why AWS cannot be asked, such as credentials that are missing. Then
	// there are no clients, and a finding says so. Defaults to nil.
	NoAWS error

	// TopicARN is the topic. Defaults to that of the description, in the account of
	// the credentials.
	TopicARN string

	// Address is the front door, without a path. Defaults to https and the domain
	// of the description, or to the load balancer's own name without TLS.
	Address string

	// Token is the bearer token that the event is sent with. Defaults to none.
	Token string

	// Source and Type are those of the event, for pipelines that take no others.
	// Default to the constants of those names.
	Source, Type string

	// NoEvent has no event sent: what is deployed is looked at, and nothing else.
	// Defaults to false.
	NoEvent bool

	// DatabaseURL is the database that rows are in. Defaults to none: the row is not
	// looked for.
	DatabaseURL string

	// Clean has the row removed afterwards. Defaults to false.
	Clean bool

	// Traces is where the pipeline's spans are kept. Defaults to nowhere: they are not
	// looked for.
	Traces Traces

	// Grafana is the address of Grafana, and GrafanaToken a token that may read
	// dashboards. Without a token they are not looked at. The address defaults to
	// that of the description, and for a local pipeline to none.
	Grafana, GrafanaToken string

	// Timeout is how long the row is waited for. Defaults to 60 seconds.
	Timeout time.Duration

	// Settle is how long spans are waited for once the row is there. Defaults to 15
	// seconds.
	Settle time.Duration

	// SpanPoll is how often spans are asked for. Defaults to half a second.
	SpanPoll time.Duration

	// Progress hears what is being done or waited for, from one goroutine at a time.
	// Defaults to nobody.
	Progress func(what string)

	// HTTP sends the event, and asks Grafana. Redirects are not followed, whatever
	// it says. Defaults to a client of its own.
	HTTP *http.Client

	// Now is the clock that others are compared with. Defaults to [time.Now].
	Now func() time.Time
}

const (
	defaultTimeout = 60 * time.Second
	defaultSettle  = 15 * time.Second
	rowPoll        = 100 * time.Millisecond
	failedPoll     = time.Second // of a database that does not answer
	defaultPoll    = 500 * time.Millisecond
	callTimeout    = 20 * time.Second // of one check, and of the request
)

// WithDefaults returns c with its unset fields filled in.
func (c Config) WithDefaults() Config {
	if c.Source == "" {
		c.Source = Source
	}
	if c.Type == "" {
		c.Type = Type
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Settle == 0 {
		c.Settle = defaultSettle
	}
	if c.SpanPoll == 0 {
		c.SpanPoll = defaultPoll
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	client := http.Client{}
	if c.HTTP != nil {
		client = *c.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // a token is for nobody else
	c.HTTP = &client
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Alarms != nil && c.Alarms.Pipeline != nil {
		p := c.Alarms.Pipeline
		if c.Address == "" && p.Edge.Domain != "" && !c.Local {
			c.Address = "https://" + p.Edge.Domain
		}
		if c.Grafana == "" && !c.Local {
			c.Grafana = p.Dashboards.GrafanaURL
		}
	}
	c.Address, c.Grafana = strings.TrimSuffix(c.Address, "/"), strings.TrimSuffix(c.Grafana, "/")
	return c
}

// CheckAddress refuses what is no address of a [Config]. "" is one: there is none
// then. What may be a password is not in the error.
func CheckAddress(address string) error {
	u, err := url.Parse(address)
	if address == "" || err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") && u.User == nil && u.RawQuery == "" && u.Fragment == "" {
		return nil
	}
	const want = "want one such as https://orders.example.com, without user or query"
	if strings.ContainsAny(address, "@?#") {
		return errors.New("has a user or a query: " + want)
	}
	return fmt.Errorf("%q: %s", address, want)
}

// Validate reports every setting that cannot be used.
func (c Config) Validate() error {
	var errs []error
	if c.Alarms == nil || c.Alarms.Pipeline == nil {
		errs = append(errs, errors.New("no alarms: want those of the pipeline that is examined"))
	}
	for name, address := range map[string]string{"address": c.Address, "address of Grafana": c.Grafana} {
		if err := CheckAddress(address); err != nil {
			errs = append(errs, fmt.Errorf("%s %w", name, err))
		}
	}
	for name, token := range map[string]string{"token": c.Token, "token of Grafana": c.GrafanaToken} {
		if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			errs = append(errs, fmt.Errorf("%s: want one word of printable ASCII", name))
		}
	}
	for name, d := range map[string]time.Duration{"timeout": c.Timeout, "settle": c.Settle, "span poll": c.SpanPoll} {
		if d < 0 || d > time.Hour {
			errs = append(errs, fmt.Errorf("%s of %s: want at most an hour, and not less than nothing", name, d))
		}
	}
	if c.Clean && c.DatabaseURL == "" && !c.NoEvent {
		errs = append(errs, errors.New("to clean needs the database's URL"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("doctor: %w", err)
	}
	return nil
}
