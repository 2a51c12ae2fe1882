package awssdk

import (
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/messagingconv"
	"go.opentelemetry.io/otel/semconv/v1.43.0/rpcconv"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

const scope = "github.com/tracehaul/tracehaul/telemetry/awssdk"

// instrumentation is shared by all calls of all clients of a configuration.
type instrumentation struct {
	tracer   trace.Tracer
	injector *message.Injector
	headers  propagation.TextMapPropagator // nil for none

	calls      metric.Float64Histogram // rpc.client.call.duration
	operations metric.Float64Histogram // messaging.client.operation.duration
	sent       metric.Int64Counter     // messaging.client.sent.messages
	consumed   metric.Int64Counter     // messaging.client.consumed.messages

	mu    sync.RWMutex
	known map[target]*operation
}

func newInstrumentation(c Config) *instrumentation {
	if c.TracerProvider == nil {
		c.TracerProvider = otel.GetTracerProvider()
	}
	if c.MeterProvider == nil {
		c.MeterProvider = otel.GetMeterProvider()
	}
	i := &instrumentation{
		tracer: c.TracerProvider.Tracer(scope, trace.WithSchemaURL(otelsemconv.SchemaURL)),
		injector: message.NewInjector(message.Config{
			Propagator: c.Propagator, MeterProvider: c.MeterProvider, Budget: c.Budget, Logger: c.Logger,
		}),
		headers: c.HeaderPropagator,
		known:   make(map[target]*operation),
	}
	meter := c.MeterProvider.Meter(scope, metric.WithSchemaURL(otelsemconv.SchemaURL))
	// Names, units and descriptions are OpenTelemetry's. Its advice on
	// buckets begins at 5 ms, within which most calls of a service to AWS end.
	i.calls = histogram(meter, rpcconv.ClientCallDuration{})
	i.operations = histogram(meter, messagingconv.ClientOperationDuration{})
	i.sent = counter(meter, messagingconv.ClientSentMessages{})
	i.consumed = counter(meter, messagingconv.ClientConsumedMessages{})
	return i
}

type instrument interface {
	Name() string
	Unit() string
	Description() string
}

func histogram(m metric.Meter, i instrument) metric.Float64Histogram {
	h, err := m.Float64Histogram(i.Name(), metric.WithUnit(i.Unit()), metric.WithDescription(i.Description()),
		metric.WithExplicitBucketBoundaries(semconv.DurationBuckets()...))
	if err != nil {
		otel.Handle(err) // the instrument works none the less, as the API promises
	}
	return h
}

func counter(m metric.Meter, i instrument) metric.Int64Counter {
	c, err := m.Int64Counter(i.Name(), metric.WithUnit(i.Unit()), metric.WithDescription(i.Description()))
	if err != nil {
		otel.Handle(err)
	}
	return c
}
