package semconv

import "go.opentelemetry.io/otel/attribute"

// Attribute keys of spans, metrics and log records.
const (
	// AmznTraceIDKey is what is AWS's of the X-Amzn-Trace-Id header that
	// reached the service or the function, or that is in the access log, and
	// nothing else that a client put there: see xray.Known. It joins a span to
	// the line in the load balancer's access log even when traceparent won, and
	// is left off where nothing of AWS's is in the header.
	AmznTraceIDKey = attribute.Key("tracehaul.amzn_trace_id")

	// ContextSourceKey says where a message's parent context was found: one
	// of the ContextSource values.
	ContextSourceKey = attribute.Key("tracehaul.context.source")

	// ContextPartKey is the part of a context that was dropped: one of the
	// ContextPart values.
	ContextPartKey = attribute.Key("tracehaul.context.part")

	// ReasonKey is why something was dropped, failed or refused: a short,
	// fixed word, never an error's text.
	ReasonKey = attribute.Key("tracehaul.reason")

	// OutcomeKey is what became of a message: one of the Outcome values.
	OutcomeKey = attribute.Key("tracehaul.outcome")

	// SignalKey is a telemetry signal: traces, metrics or logs.
	SignalKey = attribute.Key("tracehaul.signal")

	// ClockClampedKey is true on a span whose start or end was moved so that
	// times do not run backwards between machines whose clocks differ.
	ClockClampedKey = attribute.Key("tracehaul.clock.clamped")

	// ClockSkewKey is by how many milliseconds a clamped time was moved, and on
	// the span that processes a message by how many the consumer's clock is
	// behind the clocks of those that accepted and queued it.
	ClockSkewKey = attribute.Key("tracehaul.clock.skew_ms")

	// ReceiveCountKey is SQS's ApproximateReceiveCount: 1 at the first
	// delivery.
	ReceiveCountKey = attribute.Key("tracehaul.message.receive_count")

	// MessageShapeKey is how a message from SNS lay in the queue: one of the
	// MessageShape values.
	MessageShapeKey = attribute.Key("tracehaul.message.shape")

	// SNSMessageIDKey is SNS's id of a message that came through an SNS
	// envelope. With raw delivery SNS does not pass it on.
	SNSMessageIDKey = attribute.Key("tracehaul.sns.message_id")

	// AttemptsKey is how many attempts an AWS SDK call took, the first
	// included.
	AttemptsKey = attribute.Key("tracehaul.aws.attempts")
)

// Values of [ContextSourceKey].
const (
	ContextSourceTraceparent   = "traceparent"
	ContextSourceXRayAttribute = "xray_attribute"   // X-Amzn-Trace-Id among the message attributes
	ContextSourceXRay          = "aws_trace_header" // SQS's system attribute
	ContextSourceNone          = "none"
)

// Values of [ContextPartKey].
const (
	ContextPartBaggage    = "baggage"
	ContextPartTracestate = "tracestate"
	ContextPartContext    = "context"
)

// Values of [ReasonKey] in [MetricContextDropped].
const (
	ReasonAttributeLimit   = "attribute_limit"   // no attribute was left in the message
	ReasonSizeLimit        = "size_limit"        // no bytes were left in the message or its batch
	ReasonMessageStructure = "message_structure" // SNS passes no attributes on with MessageStructure json
	ReasonUnsupportedText  = "unsupported_text"  // the value has characters that messages cannot hold

	// ReasonMalformedTraceparent: the caller has set a traceparent that nobody can
	// read. It is left as it is.
	ReasonMalformedTraceparent = "malformed_traceparent"
	ReasonMalformedTraceHeader = "malformed_trace_header" // the same of an X-Amzn-Trace-Id
)

// Values of [OutcomeKey].
const (
	OutcomeWritten      = "written"       // a new row was committed
	OutcomeDuplicate    = "duplicate"     // the row was already there
	OutcomeFailed       = "failed"        // reported as a batch item failure; SQS redelivers
	OutcomeDeadLettered = "dead_lettered" // sent to the dead-letter queue, then acknowledged
)

// Values of [ReasonKey] in [MetricOutcomes] that consumers give, beside
// [ReasonDeadline]. The first two are reasons to dead-letter, the others to
// fail.
const (
	ReasonMalformed        = "malformed"          // the message holds no event
	ReasonRefused          = "refused"            // the sink can never take the event
	ReasonSinkUnavailable  = "sink_unavailable"   // the sink was away, busy or in conflict: it passes
	ReasonSinkError        = "sink_error"         // the sink failed in another way: look at it
	ReasonDeadLetterFailed = "dead_letter_failed" // the dead-letter queue did not take the message
)

// Values of [MessageShapeKey].
const (
	MessageShapeRaw      = "raw"
	MessageShapeEnvelope = "sns_envelope"
)

// Values of [SignalKey].
const (
	SignalTraces  = "traces"
	SignalMetrics = "metrics"
	SignalLogs    = "logs"
)

// Values of [ReasonKey] in [MetricTelemetryDropped].
const (
	DropQueueFull   = "queue_full"      // more was made than could be sent
	DropTimeout     = "timeout"         // the collector did not answer in time
	DropConnection  = "connection"      // the collector could not be reached, or the connection broke
	DropUnavailable = "unavailable"     // the collector kept asking for a retry
	DropRefused     = "refused"         // the collector refused the request for good
	DropRejected    = "partial_success" // the collector took the request but not these items
	DropGarbled     = "garbled"         // the collector's answer was not OTLP
	DropTooLarge    = "too_large"       // a single item is larger than a request may be
	DropCredentials = "credentials"     // the request could not be signed
	DropShutdown    = "shutdown"        // the program ended first
)
