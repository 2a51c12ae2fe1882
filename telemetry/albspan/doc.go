// Package albspan makes the load balancer's spans of its access log: one
// SERVER span for each request, those that never reached a target included.
//
// Start from [Recorder]: it starts and ends a span for each [alblog.Entry], with
// a tracer provider whose ids come from [IDs]. [Describe] says what a span
// holds without making one.
//
// # Its place in the trace
//
// The trace id is the header's Root. The span's own id is derived from the id
// that the load balancer gave the request, Self or else Root, by
// [xray.Header.ALBSpanID]. The service calls the same function to name its parent,
// so both have the same id without talking to each other. The parent is the
// header's Parent, if a client sent one with its Root. A Parent without a Root is
// the parent of nothing, and becomes the span's own id. If Root cannot be read,
// both sides take Self. An entry with neither, as of a request that could not be
// read, becomes a trace of its own, with ids derived from the entry. So the same
// log gives the same ids, however often it is read.
//
// # Sampling
//
// The log does not say what the service decided. Both ask the same sampler
// about the same trace id and the same header, so it has to be a sampler that
// decides by nothing else: TraceIDRatioBased, always, never, and ParentBased with
// any of them. With the same OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG on
// both sides, either both have a span or neither.
//
// A client's traceparent is not in the log. Where it wins over Root, the
// service's span is in the client's trace, and the load balancer's span is alone
// in that of Root. The service's span has the header as an attribute and, with
// ALBParent, a link to the load balancer's span. From that one to the service's
// there is no link: search for the attribute.
//
// # Times
//
// The span is from request_creation_time, when the load balancer received the
// request, to time, when it had generated the response or, with WebSockets,
// when the connection was closed. The three processing times are events and
// attributes, not spans: the service's span shows the target's time already, and
// is the child of the load balancer's span, the only one whose id can be derived.
// Three more spans beside it would say nothing more and cost four spans a request.
//
// # What is left off
//
// Queries, fragments and what stands before an @ in a URL are never recorded, of
// the request nor of redirects and transforms. Of schemes only four are, of hosts
// only names, and of the trace header only AWS's own fields, as on the service's
// span.
//
// Of this module it imports telemetry/alblog, telemetry/internal,
// telemetry/semconv and telemetry/xray.
package albspan
