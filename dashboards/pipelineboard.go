package dashboards

import (
	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline/signal"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// pipelineRows are a row for each hop, from left to right: how much comes,
// what fails, how long it takes, how full it is.
func (b *builder) pipelineRows() []Row {
	rows := []Row{b.glance(), b.objectiveRow(), b.edgeRow(), b.serviceRow(), b.topicRow()}
	for i := range b.signals.Consumers {
		c := &b.signals.Consumers[i]
		rows = append(rows, b.queueRow(c), b.functionRow(c))
	}
	return append(rows, b.databaseRow(), b.failuresRow())
}

func (b *builder) glance() Row {
	s := b.signals
	service := selector(b.pipeline.Service.Name)
	var stored, age, letters []Query
	for i := range s.Consumers {
		c := &s.Consumers[i]
		stored = append(stored, Rate(c.Stored, c.Name))
		age = append(age, b.watch(c.Name+"-queue-age", c.Name)...)
		letters = append(letters, b.watch(c.Name+"-dlq-depth", c.Name)...)
	}
	return Row{Title: "At a glance", Panels: []Panel{
		{
			Key: "glance-accepted", Title: "Accepted", Kind: Stat, Unit: "eps", Since: "15m", Calc: "mean",
			Description: "Events a second that the topic took, in the mean of 15 minutes; each was answered with 202. Good follows the day. None means that nobody reaches us: look at the load balancer's row.",
			Queries:     list(Rate(s.Topic.Published, "accepted")), Otherwise: list(PromQL(eventsAccepted.rate(service), "accepted")),
		},
		{
			Key: "glance-stored", Title: "Stored", Kind: Stat, Unit: "eps", Since: "15m", Calc: "mean",
			Description: "New rows a second, in the mean of 15 minutes. Good is what is accepted, a few seconds later; less means that the queue grows: look at its row.",
			Queries:     stored, Otherwise: list(PromQL(outcomes.rate(b.selectorAll()+`, tracehaul_outcome="`+semconv.OutcomeWritten+`"`), "stored")),
		},
		{
			Key: "glance-failing", Title: "Requests failing", Kind: Stat, Unit: "percent", Since: "15m", Calc: "max",
			Description: "Share of requests answered with 5XX, in the worst 5 of the last 15 minutes. Good is none. Above the limit the error budget burns fast: look at the load balancer's row.",
			Queries:     b.watch("availability-fast-5m", "failing"), Otherwise: list(PromQL(failing(service), "failing")),
		},
		{
			Key: "glance-end-to-end", Title: "End to end, p99", Kind: Stat, Unit: "s",
			Description: "Time from a 202 to the row, of the slowest of a hundred events. Good is below the freshness objective. Above it, follow the rows below for the hop that takes the time.",
			Queries:     list(PromQL(endToEnd.quantile(0.99, b.selectorAll()), "p99")),
		},
		{
			Key: "glance-age", Title: "Oldest message", Kind: Stat, Unit: "s",
			Description: "How long the oldest message has waited. Good is seconds. What grows without end is not worked on: look at the consumer's row.",
			Queries:     age, Otherwise: list(PromQL(dwellTime.quantile(0.99, b.selectorAll(), "messaging_destination_name"), "p99 {{messaging_destination_name}}")),
		},
		{
			Key: "glance-dead-letters", Title: "Dead letters", Kind: Stat,
			Description: "Messages that were given up. Good is none. Each is an event without a row: read why in the consumer's board, then redrive.",
			Queries:     letters, Otherwise: list(PromQL(outcomes.within("$__range", b.selectorAll()+`, `+label(semconv.OutcomeKey)+`="`+semconv.OutcomeDeadLettered+`"`), "put aside")),
		},
	}}
}

func (b *builder) edgeRow() Row {
	e := b.signals.Edge
	row := Row{Title: "Load balancer", Panels: []Panel{
		{
			Key: "edge-requests", Title: "Requests", Unit: "reqps", Width: 6,
			Description: "Requests a second that reached a target, and those that the load balancer answered itself. Good follows the day; compare with the same hour of yesterday.",
			Queries:     list(Rate(e.Requests, "to a target"), Rate(e.ELB4XX, "refused by the load balancer"), Rate(e.ELB5XX, "failed at the load balancer")),
		},
		{
			Key: "edge-errors", Title: "Errors", Width: 6,
			Description: "Share of requests that fail: by the load balancer itself, by the tasks of either target group, and as the client's fault. Good is near none. By the load balancer: no task, or tasks that hang up. By a target group: see the service's row and the failing traces.",
			Queries: join(b.watch("elb-5xx", "5XX by the load balancer"), b.watch("target-5xx-a", "5XX by target group a"), b.watch("target-5xx-b", "5XX by target group b"),
				b.watch("client-4xx", "4XX")),
			Alarms: []string{"edge"},
		},
		{
			Key: "edge-latency", Title: "Response time", Unit: "s", Width: 6,
			Description: "Time from the request's leaving the load balancer to the answer's first byte. Good is far below the line. When p99 rises alone, look at retries to SNS; when all rise, at the CPU of the tasks.",
			Queries:     join(list(Metric(e.ResponseTime.With("p50"), "p50"), Metric(e.ResponseTime.With("p90"), "p90")), b.watch("latency-p99", "p99 over 5 minutes")),
		},
		{
			Key: "edge-connections", Title: "Connections refused in 5 minutes", Width: 6,
			Description: "Connections that the load balancer turned away, and those that it could not open to a task. Good is none, but for the moment in which a task ends.",
			Queries:     join(b.watch("rejected-connections", "rejected"), list(Metric(e.ConnectionErrors, "not opened to a task").Every(5*minute))),
		},
		{
			Key: "edge-volume", Title: "Requests against what is normal", Width: 6,
			Description: "Requests of 5 minutes with the band of what is normal at this hour, learnt from two weeks. Good is within. Far below it clients do not reach us, or do not try: ask them.",
			Queries:     b.watch("request-volume", "requests"),
		},
		{
			Key: "edge-causes", Title: "5XX by the load balancer, by cause", Unit: "reqps", Width: 6,
			Description: "502: a task hung up or answered with something that is not HTTP. 504: it took too long. The rest: no healthy task. Good is none.",
			Queries:     list(Rate(e.ELB5XX, "all"), Rate(e.ELB502, "502"), Rate(e.ELB504, "504")),
		},
	}}
	if e.Blocked != nil {
		row.Panels = append(row.Panels, Panel{
			Key: "edge-blocked", Title: "Blocked by the firewall", Width: 6,
			Description: "Requests that AWS WAF blocked in 5 minutes, with the band of what is normal. Good is within it: some are a normal day. A wave is an attack, or a rule that hits customers: look at the rule's samples.",
			Queries:     b.watch("waf-blocked", "blocked"),
		})
	}
	row.Panels = append(row.Panels, b.spansPanels(e.Spans)...)
	if e.Certificate != nil {
		row.Panels = append(row.Panels, Panel{
			Key: "edge-certificate", Title: "Certificate", Width: 6, Since: "30d",
			Description: "Days until certificates of this account and region expire. Good is above the line: ACM renews weeks before the end, as long as the DNS record that proves the domain is there.",
			Queries:     b.watch("certificate", "days left"),
		})
	}
	return row
}

func (b *builder) serviceRow() Row {
	s, e := b.signals.Service, b.signals.Edge
	service := selector(b.pipeline.Service.Name)
	return Row{Title: "Service", Panels: []Panel{
		{
			Key: "service-requests", Title: "Requests by answer", Unit: "reqps", Width: 6, Stacked: true,
			Description: "Requests a second by what the service answered. Good is 202 nearly alone. 4XX: a client sends something else than we take. 503: the service sheds load.",
			Queries:     list(PromQL(httpRequests.rate(service, statusLabel), "{{"+statusLabel+"}}")),
			Otherwise:   list(Rate(e.TargetGroups[0].Requests, "target group a"), Rate(e.TargetGroups[1].Requests, "target group b")),
		},
		{
			Key: "service-refused", Title: "Refused, by reason", Unit: "eps", Width: 6,
			Description: "Events a second that the service refused, by reason. Good is near none. One reason that rises is one client, or a change of ours: the log lines name the member that is wrong.",
			Queries:     list(PromQL(eventsRefused.seldom(service, label(semconv.ReasonKey)), "{{"+label(semconv.ReasonKey)+"}}")),
			Otherwise:   list(Rate(e.Target4XX, "4XX"), Rate(e.Target5XX, "5XX")),
		},
		{
			Key: "service-latency", Title: "Time to answer", Unit: "s", Width: 6,
			Description: "Time that the service takes for a request, the publish included; diamonds are traces. Good is tens of milliseconds. Open a slow trace to see whether it waited for SNS.",
			Queries: list(PromQL(httpRequests.quantile(0.5, service), "p50"), PromQL(httpRequests.quantile(0.9, service), "p90"),
				PromQL(httpRequests.quantile(0.99, service), "p99").Exemplars()),
			Otherwise: list(Metric(e.TargetGroups[0].ResponseTime, "p99 of target group a"), Metric(e.TargetGroups[1].ResponseTime, "p99 of target group b")),
		},
		{
			Key: "service-saturation", Title: "CPU and memory", Width: 6, Max: 100,
			Description: "CPU of all tasks and memory of the fullest. Good is CPU at autoscaling's target. Above the line autoscaling is at its most, or stuck; memory that only rises is a leak.",
			Queries:     join(b.watch("service-cpu", "CPU"), b.watch("service-memory", "memory")),
		},
		{
			Key: "service-tasks", Title: "Tasks", Unit: "short", Width: 6,
			Description: "Tasks that run, are wanted, are being started. Good is running as wanted. Pending for longer than a minute: the image cannot be pulled, or the task ends at once.",
			Queries:     join(b.watch("running-tasks", "running"), list(Metric(s.DesiredTasks, "desired"), Metric(s.PendingTasks, "pending"))),
			Alarms:      []string{"service"},
		},
		{
			Key: "service-missing", Title: "Tasks that are missing", Width: 6,
			Description: "Tasks that are wanted and do not run. Good is none for longer than a deploy's minutes.",
			Queries:     b.watch("tasks-missing", "missing"),
		},
		{
			Key: "service-healthy", Title: "Healthy tasks", Width: 6,
			Description: "Tasks of both target groups that pass the health check, and those that fail it. Good is healthy as running. None healthy: every request fails.",
			Queries: join(b.watch("no-healthy-hosts", "healthy, both groups"),
				list(Metric(e.TargetGroups[0].UnhealthyHosts, "unhealthy in a"), Metric(e.TargetGroups[1].UnhealthyHosts, "unhealthy in b"))),
		},
		{
			Key: "service-contexts", Title: "Contexts dropped", Width: 3,
			Description: "Trace contexts for which a message had no room. Good is none: a trace ends there. Some producer sends too many attributes.",
			Queries:     b.watch("contexts-dropped", "dropped"), Otherwise: list(PromQL(contextsDropped.seldom(b.selectorAll(), label(semconv.ReasonKey)), "{{"+label(semconv.ReasonKey)+"}}")),
		},
		{
			Key: "service-telemetry", Title: "Telemetry dropped", Width: 3,
			Description: "Spans, data points and log records that the service could not deliver. Good is none: somebody is blind. Look at the collector.",
			Queries:     b.watch("service-telemetry-dropped", "dropped"), Otherwise: list(PromQL(telemetryDropped.seldom(service, label(semconv.SignalKey)), "{{"+label(semconv.SignalKey)+"}}")),
		},
	}}
}

func (b *builder) topicRow() Row {
	t := b.signals.Topic
	service := selector(b.pipeline.Service.Name)
	return Row{Title: "Topic", Panels: []Panel{
		{
			Key: "topic-messages", Title: "Messages", Unit: "mps", Width: 6,
			Description: "Messages a second that the topic took and put into queues, each queue counted. Good is one delivery for each queue. Filtered out: a filter policy keeps them from a queue.",
			Queries:     list(Rate(t.Published, "published"), Rate(t.Delivered, "delivered"), Rate(t.FilteredOut, "filtered out")),
		},
		{
			Key: "topic-failed", Title: "Failed and lost", Width: 6,
			Description: "Messages that a queue did not take, and those that are gone. Good is none, ever. Look at the queue's policy and its key's.",
			Queries:     join(b.watch("sns-delivery-failures", "failed"), b.watch("sns-events-lost", "lost")),
			Alarms:      []string{"topic"},
		},
		{
			Key: "topic-publish", Title: "Time to publish", Unit: "s", Width: 6,
			Description: "Time of the service's calls to SNS, and how long an event waited for its call to begin. Good is 10 to 30 ms. Waiting that rises means too few calls at once.",
			Queries:     list(PromQL(messagingCalls.quantile(0.99, service), "call, p99").Exemplars(), PromQL(publishWait.quantile(0.99, service), "wait, p99")),
		},
		{
			Key: "topic-size", Title: "Largest message", Width: 3,
			Description: "Size of the largest message, attributes included. Good is far below the 256 KiB that SNS takes. Near it events will be refused: ask the producers for smaller ones.",
			Queries:     list(Metric(t.PublishSize, "largest")),
		},
		{
			Key: "topic-batch", Title: "Events in one call", Unit: "short", Width: 3,
			Description: "Mean number of events that share a call to SNS, of ten at most. Near ten under load is good: calls are paid for.",
			Queries:     list(PromQL(publishBatch.mean(service), "events in a call")),
		},
	}}
}

func (b *builder) queueRow(c *signal.Consumer) Row {
	destination := `messaging_destination_name="` + written(b.prefixes, b.pipeline.Consumer(c.Name).QueueName()) + `"`
	return Row{Title: "Queue of " + c.Name, Panels: []Panel{
		{
			Key: c.Name + "-queue-messages", Title: "Messages in and out", Unit: "mps", Width: 6,
			Description: "Messages a second that came into the queue and that were done. Good is as many out as in. Fewer: the queue grows.",
			Queries:     list(Rate(c.Sent, "in"), Rate(c.Deleted, "out")),
		},
		{
			Key: c.Name + "-queue-errors", Title: "Dead letters and undelivered", Width: 6,
			Description: "Messages that were given up by the consumer, or that SNS could not put into the queue. Good is none. Each is an event without a row.",
			Queries:     join(b.watch(c.Name+"-dlq-depth", "dead letters"), b.watch(c.Name+"-undelivered", "undelivered")),
		},
		{
			Key: c.Name + "-queue-age", Title: "Age of the oldest message", Width: 6,
			Description: "How long the oldest message has waited, and how long messages waited until they were handed over. Good is about the batch window. What grows without end is not worked on.",
			Queries:     join(b.watch(c.Name+"-queue-age", "oldest"), list(PromQL(dwellTime.quantile(0.99, selector(c.Name, destination)), "waited, p99").Exemplars())),
			Alarms:      b.known(c.Name + "-queue"),
		},
		{
			Key: c.Name + "-queue-depth", Title: "Messages waiting", Width: 6,
			Description: "Messages that wait, and that are being worked on or hidden until the next try. Good is few, falling after a burst. Many in flight and few done: they fail.",
			Queries:     join(b.watch(c.Name+"-queue-depth", "waiting"), list(Metric(c.InFlight, "in flight"))),
		},
	}}
}

func (b *builder) functionRow(c *signal.Consumer) Row {
	consumer := selector(c.Name)
	return Row{Title: "Consumer " + c.Name, Panels: []Panel{
		{
			Key: c.Name + "-messages", Title: "Messages by outcome", Unit: "mps", Width: 6, Stacked: true,
			Description: "Messages a second by what became of them. Good is written. Duplicates are harmless; failed ones come again; dead-lettered ones wait for somebody.",
			Queries:     list(PromQL(outcomes.rate(consumer, label(semconv.OutcomeKey)), "{{"+label(semconv.OutcomeKey)+"}}")),
			Otherwise:   list(Rate(c.Stored, "stored"), Rate(c.ItemFailures, "failed"), Rate(c.DeadLettered, "put aside")),
		},
		{
			Key: c.Name + "-failures", Title: "Failures", Width: 6,
			Description: "Share of invocations that fail as a whole, and of messages that fail within invocations that Lambda counts as successful. Good is none. All at once: the database, or a deploy.",
			Queries:     join(b.watch(c.Name+"-errors", "invocations"), b.watch(c.Name+"-item-failures", "messages")),
			Alarms:      b.known(c.Name + "-consumer"),
		},
		{
			Key: c.Name + "-duration", Title: "Longest invocation", Width: 6,
			Description: "Time of the longest invocation of 5 minutes. At the timeout Lambda kills it and all its messages come again. Good is seconds; look at the database when it rises.",
			Queries:     b.watch(c.Name+"-duration", "longest"),
		},
		{
			Key: c.Name + "-concurrency", Title: "Concurrent invocations", Width: 6, Unit: "short",
			Description: "Invocations at the same time. Good is below what the event source may start; at it the queue grows and more concurrency, or a faster database, is needed.",
			Queries:     b.orElse(b.watch(c.Name+"-concurrency", "concurrent"), Metric(c.Concurrency, "concurrent")),
		},
	}}
}

func (b *builder) databaseRow() Row {
	d := b.signals.Database
	if d == nil {
		return Row{}
	}
	return Row{Title: "Database", Panels: []Panel{
		{
			Key: "database-statements", Title: "Statements", Unit: "ops", Width: 6,
			Description: "Statements a second that the consumers sent, by what they do. Good is one INSERT for each batch.",
			Queries:     list(PromQL(statements.rate(b.selectorAll(), "db_operation_name", "db_collection_name"), "{{db_operation_name}} {{db_collection_name}}")),
		},
		{
			Key: "database-deadlocks", Title: "Deadlocks", Width: 6,
			Description: "Deadlocks a second. Good is none: batches are sorted by key. Somebody else writes in another order.",
			Queries:     b.watch("database-deadlocks", "deadlocks"),
		},
		{
			Key: "database-latency", Title: "Time of statements and commits", Unit: "s", Width: 6,
			Description: "Time of the consumers' statements; diamonds are traces. Good is milliseconds. Slow with idle CPU is a lock; with full CPU, capacity.",
			Queries: list(PromQL(statements.quantile(0.5, b.selectorAll()), "p50"),
				PromQL(statements.quantile(0.99, b.selectorAll()), "p99").Exemplars()),
			Otherwise: list(Math([]alarms.Input{{ID: "commit", Signal: d.CommitLatency}}, "commit / 1000", "commit")),
		},
		{
			Key: "database-saturation", Title: "Capacity in use", Max: 100, Width: 6,
			Description: "Capacity of the most that the writer may have. Good is below the lower line, with room for a burst. Above the upper one it grows no further: raise max_acu, or find the slow statement.",
			Queries:     b.orElse(b.watch("database-acu", "capacity"), Metric(d.ACUUtilization, "capacity")),
			Alarms:      b.known("database-capacity", "database"),
		},
	}}
}
