package alarms

import (
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// next are the queries and commands that somebody wants after the alarm's own
// query: two or three, by its runbook. What asks about a consumer is about the
// alarm's, or else the first that writes to the database.
func (b *builder) next(a *Alarm) []snippet.Snippet {
	var list []snippet.Snippet
	switch {
	case strings.HasPrefix(a.Runbook, "database"):
		list = b.nextOfDatabase(a.Runbook, &b.pipeline.Consumers[b.firstSink()])
	case b.consumer != nil:
		list = b.nextOfConsumer(a.Runbook, b.consumer)
	default:
		list = b.nextOfPipeline(a)
	}
	return slices.DeleteFunc(list, func(s snippet.Snippet) bool { return !b.canAsk(s) })
}

// canAsk reports whether there is something that answers: rows in the described
// database. A query of spans that nobody keeps, or makes, is empty.
func (b *builder) canAsk(s snippet.Snippet) bool {
	if s.Language == snippet.SQL {
		return b.pipeline.HasDatabase() && (b.consumer == nil || b.consumer.Sink == "postgres")
	}
	return s.Text != ""
}

// nextOfPipeline are those of alarms about what every pipeline has once.
func (b *builder) nextOfPipeline(a *Alarm) []snippet.Snippet {
	s := b.snippets
	service, spans := s.Service(), s.ALBSpans()
	switch a.Runbook {
	case "availability.md", "target-5xx.md", "edge.md":
		return []snippet.Snippet{service.Traces, s.FailingRequests(), s.Trace()}
	case "elb-5xx.md", "no-healthy-hosts.md":
		return []snippet.Snippet{s.Unreached(), s.ServiceEvents(), s.StoppedTasks()}
	case "latency.md", "latency-p99.md":
		return []snippet.Snippet{s.SlowRequests(), s.SlowPublishes(), s.Trace()}
	case "client-4xx.md":
		return []snippet.Snippet{s.RefusedRequests(), s.Trace()}
	case "waf-blocked.md":
		return []snippet.Snippet{s.BlockedRequests(), s.RowsBySource()}
	case "rejected-connections.md":
		return []snippet.Snippet{s.RowsBySource(), s.SlowRequests()} // nobody logs who was turned away
	case "request-volume.md":
		return []snippet.Snippet{s.RowsBySource(), s.LatestRows()}
	case "certificate.md":
		return []snippet.Snippet{s.Certificate()}
	case "spans-lost.md":
		return []snippet.Snippet{spans.Files, spans.Ended, s.GivenUpFiles()}
	case "access-log-unread.md":
		return []snippet.Snippet{spans.BadLines, s.FaultyLines()}
	case "service.md", "running-tasks.md", "tasks-missing.md", "service-silent.md", "service-cpu.md", "service-memory.md":
		return []snippet.Snippet{s.ServiceEvents(), s.StoppedTasks(), service.Versions}
	case "contexts-dropped.md":
		return []snippet.Snippet{s.LargestRows()}
	case "telemetry-dropped.md":
		if a.Hop == signal.HopEdge {
			return []snippet.Snippet{spans.BackEnd}
		}
		return []snippet.Snippet{service.BackEnd}
	case "topic.md", "sns-delivery-failures.md", "sns-events-lost.md":
		return b.undelivered() // the service's own publishes have worked
	case "heartbeat.md", "heartbeat-missing.md", "notifier-undelivered.md", "notifier-errors.md":
		return []snippet.Snippet{s.AlarmsThatAreOn(), s.UntoldAlarms()}
	case "rollback.md":
		return []snippet.Snippet{service.Versions, service.Traces, s.Trace()}
	}
	return nil
}

// nextOfConsumer are those of alarms about one consumer.
func (b *builder) nextOfConsumer(runbook string, c *pipeline.Consumer) []snippet.Snippet {
	s, logs := b.snippets, b.snippets.Consumer(c)
	switch runbook {
	case "consumer.md", "item-failures.md":
		return []snippet.Snippet{logs.Batches, s.FailingMessages(c), s.Trace()}
	case "consumer-errors.md":
		return []snippet.Snippet{logs.Ended, logs.Reports, s.AliasVersion(c)}
	case "queue.md", "queue-age.md", "queue-depth.md", "throttles.md", "concurrency.md":
		return []snippet.Snippet{logs.Batches, s.EventSource(c), s.LatestRows()}
	case "duration.md":
		return []snippet.Snippet{logs.Reports, s.SlowStatements(c), s.Trace()}
	case "dlq-arrivals.md", "dlq-depth.md":
		return []snippet.Snippet{s.Letters(c), s.ShowLetters(c), s.RowOfTrace()}
	case "undelivered.md":
		return []snippet.Snippet{s.Undelivered(c), s.RowOfTrace()}
	case "freshness.md":
		return []snippet.Snippet{s.LateRows(), s.LongWaits(c), s.Trace()}
	case "telemetry-dropped.md":
		return []snippet.Snippet{logs.BackEnd}
	case "rollback.md":
		return []snippet.Snippet{logs.Versions, logs.Traces, s.Trace()}
	}
	return nil
}

func (b *builder) nextOfDatabase(runbook string, c *pipeline.Consumer) []snippet.Snippet {
	s := b.snippets
	switch runbook {
	case "database-connections.md":
		return []snippet.Snippet{s.Connections(), s.Sessions()}
	case "database-deadlocks.md":
		return []snippet.Snippet{s.Deadlocks(), s.Sessions()}
	case "database-transaction-ids.md":
		return []snippet.Snippet{s.TransactionIDs(), s.OldTransactions()}
	case "database-silent.md":
		return []snippet.Snippet{s.Database(), s.LatestRows()}
	}
	return []snippet.Snippet{s.Sessions(), s.SlowStatements(c), s.LatestRows()}
}

// undelivered asks what SNS could not put into the queues.
func (b *builder) undelivered() []snippet.Snippet {
	var list []snippet.Snippet
	for i := range b.pipeline.Consumers {
		list = append(list, b.snippets.Undelivered(&b.pipeline.Consumers[i]))
	}
	return list
}
