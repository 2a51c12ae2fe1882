package alarms

import (
	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

func (b *builder) service() {
	s := b.signals.Service
	b.page(Alarm{
		Key: "service", Title: "The service is down", Hop: signal.HopService, Runbook: "service.md",
		Meaning: "No task of the service runs. No event is accepted.",
		Logs:    b.snippets.Service().Errors,
	}, "", Alarm{
		Key: "running-tasks", Title: "No task runs", Runbook: "running-tasks.md",
		Meaning: "ECS runs no task of the service.",
		Logs:    b.snippets.Service().Errors,
		Metric:  &Metric{Inputs: of(s.RunningTasks), Comparison: Below, Threshold: 1, Periods: 5, Datapoints: 3, Missing: MissingNotBreaching},
	})
	// That there are no metrics is one alarm's to say. It explains nothing: an
	// outage must not be silent because Container Insights is.
	b.add(silent("service-silent", "Nothing is known of the service", signal.HopService, s.RunningTasks, b.snippets.Service().Errors,
		"Container Insights says nothing about the service: it is off, its metrics are late, or the service is gone. Alarms on its tasks cannot fire."))
	b.add(Alarm{
		Key: "tasks-missing", Title: "Fewer tasks than wanted", Hop: signal.HopService, Severity: pipeline.SeverityTicket, Runbook: "tasks-missing.md",
		Meaning: "Fewer tasks run than ECS wants: they do not start, or do not stay. Those that run carry the whole load.",
		Logs:    b.snippets.Service().Errors,
		Metric: &Metric{
			Inputs:     []Input{{"desired", s.DesiredTasks}, {"running", s.RunningTasks}},
			Expression: "desired - running", Threshold: 0, Unit: signal.UnitCount, Periods: 18, Datapoints: 15, Missing: MissingNotBreaching,
		},
	})
	b.add(Alarm{
		Key: "service-cpu", Title: "The service is out of CPU", Hop: signal.HopService, Severity: pipeline.SeverityTicket, Runbook: "service-cpu.md",
		Meaning: "The tasks use more CPU than autoscaling aims at: it has reached its maximum, or is stuck.",
		Logs:    b.snippets.Service().Errors,
		Metric:  &Metric{Inputs: of(s.CPU), Threshold: 85, Period: minutes(5), Periods: 3, Missing: MissingNotBreaching},
	})
	b.add(Alarm{
		Key: "service-memory", Title: "The service is nearly out of memory", Hop: signal.HopService, Severity: pipeline.SeverityTicket, Runbook: "service-memory.md",
		Meaning: "A task has little memory left. At 100 % it is killed, with the requests that it is answering.",
		Logs:    b.snippets.Service().Errors,
		Metric:  &Metric{Inputs: of(s.Memory), Threshold: 85, Period: minutes(5), Periods: 3, Missing: MissingNotBreaching},
	})
	b.add(Alarm{
		Key: "contexts-dropped", Title: "Traces break at the topic", Hop: signal.HopService, Severity: pipeline.SeverityTicket, Runbook: "contexts-dropped.md",
		Meaning: "Messages had no room for their trace context, or for a part of it. The events are fine; their traces, or their baggage, end at the topic.",
		Logs:    b.snippets.Service().Contexts,
		Metric:  &Metric{Inputs: of(s.ContextsDropped), Threshold: 0, Period: minutes(15)},
	})
	b.add(b.telemetryDropped("service-telemetry-dropped", signal.HopService, "service", s.TelemetryDropped, b.snippets.Service().Dropped))
}

// silent tells that a signal that is always there is not: no value is below
// nothing, so that a gap alone makes it fire.
func silent(key, title string, hop signal.Hop, s signal.Signal, logs snippet.Snippet, meaning string) Alarm {
	return Alarm{
		Key: key, Title: title, Hop: hop, Severity: pipeline.SeverityPage, Runbook: key + ".md", Meaning: meaning, Logs: logs,
		Metric: &Metric{Inputs: of(s), Comparison: Below, Threshold: 0, Period: minutes(5), Periods: 3, Missing: MissingBreaching},
	}
}

// telemetryDropped tells that telemetry of a program is lost.
func (b *builder) telemetryDropped(key string, hop signal.Hop, program string, s signal.Signal, logs snippet.Snippet) Alarm {
	return Alarm{
		Key: key, Title: "Telemetry of the " + program + " is lost", Hop: hop, Severity: pipeline.SeverityTicket, Runbook: "telemetry-dropped.md",
		Meaning: "Spans, metrics or logs of the " + program + " do not reach their back end. Events are not affected, but whoever looks for one will not find it.",
		Logs:    logs,
		Metric: &Metric{
			// A program that falls silent logs nothing. Without the filling,
			// CloudWatch would go back to older periods, and the alarm would go
			// on and off.
			Inputs:     []Input{{"items", s}},
			Expression: "FILL(items, 0)", Threshold: 100, Unit: signal.UnitCount, Period: minutes(5), Periods: 3,
		},
	}
}

func (b *builder) topic() {
	t := b.signals.Topic
	b.page(Alarm{
		Key: "topic", Title: "Events do not leave the topic", Hop: signal.HopTopic, Runbook: "topic.md",
		Meaning: "SNS cannot put messages into a queue. Events that were answered with 202 wait in the queue for undelivered ones, or are lost.",
	}, "", Alarm{
		Key: "sns-delivery-failures", Title: "Deliveries of the topic fail", Runbook: "sns-delivery-failures.md",
		Meaning: "A queue does not accept messages of the topic: because of its policy, its key, or messages with more than ten attributes.",
		Metric:  &Metric{Inputs: of(t.Failed), Threshold: 0, Periods: 5, Datapoints: 3},
	}, Alarm{
		Key: "sns-events-lost", Title: "Events are lost at the topic", Runbook: "sns-events-lost.md",
		Meaning: "SNS could put messages neither into a queue nor into the queue for undelivered ones. They are gone: only their producers can send them again.",
		Metric:  &Metric{Inputs: of(t.Lost), Threshold: 0, Periods: 3, Datapoints: 1},
	})
}
