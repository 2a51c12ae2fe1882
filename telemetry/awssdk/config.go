package awssdk

import (
	"github.com/aws/aws-sdk-go-v2/aws"
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
	// Defaults to W3C Trace Context and Baggage.
	Propagator propagation.TextMapPropagator
	// Budget is what a message may take up with its context. Defaults to the
	// limits of SNS and SQS: 10 attributes and 262,144 bytes.
	Budget message.Budget
}

// Instrument adds spans and metrics to every client made from cfg afterwards.
// Clients that exist already are not touched. Give message.WithEntries to a
// PublishBatch or SendMessageBatch whose entries belong to different traces.
func Instrument(cfg *aws.Config, c Config) {}
