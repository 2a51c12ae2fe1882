package awslambda

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Config says how invocations are traced. The zero value works; set Flush, or
// what a frozen sandbox holds back arrives late or never.
type Config struct {
	// TracerProvider makes the spans.
	//
	// Defaults to OpenTelemetry's global one.
	TracerProvider trace.TracerProvider

	// MeterProvider makes the instruments.
	//
	// Defaults to OpenTelemetry's global one.
	MeterProvider metric.MeterProvider

	// Flush sends what telemetry is held back: telemetry's FlushInvocation, or the
	// ForceFlush of other providers. It is called at the end of every invocation,
	// before Lambda freezes the process, and is to return when its context ends.
	//
	// Defaults to none.
	Flush func(context.Context) error

	// Shutdown sends what Flush left, such as metrics that were not due: the
	// Shutdown of telemetry or of other providers. It is called by Start when
	// Lambda shuts the sandbox down with SIGTERM, and has 400 ms before SIGKILL.
	//
	// Defaults to Flush.
	Shutdown func(context.Context) error

	// FlushTimeout bounds one call of Flush or Shutdown. A flush never goes beyond
	// the invocation's deadline either.
	//
	// Defaults to 2 s.
	FlushTimeout time.Duration

	// DeadlineMargin is how long before Lambda's deadline the context of a batch
	// ends, so that there is time left to report the unfinished messages and to
	// flush. It is never more than half of the time an invocation has.
	//
	// Defaults to 1 s.
	DeadlineMargin time.Duration

	// NoWaitSpan makes no `wait <queue>` spans. The time in the queue is measured
	// all the same.
	//
	// Defaults to false.
	NoWaitSpan bool

	// XRayParent makes the span in the invocation's X-Ray header the parent of the
	// invocation span. Set it where X-Ray's active tracing is on and its traces end
	// up in the same backend. Sampled=1 is a decision; with Sampled=0, which Lambda
	// writes without one, the provider's root sampler decides, if it is in
	// xray.Sampler: see "Providers of your own".
	//
	// Defaults to false: a link.
	XRayParent bool

	// Parent returns ctx with what an event of Wrap carries of a trace, which the
	// invocation then continues, be it a trace id alone as in a load balancer's
	// Root: for a function behind an HTTP API, what a propagator extracts from the
	// event's [Headers]. A batch has a parent for each message, without asking.
	//
	// Defaults to none: an invocation is its own trace.
	Parent func(ctx context.Context, event any) context.Context

	// FunctionName names the invocation spans.
	//
	// Defaults to the name that Lambda runs it under.
	FunctionName string

	// QueueName names the queue in spans and metrics, from its ARN.
	//
	// Defaults to the last part of the ARN.
	QueueName func(arn string) string

	// Logger takes semconv.LogBatchSettled for each batch, at level info, and what
	// goes wrong in the wrapper and in handlers: panics, cut off batches, failed
	// flushes.
	//
	// Defaults to [slog.Default].
	Logger *slog.Logger

	// Now is the clock.
	//
	// Defaults to [time.Now].
	Now func() time.Time
}

// WithDefaults returns c with its unset fields filled in.
func (c Config) WithDefaults() Config {
	if c.TracerProvider == nil {
		c.TracerProvider = otel.GetTracerProvider()
	}
	if c.MeterProvider == nil {
		c.MeterProvider = otel.GetMeterProvider()
	}
	if c.FunctionName == "" {
		c.FunctionName = lambdacontext.FunctionName
	}
	if c.QueueName == nil {
		c.QueueName = queueName
	}
	if c.Shutdown == nil {
		c.Shutdown = c.Flush
	}
	if c.FlushTimeout <= 0 {
		c.FlushTimeout = 2 * time.Second
	}
	if c.DeadlineMargin <= 0 {
		c.DeadlineMargin = time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
