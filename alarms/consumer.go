package alarms

import (
	"time"

	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/internal/figure"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// queueAge is how long the oldest message of a consumer may wait: five times the
// freshness objective, and no less than five minutes, for SQS knows the age by the
// minute. One message that failed is there for the visibility timeout before it is
// tried again: that alone is no reason to wake anybody.
func (b *builder) queueAge(c *pipeline.Consumer) time.Duration {
	again := (c.VisibilityTimeout + 2*time.Minute - time.Second).Truncate(time.Minute) // and a minute, rounded up
	return max(5*time.Minute, 5*b.pipeline.Objectives.Freshness, again)
}

func (b *builder) ofConsumer(c *pipeline.Consumer, s signal.Consumer) {
	b.consumer = c
	defer func() { b.consumer = nil }()
	logs := b.snippets.Consumer(c)
	database := ""
	if c.Sink == "postgres" {
		database = "database"
	}
	b.page(Alarm{
		Key: c.Name + "-consumer", Title: "The consumer " + c.Name + " fails", Hop: signal.HopConsumer, Owner: c.Owner, Runbook: "consumer.md",
		Meaning: "Messages fail and are delivered again until they are given up. Rows are missing or late.",
		Logs:    logs.Errors,
	}, database, Alarm{
		Key: c.Name + "-errors", Title: "Invocations fail", Runbook: "consumer-errors.md",
		Meaning: "Many invocations fail as a whole: a crash, a timeout, out of memory. All their messages are delivered again.",
		Logs:    logs.Errors,
		Metric: &Metric{
			Inputs:     []Input{{"errors", s.Errors}, {"invocations", s.Invocations}},
			Expression: "IF(FILL(errors, 0) > 2, 100 * FILL(errors, 0) / invocations, 0)",
			Threshold:  10, Unit: signal.UnitPercent, Period: minutes(5), Periods: 2,
		},
	}, Alarm{
		Key: c.Name + "-item-failures", Title: "Messages fail within invocations that succeed", Runbook: "item-failures.md",
		Meaning: "Many messages fail and are delivered again. Lambda counts their invocations as successful, so its error rate does not show it.",
		Logs:    logs.Errors,
		Metric: &Metric{
			Inputs:     []Input{{"failures", s.ItemFailures}, {"messages", s.Messages}},
			Expression: "IF(FILL(failures, 0) > 5, 100 * FILL(failures, 0) / messages, 0)",
			Threshold:  10, Unit: signal.UnitPercent, Period: minutes(5), Periods: 2,
		},
	})
	b.queue(c, s, logs)
	b.consumerTickets(c, s, logs)
}

func (b *builder) queue(c *pipeline.Consumer, s signal.Consumer, logs snippet.FunctionLogs) {
	// Where few messages come in, a database that is away makes the queue old
	// before the consumer's failures are enough to speak of a rate.
	explained := c.Name + "-consumer"
	if c.Sink == "postgres" {
		explained = c.Name + "-queue-explained"
		b.add(Alarm{
			Key: explained, Title: "The queue of " + c.Name + " is explained", Hop: signal.HopQueue, Owner: c.Owner, Severity: pipeline.SeverityPage, Notify: NotifyNobody, Runbook: "queue.md",
			Meaning:   "The consumer or the database is broken, so the queue of " + c.Name + " cannot be worked off. This alarm silences the queue's own page.",
			Logs:      logs.Errors,
			Composite: &Composite{Rule: Any(c.Name+"-consumer", "database")},
		})
	}
	page := b.page(Alarm{
		Key: c.Name + "-queue", Title: "The queue of " + c.Name + " is not worked off", Hop: signal.HopQueue, Owner: c.Owner, Runbook: "queue.md",
		Meaning: "Messages wait far too long, or many are given up. Rows are missing or late.",
		Logs:    logs.Errors,
	}, explained, Alarm{
		Key: c.Name + "-queue-age", Title: "Messages wait too long", Runbook: "queue-age.md",
		Meaning: "The oldest message has waited far longer than the freshness objective allows. The consumer does not run, does not keep up, or fails.",
		Logs:    logs.Errors,
		Metric:  &Metric{Inputs: of(s.QueueAge), Threshold: b.queueAge(c).Seconds(), Periods: 8, Datapoints: 5},
	}, Alarm{
		Key: c.Name + "-dlq-arrivals", Title: "Many messages are given up", Runbook: "dlq-arrivals.md",
		Meaning: "Many messages came into the dead-letter queue within minutes: not one bad message but many, or a consumer that has failed for a while.",
		Logs:    logs.Errors,
		Metric: &Metric{
			// What came in is how much deeper the queue is. An idle queue
			// reports nothing and is empty; a gap within reach repeats what was.
			Inputs:     []Input{{"depth", s.DLQDepth}},
			Expression: "DIFF(FILL(FILL(depth, REPEAT), 0))",
			Threshold:  20, Unit: signal.UnitCount, Period: minutes(5),
		},
	})
	page.Extension = 15 * time.Minute // what has waited is worked off after that
	b.add(Alarm{
		Key: c.Name + "-queue-depth", Title: "Many messages wait", Hop: signal.HopQueue, Owner: c.Owner, Severity: pipeline.SeverityTicket, Runbook: "queue-depth.md",
		Meaning: "More messages wait than all concurrent invocations take in ten rounds. The consumer is too small for what comes in.",
		Logs:    logs.Settled,
		Metric:  &Metric{Inputs: of(s.QueueDepth), Threshold: float64(10 * c.BatchSize * c.MaxConcurrency), Period: minutes(5), Periods: 3},
	})
	b.add(Alarm{
		Key: c.Name + "-dlq-depth", Title: "Dead letters wait for somebody", Hop: signal.HopQueue, Owner: c.Owner, Severity: pipeline.SeverityTicket, Runbook: "dlq-depth.md",
		Meaning: "Messages were given up. Each is an event that has no row. They are kept for " + figure.Time(c.DLQRetention) + " from their first arrival, then they are gone.",
		Logs:    logs.Errors,
		Metric:  &Metric{Inputs: of(s.DLQDepth), Threshold: 0, Periods: 3, Datapoints: 1},
	})
	b.add(Alarm{
		Key: c.Name + "-undelivered", Title: "Events did not reach the queue", Hop: signal.HopTopic, Owner: c.Owner, Severity: pipeline.SeverityTicket, Runbook: "undelivered.md",
		Meaning: "SNS could not put messages into the queue of " + c.Name + ", and gave them up. Each is an event that has no row.",
		Logs:    logs.Settled,
		Metric:  &Metric{Inputs: of(s.Undelivered), Threshold: 0, Periods: 3, Datapoints: 1},
	})
}

func (b *builder) consumerTickets(c *pipeline.Consumer, s signal.Consumer, logs snippet.FunctionLogs) {
	ticket := func(a Alarm) {
		a.Hop, a.Owner, a.Severity = signal.HopConsumer, c.Owner, pipeline.SeverityTicket
		b.add(a)
	}
	ticket(Alarm{
		Key: c.Name + "-throttles", Title: "Invocations are throttled", Runbook: "throttles.md",
		Meaning: "Lambda refuses invocations because no concurrency is left. Messages wait, and every refusal counts as a delivery.",
		Logs:    logs.Settled,
		Metric: &Metric{
			Inputs:     []Input{{"throttles", s.Throttles}, {"invocations", s.Invocations}},
			Expression: "IF(FILL(throttles, 0) > 2, 100 * FILL(throttles, 0) / (FILL(invocations, 0) + FILL(throttles, 0)), 0)",
			Threshold:  5, Unit: signal.UnitPercent, Period: minutes(5), Periods: 3,
		},
	})
	ticket(Alarm{
		Key: c.Name + "-duration", Title: "Invocations come near their timeout", Runbook: "duration.md",
		Meaning: "An invocation takes nearly all the time that it has. At the timeout all its messages are delivered again.",
		Logs:    logs.Errors,
		Metric:  &Metric{Inputs: of(s.Duration), Threshold: 0.8 * float64(c.Timeout.Milliseconds()), Period: minutes(5), Periods: 3},
	})
	// With a handful, all that there may be run at any burst.
	if c.MaxConcurrency >= 5 {
		ticket(concurrency(c, s, logs))
	}
	ticket(b.telemetryDropped(c.Name+"-telemetry-dropped", signal.HopConsumer, "consumer "+c.Name, s.TelemetryDropped, logs.Dropped))
}

func concurrency(c *pipeline.Consumer, s signal.Consumer, logs snippet.FunctionLogs) Alarm {
	return Alarm{
		Key: c.Name + "-concurrency", Title: "The consumer is at its maximum concurrency", Runbook: "concurrency.md",
		Meaning: "Nearly as many invocations run as the event source may start. From here on the queue grows.",
		Logs:    logs.Settled,
		Metric:  &Metric{Inputs: of(s.Concurrency), Comparison: AtLeast, Threshold: figure.Round(0.9*float64(c.MaxConcurrency), 1), Period: minutes(5), Periods: 3},
	}
}
