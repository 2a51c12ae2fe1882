package semconv

// Messages of log lines (msg) that CloudWatch's metric filters and Logs
// Insights queries look for. All but [LogContextDropped] and
// [LogTelemetryDropped], which are warnings, are written at level info.
const (
	// LogBatchSettled is written once for each invocation that had messages,
	// when each of them has an outcome. It has the keys [LogKeyMessages],
	// [LogKeyWritten], [LogKeyDuplicates], [LogKeyFailed] and
	// [LogKeyDeadLettered]: numbers, each there even if 0. The last four add up
	// to the first.
	LogBatchSettled = "batch settled"

	// LogEventsStored is written once for each batch from which new events
	// were stored. It has the keys [LogKeyStored], [LogKeyLate] and
	// [LogKeySlowestMillis].
	LogEventsStored = "events stored"

	// LogContextDropped tells that a trace context, or a part of it, found no
	// room in a message. It has the keys [LogKeyPart], [LogKeyReason] and
	// [LogKeyContexts].
	LogContextDropped = "context dropped"

	// LogTelemetryDropped tells that spans, data points or log records were
	// never delivered. It has the keys [LogKeySignal], [LogKeyReason] and
	// [LogKeyItems].
	LogTelemetryDropped = "telemetry dropped"

	// LogHeartbeat tells that a heartbeat of the alarm path has come through a
	// topic. It has the key [LogKeyTopic].
	LogHeartbeat = "heartbeat"

	// LogAccessLogRead is written once for each file of the load balancer's
	// access log that was read to its end, and whose spans were taken. It has
	// the keys [LogKeySpans], [LogKeyUnsampled], [LogKeyBad] and
	// [LogKeyFaulty]: numbers, each there even if 0. The first three add up to
	// the file's lines.
	LogAccessLogRead = "access log read"
)

// Keys of the lines above.
const (
	LogKeyMessages     = "messages"
	LogKeyWritten      = "written"
	LogKeyDuplicates   = "duplicates"
	LogKeyFailed       = "failed"        // batch item failures: SQS redelivers them
	LogKeyDeadLettered = "dead_lettered" // sent to the dead-letter queue by the consumer itself

	LogKeyStored        = "stored"     // new rows committed
	LogKeyLate          = "late"       // of those, later than the freshness objective after their acceptance
	LogKeySlowestMillis = "slowest_ms" // the longest time from acceptance to the commit

	LogKeyPart     = "part"     // one of the ContextPart values
	LogKeyReason   = "reason"   // a short, fixed word
	LogKeyContexts = "contexts" // how many, this line's own and those whose line was left out
	LogKeySignal   = "signal"   // one of the Signal values
	LogKeyItems    = "items"    // how many were dropped since the last such line

	LogKeyTopic = "topic" // the severity that the topic is for

	LogKeySpans     = "spans"       // lines that became a span
	LogKeyUnsampled = "not_sampled" // lines whose trace is not sampled
	LogKeyBad       = "bad"         // lines that could not be read
	LogKeyFaulty    = "faulty"      // lines that could be read in part, each a span or not sampled as well
)
