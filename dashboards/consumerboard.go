package dashboards

import (
	"github.com/tracehaul/tracehaul/internal/figure"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// consumerRows show, for each consumer, its queues, its function and its
// messages.
func (b *builder) consumerRows() []Row {
	var rows []Row
	for i := range b.signals.Consumers {
		c := &b.signals.Consumers[i]
		rows = append(rows, b.queuesRow(c), b.invocationsRow(c), b.messagesRow(c), b.consumerLogs(c))
	}
	return rows
}

func (b *builder) queuesRow(c *signal.Consumer) Row {
	consumer := selector(c.Name)
	return Row{Title: c.Name + ": queues", Panels: []Panel{
		{
			Key: c.Name + "-age", Title: "Age of the oldest message",
			Description: "How long the oldest message has waited. Good is about the batch window. What grows without end is not worked on: are there invocations, do they fail?",
			Queries:     b.watch(c.Name+"-queue-age", "oldest"), Alarms: b.known(c.Name+"-queue", c.Name+"-queue-explained"),
		},
		{
			Key: c.Name + "-depth", Title: "Messages waiting",
			Description: "Messages that wait, the highest number of 5 minutes. Good is few, and falling after a burst. Beyond the line the consumer is too small for what comes in.",
			Queries:     b.watch(c.Name+"-queue-depth", "waiting"),
		},
		{
			Key: c.Name + "-flow", Title: "Messages in, out and in flight", Unit: "short",
			Description: "Messages of a minute that came in and that were done, and how many are in flight: worked on, or hidden until the next try. Good is as many out as in. SQS has room for about 120,000 in flight.",
			Queries:     list(Metric(c.Sent, "in").Every(minute), Metric(c.Deleted, "out").Every(minute), Metric(c.InFlight, "in flight").Every(minute)),
		},
		{
			Key: c.Name + "-dwell", Title: "Time in the queue", Unit: "s",
			Description: "How long messages waited until they were handed over; diamonds are traces. Good is about the batch window. p99 far above p50: messages that failed and came again.",
			Queries: list(PromQL(dwellTime.quantile(0.5, consumer), "p50"), PromQL(dwellTime.quantile(0.9, consumer), "p90"),
				PromQL(dwellTime.quantile(0.99, consumer), "p99").Exemplars()),
		},
		{
			Key: c.Name + "-dead-letters", Title: "Dead letters",
			Description: "Messages that were given up. Good is none. Each is an event without a row: its attributes say why. Redrive when the cause is gone.",
			Queries:     b.watch(c.Name+"-dlq-depth", "dead letters"),
		},
		{
			Key: c.Name + "-dead-letter-arrivals", Title: "Dead letters that came in",
			Description: "How many dead letters came in within 5 minutes. Good is none. Many at once are not one bad message but a consumer that fails.",
			Queries:     b.watch(c.Name+"-dlq-arrivals", "came in"),
		},
		{
			Key: c.Name + "-dead-letter-age", Title: "Age of the oldest dead letter",
			Description: "How long the oldest dead letter has been there. They are lost when their retention of " + figure.Time(b.pipeline.Consumer(c.Name).DLQRetention) + " ends. Good is none, or less than a working day.",
			Queries:     list(Metric(c.DLQAge, "oldest")),
		},
		{
			Key: c.Name + "-undelivered", Title: "Undelivered",
			Description: "Messages that SNS could not put into the queue. Good is none. Look at the queue's policy and at its key's.",
			Queries:     b.watch(c.Name+"-undelivered", "undelivered"),
		},
	}}
}

func (b *builder) invocationsRow(c *signal.Consumer) Row {
	consumer := selector(c.Name)
	// Each sandbox counts its one cold start before it reports for the first
	// time: the number never grows, and has no rate.
	sandboxes := coldStarts.prom() + "{" + consumer + "}"
	return Row{Title: c.Name + ": function", Panels: []Panel{
		{
			Key: c.Name + "-invocations", Title: "Invocations", Unit: "cps",
			Description: "Invocations a second, those that failed as a whole, and those that Lambda refused. Good follows the messages. None while messages wait: the event source mapping is off.",
			Queries:     list(Rate(c.Invocations, "invocations"), Rate(c.Errors, "failed"), Rate(c.Throttles, "throttled")),
			Otherwise:   list(PromQL(invocations.rate(consumer), "successful")),
		},
		{
			Key: c.Name + "-errors", Title: "Failing invocations",
			Description: "Share of invocations that fail as a whole: a crash, a timeout, out of memory. Good is none. All their messages come again: read the log below.",
			Queries:     b.watch(c.Name+"-errors", "failing"), Alarms: b.known(c.Name + "-consumer"),
		},
		{
			Key: c.Name + "-throttles", Title: "Throttled invocations",
			Description: "Share of invocations that Lambda refused for want of concurrency. Good is none. Each refusal counts as a delivery of its messages.",
			Queries:     b.watch(c.Name+"-throttles", "throttled"),
		},
		{
			Key: c.Name + "-longest", Title: "Longest invocation",
			Description: "Time of the longest invocation of 5 minutes. At the timeout Lambda kills it. Good is seconds.",
			Queries:     b.watch(c.Name+"-duration", "longest"),
		},
		{
			Key: c.Name + "-time", Title: "Time of an invocation", Unit: "s",
			Description: "Time of invocations, and of the start of a sandbox. Good is steady; slower with larger batches. What rises by itself is the database.",
			Queries: list(PromQL(invocationTime.quantile(0.5, consumer), "p50"), PromQL(invocationTime.quantile(0.99, consumer), "p99").Exemplars(),
				PromQL("histogram_quantile(0.99, sum by (le) ("+initTime.prom()+"_bucket{"+consumer+"}))", "start of the present sandboxes, p99")),
		},
		{
			Key: c.Name + "-parallel", Title: "Concurrent invocations", Unit: "short",
			Description: "Invocations at the same time. At what the event source may start, the queue grows. Good is below.",
			Queries:     b.orElse(b.watch(c.Name+"-concurrency", "concurrent"), Metric(c.Concurrency, "concurrent")),
		},
		{
			Key: c.Name + "-cold", Title: "Sandboxes", Unit: "short",
			Description: "Sandboxes of the function that report, and those among them that are new: cold starts. Good is few new ones, after a deploy and at a burst. Many for long: invocations crash.",
			Queries:     list(PromQL("sum("+sandboxes+")", "all"), PromQL("sum("+sandboxes+" unless "+"last_over_time("+sandboxes+"[1h] offset $__rate_interval)) or 0 * sum("+sandboxes+")", "new")),
		},
		{
			Key: c.Name + "-batch", Title: "Messages in an invocation", Unit: "short",
			Description: "Mean number of messages that are handed over at once. Good under load is near the batch size of the description: fewer commits for as many rows.",
			Queries:     list(PromQL(batchSize.mean(consumer), "messages")),
		},
	}}
}

func (b *builder) messagesRow(c *signal.Consumer) Row {
	consumer := selector(c.Name)
	outcome, reason := label(semconv.OutcomeKey), label(semconv.ReasonKey)
	bad := `, ` + outcome + `=~"` + semconv.OutcomeFailed + `|` + semconv.OutcomeDeadLettered + `"`
	return Row{Title: c.Name + ": messages", Panels: []Panel{
		{
			Key: c.Name + "-outcomes", Title: "Messages by outcome", Unit: "mps", Stacked: true,
			Description: "Messages a second by what became of them, each delivery counted. Good is written. Duplicates are harmless: SQS delivers at least once.",
			Queries:     list(PromQL(outcomes.rate(consumer, outcome), "{{"+outcome+"}}")),
			Otherwise:   list(Rate(c.Stored, "stored"), Rate(c.ItemFailures, "failed"), Rate(c.DeadLettered, "put aside")),
		},
		{
			Key: c.Name + "-reasons", Title: "Why messages fail", Unit: "mps",
			Description: "Messages a second that failed or were put aside, by reason. Good is none. sink_unavailable passes when the database is back; malformed and refused never do: read the dead letters.",
			Queries:     list(PromQL(outcomes.seldom(consumer+bad, outcome, reason), "{{"+outcome+"}}: {{"+reason+"}}")),
			Otherwise:   list(Rate(c.ItemFailures, "failed"), Rate(c.DeadLettered, "put aside")),
		},
		{
			Key: c.Name + "-item-failures", Title: "Failing messages",
			Description: "Share of messages that fail within invocations that Lambda counts as successful. Good is none. They come again until they are given up.",
			Queries:     b.watch(c.Name+"-item-failures", "failing"),
		},
		{
			Key: c.Name + "-counted", Title: "Messages of a minute, from the log", Unit: "short",
			Description: "Messages settled, failed and put aside in a minute, counted from the function's log lines: what the alarms see. Good is settled alone.",
			Queries:     list(Metric(c.Messages, "settled").Every(minute), Metric(c.ItemFailures, "failed").Every(minute), Metric(c.DeadLettered, "put aside").Every(minute)),
		},
		{
			Key: c.Name + "-stored", Title: "Rows stored, and late ones", Unit: "short",
			Description: "New rows of a minute, and those whose event had been accepted longer ago than the freshness objective allows. Good is no late ones.",
			Queries:     list(Metric(c.Stored, "stored").Every(minute), Metric(c.Late, "late").Every(minute)),
		},
		{
			Key: c.Name + "-late", Title: "Late rows",
			Description: "Share of rows that were late over windows; the lines are what spends the error budget too fast. Good is none: when the queue is old, rows are late.",
			Queries:     join(b.watch(c.Name+"-freshness-fast-5m", "5 minutes"), b.watch(c.Name+"-freshness-fast-1h", "1 hour")), Alarms: b.known(c.Name + "-freshness"), Since: "24h",
		},
		{
			Key: c.Name + "-process", Title: "Time of a message", Unit: "s",
			Description: "Time from a message's being handed over to its outcome; diamonds are traces. Good is the time of one batch's commit.",
			Queries:     list(PromQL(processTime.quantile(0.5, consumer), "p50"), PromQL(processTime.quantile(0.99, consumer), "p99").Exemplars()),
		},
		{
			Key: c.Name + "-telemetry", Title: "Telemetry dropped",
			Description: "Spans, data points and log records that the function could not deliver. Good is none: somebody is blind.",
			Queries:     b.watch(c.Name+"-telemetry-dropped", "dropped"), Otherwise: list(PromQL(telemetryDropped.seldom(consumer, label(semconv.SignalKey)), "{{"+label(semconv.SignalKey)+"}}")),
		},
	}}
}

func (b *builder) consumerLogs(c *signal.Consumer) Row {
	group := pipeline.LogGroupName(pipeline.KindFunction, b.pipeline.Consumer(c.Name).FunctionName())
	name := `resource.service.name = "${` + varPipeline + `}-` + c.Name + `"`
	return Row{Title: c.Name + ": latest failures", Panels: []Panel{
		{
			Key: c.Name + "-traces", Title: "Failing messages (Tempo)", Kind: Traces, Width: 12, Height: 10,
			Description: "Traces of messages that failed in this consumer. Good is an empty list. Each leads back to the request that the event came in with.",
			Queries:     list(TraceQL(`{ resource.deployment.environment.name = "${` + varEnvironment + `}" && ` + name + ` && status = error }`)),
		},
		{
			Key: c.Name + "-xray", Title: "Failing messages (X-Ray)", Kind: Traces, Width: 12, Height: 10,
			Description: "Traces of messages that failed in this consumer. Good is an empty list. Each leads back to the request that the event came in with.",
			Queries:     list(XRayTraces(`service("${` + varPipeline + `}-` + c.Name + `") { fault = true OR error = true }`)),
		},
		{
			Key: c.Name + "-lines", Title: "Latest errors", Kind: Logs, Width: 12, Height: 10,
			Description: "Warnings and errors of the function, newest first, each with its trace id. Good is an empty list.",
			Queries:     list(LogsInsights(group, errorLines)),
		},
		{
			Key: c.Name + "-loki", Title: "Latest errors (Loki)", Kind: Logs, Width: 12, Height: 10,
			Description: "Warnings and errors of the function, newest first, each with its trace id. Good is an empty list.",
			Queries:     list(LogQL(`{` + selector(c.Name) + `} | detected_level=~"error|warn"`)),
		},
	}}
}
