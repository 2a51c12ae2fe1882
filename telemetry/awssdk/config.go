package awssdk

import (
	"log/slog"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
)

// Config configures [Instrument]. The zero value is ready for use.
type Config struct {
	// TracerProvider makes the spans. Defaults to the global one.
	TracerProvider trace.TracerProvider
	// MeterProvider makes the metrics. Defaults to the global one.
	MeterProvider metric.MeterProvider
	// Propagator writes the context of a message into its attributes.
	// Defaults to W3C Trace Context and Baggage, which is what
	// message.FromLambda and message.FromSQS read.
	Propagator propagation.TextMapPropagator
	// Budget is what a message may take up with its context. Defaults to the
	// limits of SNS and SQS: 10 attributes and 262,144 bytes.
	Budget message.Budget
	// HeaderPropagator writes the context of a call into its HTTP headers.
	// AWS understands X-Amzn-Trace-Id alone, and passes it on where one
	// service calls another, as Step Functions does: set [xray.Propagator]
	// to have such services in the trace. Defaults to none.
	HeaderPropagator propagation.TextMapPropagator
	// Logger gets semconv.LogContextDropped for contexts that found no room in
	// their messages, at most a few lines a second. Defaults to [slog.Default].
	Logger *slog.Logger
}

// Instrument adds spans and metrics to every client that is made from cfg
// afterwards. Clients that exist already are not touched, and a second call
// changes nothing.
//
// Requests that are only signed (presigned URLs) make no call and no span.
func Instrument(cfg *aws.Config, c Config) {
	i := newInstrumentation(c)
	// cfg may share its slice with copies of it.
	cfg.APIOptions = append(slices.Clip(cfg.APIOptions), i.addTo)
}

// addTo adds a call to the stack, which the SDK makes anew for every
// operation.
func (i *instrumentation) addTo(stack *middleware.Stack) error {
	first, retries := stack.Initialize, stack.Finalize //nolint:misspell // smithy's
	if _, ok := first.Get(callID); ok {
		return nil
	}
	c := &call{instrumentation: i, stack: stack}
	// Outermost: what validates and serialises the input must see the copy
	// that holds the context.
	if err := first.Add(c, middleware.Before); err != nil {
		return err
	}
	// Behind the retry loop: once for each attempt. A stack without retries
	// is none that makes a call.
	_ = retries.Insert((*attempt)(c), retryID, middleware.After)
	return nil
}
