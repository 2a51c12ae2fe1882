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

// Messages of log lines that only Logs Insights queries look for: a person
// reads them, nothing counts them.
const (
	// LogRefused is a request that the service answered with 4xx (level info)
	// or 5xx (warn, or error if somebody has to do something); lines beyond a
	// few a second are left out, and counted in the next.
	LogRefused = "refused"

	// LogBatchFailed is a batch whose messages will come again, with the cause.
	LogBatchFailed = "batch failed, its messages will come again"

	// LogTelemetryUndelivered is a request of the exporter that the back end
	// did not take, and LogTelemetryUnflushed an invocation that had to end
	// before its telemetry was out.
	LogTelemetryUndelivered = "telemetry was not delivered"
	LogTelemetryUnflushed   = "telemetry was not flushed"

	// LogOTelError is what OpenTelemetry's own error handler was told.
	LogOTelError = "OpenTelemetry reports an error"

	// LogAccessLogUnread is a file of the load balancer's access log that was
	// not read to its end, and LogAccessLogBadLine a line in one that is not as
	// AWS documents it.
	LogAccessLogUnread  = "access log not read to its end"
	LogAccessLogBadLine = "bad line in access log"
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
