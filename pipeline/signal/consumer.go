package signal

import (
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Consumer is a consumer with its queues.
//
// Sources: "Available CloudWatch metrics for Amazon SQS", SQS developer guide,
// and "Types of metrics for Lambda functions", Lambda developer guide.
type Consumer struct {
	Name string

	QueueAge    Signal
	QueueDepth  Signal
	InFlight    Signal
	Sent        Signal
	Deleted     Signal
	DLQDepth    Signal
	DLQAge      Signal
	Undelivered Signal // what SNS could not put into the queue

	Invocations Signal
	Errors      Signal
	Throttles   Signal
	Duration    Signal
	Concurrency Signal

	Messages         Signal
	ItemFailures     Signal
	DeadLettered     Signal
	Stored           Signal // of consumers that are made with package consumer, as Late
	Late             Signal
	TelemetryDropped Signal
}

func (c *Catalogue) consumer(consumer *pipeline.Consumer) Consumer {
	queue := func(name, prefix string) source {
		return source{catalogue: c, prefix: consumer.Name + "." + prefix, hop: HopQueue, namespace: "AWS/SQS"}.
			with(Dimension{Name: "QueueName", Value: name})
	}
	main, dlq, undelivered := queue(consumer.QueueName(), "queue."), queue(consumer.DLQName(), "dlq."), queue(consumer.UndeliveredName(), "undelivered.")
	s := Consumer{
		Name: consumer.Name,
		QueueAge: main.add("age", "ApproximateAgeOfOldestMessage", "Maximum", UnitSeconds, AbsentIdle, "Age of the oldest message",
			"How long the oldest message has waited. Good is a batch window; what grows without end is not worked on."),
		QueueDepth: main.add("depth", "ApproximateNumberOfMessagesVisible", "Maximum", UnitCount, AbsentIdle, "Messages waiting",
			"Messages that wait to be worked on. Good is few, and falling after a burst."),
		InFlight: main.add("in_flight", "ApproximateNumberOfMessagesNotVisible", "Maximum", UnitCount, AbsentIdle, "Messages in flight",
			"Messages that are being worked on, or hidden until they are tried again. SQS has room for about 120,000."),
		Sent: main.add("sent", "NumberOfMessagesSent", "Sum", UnitCount, AbsentIdle, "Messages in",
			"Messages that came into the queue."),
		Deleted: main.add("deleted", "NumberOfMessagesDeleted", "Sum", UnitCount, AbsentIdle, "Messages done",
			"Messages that were acknowledged: written, or put aside with a reason."),
		DLQDepth: dlq.add("depth", "ApproximateNumberOfMessagesVisible", "Maximum", UnitCount, AbsentNothing, "Dead letters",
			"Messages that were given up and wait for somebody. Good is none. The number of messages sent does not count what SQS moves here itself."),
		DLQAge: dlq.add("age", "ApproximateAgeOfOldestMessage", "Maximum", UnitSeconds, AbsentNothing, "Age of the oldest dead letter",
			"How long the oldest dead letter has been there. It is lost when its retention ends, which for a letter that SQS moved here counts from its first arrival in the queue: sooner than this age says."),
		Undelivered: undelivered.add("depth", "ApproximateNumberOfMessagesVisible", "Maximum", UnitCount, AbsentNothing, "Undelivered messages",
			"Messages of the topic that could not be put into the consumer's queue. Good is none."),
	}
	name := consumer.FunctionName()
	lambda := source{catalogue: c, prefix: consumer.Name + ".", hop: HopConsumer, namespace: "AWS/Lambda"}.
		with(Dimension{Name: "FunctionName", Value: name})
	s.Invocations = lambda.add("invocations", "Invocations", "Sum", UnitCount, AbsentIdle, "Invocations",
		"Times that the function ran, in error or not. Throttled ones are not among them.")
	s.Errors = lambda.add("errors", "Errors", "Sum", UnitCount, AbsentNothing, "Failed invocations",
		"Invocations that failed as a whole: a crash, a timeout. Failures of single messages are not among them.")
	s.Throttles = lambda.add("throttles", "Throttles", "Sum", UnitCount, AbsentNothing, "Throttled invocations",
		"Invocations that Lambda refused because no concurrency was left, in the account or for the function. Good is none.")
	s.Duration = lambda.add("duration", "Duration", "Maximum", UnitMilliseconds, AbsentIdle, "Longest invocation",
		"Time of the longest invocation. At the timeout Lambda kills it and all its messages come again.")
	s.Concurrency = lambda.add("concurrency", "ConcurrentExecutions", "Maximum", UnitCount, AbsentIdle, "Concurrent invocations",
		"Invocations that ran at the same time. At the most that the event source may start, the queue grows.")

	lines := logs{
		source{catalogue: c, prefix: consumer.Name + ".", hop: HopConsumer, namespace: logNamespace(name)},
		pipeline.LogGroupName(pipeline.KindFunction, name),
	}
	s.Messages = lines.sum("messages", "Messages", semconv.LogBatchSettled, semconv.LogKeyMessages,
		"Messages settled", "Messages whose outcome is known, each delivery counted.")
	s.ItemFailures = lines.sum("item_failures", "ItemFailures", semconv.LogBatchSettled, semconv.LogKeyFailed,
		"Failed messages", "Messages that failed and will come again, within invocations that Lambda counts as successful. Good is none.")
	s.DeadLettered = lines.sum("dead_lettered", "DeadLettered", semconv.LogBatchSettled, semconv.LogKeyDeadLettered,
		"Messages put aside", "Messages that can never work, sent to the dead-letter queue with the reason. Good is none.")
	s.Stored = lines.sum("stored", "Stored", semconv.LogEventsStored, semconv.LogKeyStored,
		"Events stored", "New rows that were committed.")
	s.Late = lines.sum("late", "Late", semconv.LogEventsStored, semconv.LogKeyLate,
		"Events stored late", "Of those, rows committed later after the service's 202 than the freshness objective says.")
	s.TelemetryDropped = lines.sum("telemetry_dropped", "TelemetryDropped", semconv.LogTelemetryDropped, semconv.LogKeyItems,
		"Telemetry dropped", "Spans, data points and log records that the function could not deliver. Good is none: somebody is blind.")
	return s
}
