// Package albspan makes the load balancer's spans of its access log: one
// SERVER span for each request, those that never reached a target included.
//
// Start from [Recorder]: it starts and ends a span for each [alblog.Entry], with
// a tracer provider whose ids come from [IDs]. [Describe] says what a span
// holds without making one.
//
// # Its place in the trace
//
// The trace id is the header's Root. The span's own id is derived from what the
// load balancer gave the request, Self or else Root, by [xray.Header.ALBSpanID],
// which the service calls as well to name its parent: the two agree without
// having met. The parent is the header's Parent, if a client sent one with its
// Root. A Parent without a Root is nobody's, and becomes the span's own id. A
// Root that cannot be read gives way to Self, on both sides. An entry with
// neither, as of a request that could not be read, becomes a trace of its own;
// its ids are derived from the entry. So the same log gives the same ids,
// however often it is read.
//
// # Sampling
//
// The log does not say what the service decided. Both ask the same sampler
// about the same trace id and the same header, so it has to be one that goes by
// these: TraceIDRatioBased, always, never, and ParentBased with any of them.
// With the same OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG on both sides
// there is a span on the one side if there is one on the other.
//
// A client's traceparent is not in the log. Where it wins over Root, the
// service's span is in the client's trace, and the load balancer's span, alone,
// in that of Root. The service's span has the header as an attribute and, with
// ALBParent, a link to this one. From here there is no way back but to search
// for the attribute.
//
// # Times
//
// The span is from request_creation_time, when the load balancer received the
// request, to time, when it had generated the response or, with WebSockets,
// when the connection was closed. The three processing times are events and
// attributes, not spans: the service's span shows the target's time already,
// and hangs under the load balancer's span itself, whose id is the one that can
// be derived. Three more bars next to it would hide that line and make four
// spans of each; three marks on the upper bar show where the time went before,
// and after, the lower one.
//
// # What is left off
//
// Queries, fragments and what stands before an @ never leave the log, neither
// those of the request nor of redirects and transforms. Neither do schemes but
// four, hosts that are no names, and of the trace header the fields that are
// not AWS's. The service keeps the same of its header.
//
// Of this module it imports telemetry/alblog, telemetry/internal,
// telemetry/semconv and telemetry/xray.
package albspan
