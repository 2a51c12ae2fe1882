package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/service/bearer"
	"github.com/tracehaul/tracehaul/telemetry/message"
)

// maxEntries is how many messages one PublishBatch takes ("PublishBatch",
// Amazon SNS API Reference).
const maxEntries = 10

// BatchPublisher is the part of the SNS client that the service calls.
// [NewSNS] makes one. One that wraps another may call it several times with
// the same input, also at once: each call gets the trace of its own.
type BatchPublisher interface {
	PublishBatch(ctx context.Context, in *sns.PublishBatchInput, opts ...func(*sns.Options)) (*sns.PublishBatchOutput, error)
}

// Config says what a [Service] does. TopicARN and SNS are required; the other
// fields have good defaults.
type Config struct {
	// TopicARN is the standard SNS topic that events go to. Required.
	TopicARN string

	// SNS publishes to the topic. Required.
	SNS BatchPublisher

	// Source and Type are the CloudEvents attributes of events that come as
	// plain JSON. Without both of them plain JSON is refused. Defaults to
	// none.
	Source, Type string

	// Bearer says which tokens are good: whoever sends events shows one, or is
	// refused before the body is read. The Logger is the service's, unless it
	// is set. [Service.Run] keeps the issuer's keys fresh; a Handler on a server
	// of one's own fetches them when a token needs one. Defaults to none:
	// anybody may send events.
	Bearer *bearer.Config

	// Limits bound one event and one batch. Defaults to the limits' own
	// defaults: 245,760 bytes an event, 100 events a batch.
	Limits event.Limits

	// MaxBodyBytes is the largest body of a request. Defaults to 1 MiB.
	MaxBodyBytes int

	// MaxBufferedBytes bounds what all requests together hold: half of it
	// bodies that are being read, half messages that SNS has not confirmed.
	// Requests beyond either are refused with 503, and with 413 one whose
	// messages alone are more than their half; bodies that are large, or have
	// been under way for two seconds, give way to others first. At least twice
	// MaxBodyBytes, and two more. The process takes some four times as much
	// memory when it is full. Defaults to 64 MiB.
	MaxBufferedBytes int

	// MaxPending bounds the events that SNS has not confirmed. Requests beyond
	// it are refused with 503. Defaults to 4,096.
	MaxPending int

	// MaxConnections bounds the connections that [Service.Run] has open. Whoever
	// comes beyond it waits to be let in, and the log says so. A connection takes
	// a descriptor and some 20 KiB. Defaults to 10,000: more than twice what a
	// load balancer opens for MaxPending events, within the memory of a task of
	// 512 MiB, and below the descriptors that ECS gives it, 65,535.
	MaxConnections int

	// Budget is what the topic takes: attributes of a message, and bytes of a
	// message and of a PublishBatch. Defaults to 10 attributes and 262,144
	// bytes.
	Budget message.Budget

	// ReadTimeout bounds the time to read a request, headers and body.
	// Defaults to 10 seconds.
	ReadTimeout time.Duration

	// IdleTimeout is how long a connection stays open between requests. It
	// must be longer than the load balancer's idle timeout, or a request now
	// and then meets a connection that is just being closed, and becomes a
	// 502. Defaults to 75 seconds; a load balancer's default is 60.
	IdleTimeout time.Duration

	// RequestTimeout bounds the time that a request waits for SNS, from its
	// last byte on. Defaults to 10 seconds.
	RequestTimeout time.Duration

	// PublishTimeout bounds one PublishBatch with all its attempts. Defaults
	// to 8 seconds.
	PublishTimeout time.Duration

	// PublishDelay is how long an event waits at most for others to share its
	// call. It waits only while other calls are on their way and when the
	// event before it came less than PublishDelay ago. Defaults to 5
	// milliseconds.
	PublishDelay time.Duration

	// PublishConcurrency is how many PublishBatch calls are on their way at
	// once. Defaults to 16.
	PublishConcurrency int

	// EntryAttempts is how often an event is sent that SNS refused for a
	// reason of its own, while it took others of the same call. Defaults to 3.
	EntryAttempts int

	// DrainGrace is how long [Service.Run] goes on as before, except that
	// /readyz says no, when it was told to stop: the time that a load balancer
	// takes to notice. Negative means none. Defaults to 5 seconds.
	DrainGrace time.Duration

	// ShutdownTimeout bounds the whole of stopping, DrainGrace included. ECS
	// kills a task 30 seconds after it told it to stop. Defaults to 22
	// seconds, which leaves some for the last telemetry.
	ShutdownTimeout time.Duration

	// TrustedProxies is how many proxies in front of the service append to
	// X-Forwarded-For: 1 behind an Application Load Balancer. Defaults to 0:
	// the header is not looked at.
	TrustedProxies int

	// TracerProvider makes the spans. Defaults to the global one.
	TracerProvider trace.TracerProvider

	// MeterProvider makes the metrics. Defaults to the global one.
	MeterProvider metric.MeterProvider

	// Propagator reads the trace context of requests. Defaults to W3C Trace
	// Context and Baggage, then X-Amzn-Trace-Id.
	Propagator propagation.TextMapPropagator

	// Logger gets a line for every refused request, at a bounded rate.
	// Defaults to slog.Default().
	Logger *slog.Logger

	// Now is the clock of the times that leave the service: accepted-at, and
	// the time of a wrapped event. Defaults to time.Now.
	Now func() time.Time
}

