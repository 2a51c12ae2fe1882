package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/internal/setting"
	"github.com/tracehaul/tracehaul/service"
	"github.com/tracehaul/tracehaul/service/bearer"
	"github.com/tracehaul/tracehaul/telemetry"
)

// settings are what the environment says.
type settings struct {
	address   string
	region    string // of the topic
	service   service.Config
	telemetry telemetry.Config
}

const (
	defaultAddress = ":8080"

	// largestBody is what service.Config.MaxBufferedBytes has room for, which no
	// variable sets.
	largestBody = 32<<20 - 1
)

// variables are those that the service reads itself, in the order of usage.
var variables = []setting.Variable[settings]{
	{Name: "LISTEN_ADDRESS", Fallback: defaultAddress, Help: "address to listen on", Set: func(s *settings, v string) error {
		s.address = v
		return checkAddress(v)
	}},
	{Name: "TOPIC_ARN", Help: "SNS topic that events go to; required", Set: func(s *settings, v string) error {
		s.service.TopicARN = v
		if err := service.ValidateTopicARN(v); err != nil {
			return errors.New("the ARN of a standard SNS topic, such as arn:aws:sns:eu-west-1:123456789012:orders")
		}
		a, _ := arn.Parse(v)
		s.region = a.Region
		return nil
	}},
	{Name: "EVENT_SOURCE", Help: "source of events that come as plain JSON; with EVENT_TYPE", Set: func(s *settings, v string) error {
		s.service.Source = v
		if err := (event.Defaults{Source: v, Type: "t"}).Validate(); err != nil {
			return errors.New("a URI-reference, such as https://shop.example/web")
		}
		return nil
	}},
	{Name: "EVENT_TYPE", Help: "type of events that come as plain JSON; with EVENT_SOURCE", Set: func(s *settings, v string) error {
		s.service.Type = v
		if err := (event.Defaults{Source: "/", Type: v}).Validate(); err != nil {
			return errors.New("the type of an event, such as com.example.order.placed")
		}
		return nil
	}},
	{Name: "MAX_BODY_BYTES", Fallback: "1048576", Help: "largest body of a request", Set: func(s *settings, v string) error {
		return number(&s.service.MaxBodyBytes, v, 1, largestBody)
	}},
	{Name: "MAX_BATCH_EVENTS", Fallback: "100", Help: "most events in one request", Set: func(s *settings, v string) error {
		return number(&s.service.Limits.MaxBatch, v, 1, 4096)
	}},
	{Name: "TRUSTED_PROXIES", Fallback: "1", Help: "proxies in front that append to X-Forwarded-For", Set: func(s *settings, v string) error {
		return number(&s.service.TrustedProxies, v, 0, 16)
	}},
	{Name: "ALB_SPANS", Fallback: "false", Help: "whether something makes spans of the load balancer's access log, to hang requests under", Set: func(s *settings, v string) (err error) {
		s.telemetry.ALBParent, err = setting.Bool(v)
		return err
	}},
	{Name: "PUBLISH_DELAY", Fallback: "5ms", Help: "longest wait of an event for others to share its call of SNS", Set: func(s *settings, v string) (err error) {
		s.service.PublishDelay, err = setting.Duration(v, "5ms")
		return err
	}},
	{Name: "DRAIN_GRACE", Fallback: "5s", Help: "time between not being ready and taking no more connections", Set: func(s *settings, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d < 0 {
			return errors.New("a duration, such as 5s, or 0s")
		}
		if s.service.DrainGrace = d; d == 0 {
			s.service.DrainGrace = -1
		}
		return nil
	}},
	{Name: "SHUTDOWN_TIMEOUT", Fallback: "22s", Help: "time to stop in, DRAIN_GRACE included; ECS kills after 30s", Set: func(s *settings, v string) (err error) {
		s.service.ShutdownTimeout, err = setting.Duration(v, "22s")
		return err
	}},
	setting.LogLevel(func(s *settings, level slog.Level) { s.telemetry.LogLevel = level }),
	{Name: "AUTH_ISSUER", Help: "who issues the tokens that clients show; without it anybody may send events", Set: auth(
		"an https URL, such as https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI",
		func(c *bearer.Config, v string) { c.Issuer = v })},
	{Name: "AUTH_SCOPES", Help: "scopes that a token must have, all of them", Set: auth(
		"scopes, such as events/write", func(c *bearer.Config, v string) { c.Scopes = list(v) })},
	{Name: "AUTH_CLIENT_IDS", Help: "clients that may come; without it any client of the issuer", Set: auth(
		"ids of clients", func(c *bearer.Config, v string) { c.ClientIDs = list(v) })},
	{Name: "AUTH_AUDIENCE", Help: "names of this service, of which a token must have one: as aud, or before the slash of a scope of Cognito's", Set: auth(
		"names such as https://orders.example.com", func(c *bearer.Config, v string) { c.Audience = list(v) })},
	{Name: "AUTH_ALGORITHMS", Help: "algorithms that tokens may be signed with; defaults to RS256", Set: auth(
		"some of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512", func(c *bearer.Config, v string) { c.Algorithms = list(v) })},
	{Name: "AUTH_JWKS_URL", Help: "where the issuer's keys are; defaults to AUTH_ISSUER/.well-known/jwks.json", Set: auth(
		"an https URL", func(c *bearer.Config, v string) { c.JWKSURL = v })},
	{Name: "AUTH_JWKS", Help: "the issuer's keys themselves, as JSON, where no network leads to them", Set: func(s *settings, v string) error {
		if s.service.Bearer == nil {
			s.service.Bearer = &bearer.Config{}
		}
		s.service.Bearer.JWKS = v // see checkAuth: an error would repeat the value, which may be a private key by mistake
		return nil
	}},
}

