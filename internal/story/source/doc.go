// Package source is where stories come from: one [story.Backend] for each of
// PostgreSQL, Tempo, Jaeger's query API, CloudWatch Logs (log lines, and the
// spans that X-Ray keeps in aws/spans), dead-letter queues, and a pipeline that
// `tracehaul up` runs on this machine.
//
// Every one of them only reads. All but [Letters] leave no mark: to look into a
// queue is to receive from it.
//
// It imports internal/story, internal/trace, deadletter, event, and of telemetry
// package message.
package source