// WithDefaults returns c with its unset fields filled in.
func (c Config) WithDefaults() Config {
	c.Limits = c.Limits.WithDefaults()
	c.MaxBodyBytes = cmp.Or(c.MaxBodyBytes, 1<<20)
	c.MaxBufferedBytes = cmp.Or(c.MaxBufferedBytes, 64<<20)
	c.MaxPending = cmp.Or(c.MaxPending, 4096)
	c.MaxConnections = cmp.Or(c.MaxConnections, 10_000)
	c.Budget.Attributes = cmp.Or(c.Budget.Attributes, 10)
	c.Budget.Bytes = cmp.Or(c.Budget.Bytes, 256<<10)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, 10*time.Second)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, 75*time.Second)
	c.RequestTimeout = cmp.Or(c.RequestTimeout, 10*time.Second)
	c.PublishTimeout = cmp.Or(c.PublishTimeout, 8*time.Second)
	c.PublishDelay = cmp.Or(c.PublishDelay, 5*time.Millisecond)
	c.PublishConcurrency = cmp.Or(c.PublishConcurrency, 16)
	c.EntryAttempts = cmp.Or(c.EntryAttempts, 3)
	c.DrainGrace = max(0, cmp.Or(c.DrainGrace, 5*time.Second))
	c.ShutdownTimeout = cmp.Or(c.ShutdownTimeout, 22*time.Second)
	if c.TracerProvider == nil {
		c.TracerProvider = otel.GetTracerProvider()
	}
	if c.MeterProvider == nil {
		c.MeterProvider = otel.GetMeterProvider()
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Validate reports everything that is wrong with c at once.
func (c Config) Validate() error {
	c = c.WithDefaults()
	var errs []error
	bad := func(field string, value any, want string) {
		errs = append(errs, fmt.Errorf("%s is %v: want %s", field, value, want))
	}
	if err := ValidateTopicARN(c.TopicARN); err != nil {
		errs = append(errs, fmt.Errorf("TopicARN: %w", err))
	}
	if c.SNS == nil {
		bad("SNS", c.SNS, "an SNS client")
	}
	if (c.Source == "") != (c.Type == "") {
		errs = append(errs, errors.New("of Source and Type only one is set: want both or none"))
	} else if err := (event.Defaults{Source: c.Source, Type: c.Type, Limits: c.Limits}).Validate(); err != nil {
		errs = append(errs, fmt.Errorf("in Source and Type: %w", err))
	}
	if c.Bearer != nil {
		if err := c.Bearer.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("in Bearer: %w", err))
		}
	}
	for _, f := range []struct {
		name       string
		value, min int
	}{
		{"MaxBodyBytes", c.MaxBodyBytes, 1},
		{"MaxBufferedBytes", c.MaxBufferedBytes, 2 * (c.MaxBodyBytes + 1)}, // a byte more is read, to see the end
		{"MaxPending", c.MaxPending, c.Limits.MaxBatch},
		{"MaxConnections", c.MaxConnections, 1},
		{"Budget.Attributes", c.Budget.Attributes, ownAttributes},
		{"PublishConcurrency", c.PublishConcurrency, 1},
		{"EntryAttempts", c.EntryAttempts, 1},
	} {
		if f.value < f.min {
			bad(f.name, f.value, fmt.Sprintf("%d or more", f.min))
		}
	}
	for _, f := range []struct {
		name  string
		value time.Duration
	}{
		{"ReadTimeout", c.ReadTimeout},
		{"IdleTimeout", c.IdleTimeout},
		{"RequestTimeout", c.RequestTimeout},
		{"PublishTimeout", c.PublishTimeout},
		{"PublishDelay", c.PublishDelay},
	} {
		if f.value <= 0 {
			bad(f.name, f.value, "more than 0")
		}
	}
	if c.ShutdownTimeout <= c.DrainGrace {
		bad("ShutdownTimeout", c.ShutdownTimeout, "more than DrainGrace, "+c.DrainGrace.String())
	}
	return errors.Join(errs...)
}

// ValidateTopicARN says whether events can be published to a topic: a standard
// one, since a FIFO topic wants a message group, which an event has not.
func ValidateTopicARN(topic string) error {
	a, err := arn.Parse(topic)
	switch {
	case err != nil || a.Service != "sns" || a.Region == "" || a.Resource == "" || strings.Contains(a.Resource, ":"):
		return fmt.Errorf("%q is not the ARN of an SNS topic, such as arn:aws:sns:eu-west-1:123456789012:orders", topic)
	case strings.HasSuffix(a.Resource, ".fifo"):
		return fmt.Errorf("%q is a FIFO topic: want a standard one", topic)
	}
	return nil
}
