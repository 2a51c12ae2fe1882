package semconv

import "go.opentelemetry.io/otel/attribute"

// BatchItemFailuresKey is, on an invocation's span, how many messages of its
// batch were reported as failed and will come back.
const BatchItemFailuresKey = attribute.Key("tracehaul.batch.item_failures")

// Values of [ReasonKey] in [MetricOutcomes] that awslambda gives by itself;
// handlers add their own.
const (
	ReasonError     = "error"     // the handler returned an error
	ReasonPanic     = "panic"     // the handler panicked
	ReasonDeadline  = "deadline"  // the invocation's time ran out
	ReasonUnsettled = "unsettled" // the handler returned without a word about the message
	ReasonOrder     = "order"     // an earlier message of the same FIFO group failed
)
