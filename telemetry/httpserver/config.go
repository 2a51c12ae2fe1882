package httpserver

import (
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/xray"
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
	// missing or malformed: not OpenTelemetry's global one, which does nothing
	// until it is set. Give it telemetry's Propagator to follow OTEL_PROPAGATORS
	// and ALBParent.
	Propagator propagation.TextMapPropagator

	// Filter says whether a request is traced and measured at all. A request it
	// refuses reaches the handler untouched: see [ExceptPaths].
	//
	// Defaults to every request.
	Filter func(*http.Request) bool

	// Route gives the route of a request that has been served: a template of
	// low cardinality such as /v1/events/{id}, or nothing when no route matched.
	//
	// Defaults to the path of the [http.ServeMux] pattern that matched. A mux
	// notes it in the request that it is given: behind a handler that passes on
	// another request, such as [http.Request.WithContext]'s, [http.StripPrefix]'s
	// or [http.TimeoutHandler]'s, there is no route to be seen. Wrap the mux
	// itself then, or give a function that asks [http.ServeMux.Handler].
	Route func(*http.Request) string

	// Shed gives the handler of a request that is refused because the server has
	// more to do than it can, and nil for any other request. A refusal takes time
	// from what was accepted, so that such a request is measured as any other and
	// its answer has its trace id, but it has no span: that would cost most of all,
	// and say of thousands what a few can say. Its handler sets the request's
	// Pattern, if Route needs one.
	//
	// Defaults to nil: every request has its span.
	Shed func(*http.Request) http.Handler

	// TrustedProxies is how many proxies in front of the server append to
	// X-Forwarded-For: 1 behind an Application Load Balancer, 2 behind CloudFront
	// and a load balancer. The client's address is then taken that many places
	// from the end of the header, where no client can forge it, and
	// X-Forwarded-Proto gives the scheme.
	//
	// Defaults to 0: the headers are not looked at.
	TrustedProxies int

	// SamplerAttributes gives the tracer provider's sampler the request's method,
	// path and scheme, for samplers that decide by them. It costs allocations that
	// the other samplers need not pay.
	//
	// Defaults to false: attributes are set when the request has been served.
	SamplerAttributes bool

	// KnownMethods are the methods that are recorded by their name; any other is
	// recorded as _OTHER, so that no client can invent metrics.
	//
	// Defaults to those of RFC 9110, PATCH and QUERY.
	KnownMethods []string

	// Lean leaves off what is recommended but of little use to a service that has
	// one name and sits behind one load balancer: server.address, server.port,
	// network.peer.address and network.protocol.version of the spans. A span then
	// has at most eight attributes.
	//
	// Defaults to false.
	Lean bool

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
		c.Propagator = propagation.NewCompositeTextMapPropagator(
			propagation.TraceContext{}, propagation.Baggage{}, xray.Propagator{})
	}
	if c.KnownMethods == nil {
		c.KnownMethods = []string{
			"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE",
		}
	}
	if c.Route == nil {
		c.Route = routeOfPattern
	}
	return c
}

// ExceptPaths returns a Filter that leaves out requests for exactly these
// paths: health checks, which a load balancer sends every few seconds.
func ExceptPaths(paths ...string) func(*http.Request) bool {
	except := make(map[string]struct{}, len(paths))
	for _, path := range paths {
		except[path] = struct{}{}
	}
	return func(r *http.Request) bool {
		_, found := except[r.URL.Path]
		return !found
	}
}
