package semconv

// Metric names. Durations are histograms in seconds.
const (
	// MetricDwellTime is the time a message lay in its queue: from SQS's
	// SentTimestamp until the consumer was handed the message. Histogram, s.
	MetricDwellTime = "tracehaul.message.dwell_time"

	// MetricEndToEnd is the time from the service's acceptance of an event
	// until its row was committed. Histogram, s.
	MetricEndToEnd = "tracehaul.event.end_to_end_time"

	// MetricBatchSize is the number of messages handed over at once.
	// Histogram, {message}.
	MetricBatchSize = "tracehaul.message.batch_size"

	// MetricOutcomes counts messages by outcome and reason. Counter, {message}.
	MetricOutcomes = "tracehaul.message.outcomes"

	// MetricAccepted counts events that the service accepted: the topic has
	// confirmed them. Counter, {event}.
	MetricAccepted = "tracehaul.event.accepted"

	// MetricRefused counts events that the service refused, by reason. A
	// request that cannot be read counts as one. Counter, {event}.
	MetricRefused = "tracehaul.event.refused"

	// MetricPublishWait is the time that the first event of a PublishBatch
	// waited for the call to begin, no less than the others. Histogram, s.
	MetricPublishWait = "tracehaul.publish.wait_time"

	// MetricPublishBatchSize is the number of messages in one PublishBatch.
	// Histogram, {message}.
	MetricPublishBatchSize = "tracehaul.publish.batch_size"

	// MetricContextDropped counts contexts, or parts of them, that could not
	// travel with a message. Counter, {context}.
	MetricContextDropped = "tracehaul.context.dropped"

	// MetricTelemetryDropped counts spans, data points and log records that
	// were never delivered, by signal and reason. Counter, {item}.
	MetricTelemetryDropped = "tracehaul.telemetry.dropped"
)

// Units in UCUM, as OpenTelemetry writes them.
const (
	UnitSeconds  = "s"
	UnitMessages = "{message}"
	UnitContexts = "{context}"
	UnitItems    = "{item}"
	UnitEvents   = "{event}"
)

// DurationBuckets are the upper bounds, in seconds, of histograms of requests
// and calls. OpenTelemetry's default bounds suit milliseconds: in seconds
// they put every request of 10-29 ms into one bucket. These are the bounds
// that the HTTP conventions advise, with 1 ms and 2.5 ms below and 30 s and
// 60 s above.
func DurationBuckets() []float64 {
	return []float64{.001, .0025, .005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 30, 60}
}

// QueueBuckets are the upper bounds, in seconds, of histograms of times that
// include waiting in a queue: from 5 ms to the 4 days that SQS keeps a message
// by default.
func QueueBuckets() []float64 {
	return []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400, 345600}
}

// BatchBuckets are the upper bounds of histograms of batch sizes: 1 to the
// 10,000 messages that an SQS event source mapping can collect.
func BatchBuckets() []float64 {
	return []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000}
}