// settingsFrom reads the environment. The error names every variable that is
// wrong, its value and what would be right.
func settingsFrom(getenv func(string) string) (settings, error) {
	var s settings
	var errs []error
	telemetryConfig, err := telemetry.ConfigFromEnv(getenv)
	if err != nil {
		errs = append(errs, err)
	}
	s.telemetry = telemetryConfig
	if err := setting.Read(&s, variables, getenv); err != nil {
		errs = append(errs, err)
	}
	if s.service.TopicARN == "" {
		errs = append(errs, errors.New("TOPIC_ARN is not set: want the ARN of the SNS topic that events go to"))
	}
	if (s.service.Source == "") != (s.service.Type == "") {
		errs = append(errs, errors.New("of EVENT_SOURCE and EVENT_TYPE only one is set: want both or none"))
	}
	errs = append(errs, checkAuth(s.service.Bearer))
	if c := s.service.WithDefaults(); c.ShutdownTimeout <= c.DrainGrace {
		errs = append(errs, fmt.Errorf("SHUTDOWN_TIMEOUT=%q: want more than DRAIN_GRACE, %q", c.ShutdownTimeout, c.DrainGrace))
	}
	return s, errors.Join(errs...)
}

func number(to *int, v string, from, upTo int64) error {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < from || n > upTo {
		return fmt.Errorf("a number from %d to %d", from, upTo)
	}
	*to = int(n)
	return nil
}

func checkAddress(v string) error {
	_, port, err := net.SplitHostPort(v)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return errors.New("an address to listen on, such as :8080 or 127.0.0.1:8080")
	}
	return nil
}

// usage lists commands and variables.
func usage() string {
	var b strings.Builder
	b.WriteString(`usage: service [serve | healthcheck | version | help]

Environment:
`)
	setting.List(&b, variables)
	b.WriteString(`
AWS_* are the AWS SDK's own variables, OTEL_* those of OpenTelemetry. GOGC
and GOMEMLIMIT are Go's; they default to 400 here, and to three quarters of
what the container may take, or 384MiB where it has no limit.
`)
	return b.String()
}
