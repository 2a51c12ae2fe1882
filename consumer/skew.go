package consumer

import (
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// skewUnsaid is by how much clocks may differ before a span tells.
const skewUnsaid = time.Second

// markSkew says on a message's span that the clock here is behind that of the
// service or of the queue: then the span seems to begin before what it hangs
// from. A clock that is ahead looks like a long wait; nobody can tell here.
func markSkew(m *awslambda.Message, acceptedAt time.Time) {
	before := acceptedAt
	if m.SentAt.After(before) {
		before = m.SentAt
	}
	if skew := before.Sub(m.HandedOver); skew > skewUnsaid {
		trace.SpanFromContext(m.Context()).SetAttributes(semconv.ClockSkewKey.Float64(float64(skew) / float64(time.Millisecond)))
	}
}
