// Package xray reads and writes the X-Amzn-Trace-Id header: what an
// Application Load Balancer adds to every request, what AWS X-Ray and Lambda
// pass on, and what SQS keeps as the AWSTraceHeader system attribute.
//
// Start from [Propagator] and put it behind the W3C propagators; wrap the
// tracer provider's sampler with [Sampler].
//
//	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(
//		propagation.TraceContext{}, propagation.Baggage{}, xray.Propagator{}))
//	tp := sdktrace.NewTracerProvider(sdktrace.WithSampler(
//		xray.Sampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(0.1)))))
//
// The trap that this package exists for: a load balancer that is first in the
// chain sends Root alone, without a parent and without a sampling decision.
// The trace id must be kept, so that traces and the load balancer's access
// log tell of the same request, AND the decision must stay with the root
// sampler. Made into an ordinary remote parent, its sampled flag would read
// "not sampled" and a ParentBased sampler would drop every such trace.
//
// Of this module it imports telemetry/internal.
// Of others it imports OpenTelemetry alone, with the trace SDK: the sampler is the
// SDK's type.
package xray
