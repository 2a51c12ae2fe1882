package httpserver

import (
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Config says how requests are traced. The zero value is a good one.
type Config struct {
	// TracerProvider makes the spans.
	//
	// Defaults to OpenTelemetry's global one.
	TracerProvider trace.TracerProvider

	// MeterProvider makes the instruments.
	//
	// Defaults to OpenTelemetry's global one.
	MeterProvider metric.MeterProvider

	// Propagator reads a request's context from its headers.
	//
	// Defaults to W3C trace context, W3C baggage and then the X-Amzn-Trace-Id
	// header of [xray.Propagator], which counts only where traceparent is
	// missing or malformed.
	Propagator propagation.TextMapPropagator

	// Filter says whether a request is traced and measured at all. A request it
	// refuses reaches the handler untouched.
	//
	// Defaults to every request.
	Filter func(*http.Request) bool

	// Route gives the route of a request that has been served: a template of
	// low cardinality such as /v1/events/{id}, or nothing when no route matched.
	//
	// Defaults to the path of the [http.ServeMux] pattern that matched.
	Route func(*http.Request) string

	// TrustedProxies is how many proxies in front of the server append to
	// X-Forwarded-For: 1 behind an Application Load Balancer, 2 behind CloudFront
	// and one. The client's address is then taken that many places from the end of
	// the header, where no client can forge it; and X-Forwarded-Proto gives the
	// scheme.
	//
	// Defaults to 0: the headers are not looked at.
	TrustedProxies int

	// NoTraceResponse keeps the traceresponse header off the answer.
	//
	// Defaults to false.
	NoTraceResponse bool
}

// WithDefaults returns c with its unset fields filled in.
func (c Config) WithDefaults() Config {
	if c.TracerProvider == nil {
		c.TracerProvider = otel.GetTracerProvider()
	}
	if c.MeterProvider == nil {
		c.MeterProvider = otel.GetMeterProvider()
	}
	if c.Propagator == nil {
		c.Propagator = propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
	}
	return c
}
