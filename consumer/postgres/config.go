package postgres

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tracehaul/tracehaul/telemetry/pgxtrace"
)

// Auth is how to authenticate.
type Auth string

// The ways to authenticate.
const (
	// AuthURL takes user and password from the URL.
	AuthURL Auth = "url"
	// AuthIAM makes a token for every new connection; tokens live 15 minutes.
	// (Amazon Aurora User Guide, "IAM database authentication".)
	AuthIAM Auth = "iam"
	// AuthSecret reads user and password from AWS Secrets Manager, as a JSON
	// object with username and password. It is read anew a minute later, or
	// when the database refuses the password, so that rotation needs no
	// restart.
	AuthSecret Auth = "secret"
)

// Config says how to reach the database: URL, or Host and what goes with it.
type Config struct {
	// URL is a connection URL or keyword/value string as libpq takes it. If it
	// names no sslmode, verify-full is used. Parameters of pgxpool, such as
	// pool_max_conn_lifetime, may be among its own.
	//
	// Defaults to none.
	URL string

	// Host is where the database listens: for Aurora the cluster's endpoint.
	// A connection to it is always encrypted and verified.
	//
	// Defaults to none.
	Host string

	// Port is the database's port, with Host.
	//
	// Defaults to 5432.
	Port int

	// Name is the database's name, with Host.
	//
	// Defaults to the user's name.
	Name string

	// User is who connects, with Host. A secret that names a user wins.
	//
	// Defaults to the secret's.
	User string

	// Auth is how to authenticate: AuthIAM or AuthSecret with Host, any with
	// URL.
	//
	// Defaults to AuthURL with URL, and to AuthIAM with Host.
	Auth Auth

	// SecretARN is the ARN or name of the secret, with AuthSecret.
	//
	// Defaults to none.
	SecretARN string

	// AWS reaches AWS: credentials and region for AuthIAM, Secrets Manager for
	// AuthSecret.
	AWS aws.Config

	// RootCAFile is a PEM file with the authorities that may have signed the
	// server's certificate. Those of RDS and Aurora are in no operating
	// system: AWS publishes them as global-bundle.pem. ("Using SSL/TLS to
	// encrypt a connection to a DB cluster".)
	//
	// Defaults to the system's authorities, or the URL's sslrootcert.
	RootCAFile string

	// ApplicationName tells the connections apart in pg_stat_activity.
	//
	// Defaults to "tracehaul-consumer", or the URL's application_name.
	ApplicationName string

	// MaxConns is how many connections there are at most: one for each batch
	// that is written at the same time.
	//
	// Defaults to 2, or the URL's pool_max_conns. Lambda has a process work on
	// one batch at a time.
	MaxConns int

	// ConnectTimeout bounds the making of a connection.
	//
	// Defaults to 5 s, or the URL's connect_timeout.
	ConnectTimeout time.Duration

	// Trace says how the database is traced.
	//
	// Defaults to OpenTelemetry's global providers.
	Trace pgxtrace.Config
}

// WithDefaults returns c with its unset fields filled in.
func (c Config) WithDefaults() Config {
	if c.Auth == "" {
		c.Auth = AuthURL
		if c.URL == "" {
			c.Auth = AuthIAM
		}
	}
	c.Port = cmp.Or(c.Port, 5432)
	c.ApplicationName = cmp.Or(c.ApplicationName, "tracehaul-consumer")
	c.MaxConns = cmp.Or(c.MaxConns, 2)
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, 5*time.Second)
	return c
}

// Validate reports everything that is missing or cannot be.
func (c Config) Validate() error {
	var errs []error
	for _, p := range c.WithDefaults().problems() {
		errs = append(errs, p.of(p.field))
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("postgres: configuration: %w", errors.Join(errs...))
}

// problem is what is wrong with a field of Config. The value is empty if the
// field is, or if it may hold a secret.
type problem struct{ field, value, want string }

// of words the problem for somebody who knows the field by name.
func (p problem) of(name string) error {
	if p.value == "" {
		return fmt.Errorf("%s: want %s", name, p.want)
	}
	return fmt.Errorf("%s=%q: want %s", name, p.value, p.want)
}

// problems checks a configuration that has its defaults.
func (c Config) problems() (found []problem) {
	add := func(field, value, want string) { found = append(found, problem{field, value, want}) }
	if !slices.Contains([]Auth{AuthURL, AuthIAM, AuthSecret}, c.Auth) {
		add("Auth", string(c.Auth), "url, iam or secret")
	}
	switch {
	case c.URL != "" && c.Host != "":
		add("Host", c.Host, "a host or a URL, not both")
	case c.URL != "":
		if cfg, err := parseURL(c.URL); err != nil {
			add("URL", "", err.Error())
		} else if c.Auth == AuthIAM && cfg.ConnConfig.TLSConfig == nil {
			add("URL", "", "TLS: the password is a token that whoever sees it can use")
		}
	case c.Host == "":
		add("URL", "", "a connection URL, or a host")
	case c.Auth == AuthURL:
		add("Auth", string(c.Auth), "iam or secret where there is no URL")
	case c.Auth == AuthIAM && c.User == "":
		add("User", "", "the user that a token is made for")
	}
	if c.Port < 1 || c.Port > 65535 {
		add("Port", strconv.Itoa(c.Port), "1 to 65535")
	}
	if c.Auth == AuthSecret && c.SecretARN == "" {
		add("SecretARN", "", "the ARN or name of the secret")
	}
	if c.Auth != AuthSecret && c.SecretARN != "" {
		add("SecretARN", c.SecretARN, "none, unless a secret is used to authenticate")
	}
	if c.RootCAFile != "" {
		if _, err := os.Stat(c.RootCAFile); err != nil {
			add("RootCAFile", c.RootCAFile, "a PEM file that can be read")
		}
	}
	if c.MaxConns < 0 {
		add("MaxConns", strconv.Itoa(c.MaxConns), "1 or more")
	}
	if c.ConnectTimeout < 0 {
		add("ConnectTimeout", c.ConnectTimeout.String(), "more than 0")
	}
	return found
}
