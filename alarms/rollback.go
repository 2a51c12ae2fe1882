package alarms

import (
	"strconv"

	"github.com/tracehaul/tracehaul/internal/figure"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// With that many in a minute, or fewer, the alarms that roll a deploy back judge
// nothing.
const (
	RollbackRequests    = 10
	RollbackInvocations = 2
	RollbackMessages    = 10
)

// rollback adds the fast set that ECS and CodeDeploy watch while a new version
// gets its first requests. They tell nobody: the deploy does. Either target
// group may be the canary, so that both are watched.
//
// A canary has a tenth of the requests: the floors are low, and so are the
// periods. A gap is never a fault here, as an idle target group reports nothing.
func (b *builder) rollback() {
	e := b.signals.Edge
	limit := figure.Round(3*b.pipeline.Objectives.Latency.Seconds(), 3)
	for _, g := range e.TargetGroups {
		b.rollsBack(b.pipeline.Service.Name, Alarm{
			Key: "rollback-5xx-" + g.Name, Title: "Target group " + g.Name + " answers with errors", Hop: signal.HopEdge,
			Meaning: "Many requests to target group " + g.Name + " are answered with 5XX.",
			Logs:    b.snippets.Service().Refusals,
			Metric: &Metric{
				Inputs:     []Input{{"errors", g.Target5XX}, {"requests", g.Requests}},
				Expression: "IF(requests > " + strconv.Itoa(RollbackRequests) + ", 100 * FILL(errors, 0) / requests, 0)",
				Threshold:  5, Unit: signal.UnitPercent, Periods: 3, Datapoints: 2,
			},
		})
		b.rollsBack(b.pipeline.Service.Name, Alarm{
			Key: "rollback-latency-" + g.Name, Title: "Target group " + g.Name + " is slow", Hop: signal.HopEdge,
			Meaning: "The slowest of a hundred requests to target group " + g.Name + " takes far longer than the objective says.",
			Logs:    b.snippets.Service().Errors,
			Metric: &Metric{
				Inputs:     []Input{{"time", g.ResponseTime}, {"requests", g.Requests}},
				Expression: "IF(requests > 50, time, 0)",
				Threshold:  limit, Unit: signal.UnitSeconds, Periods: 5, Datapoints: 3,
			},
		})
	}
	b.rollsBack(b.pipeline.Service.Name, Alarm{
		Key: "rollback-elb-5xx", Title: "The load balancer answers with errors", Hop: signal.HopEdge,
		Meaning: "Many requests are answered with 5XX by the load balancer itself: tasks hang up, or take too long.",
		Logs:    b.snippets.Service().Errors,
		Metric: &Metric{
			Inputs:     elbInputs(e),
			Expression: elbRate, Threshold: 5, Unit: signal.UnitPercent, Periods: 3, Datapoints: 2,
		},
	})
	for i, s := range b.signals.Consumers {
		b.consumerRollback(&b.pipeline.Consumers[i], s)
	}
}

// consumerRollback watches all versions of a function together, as an alarm
// cannot know the number of the new one. Its limit is half of what a canary has of
// the messages: one that fails entirely must be seen.
func (b *builder) consumerRollback(c *pipeline.Consumer, s signal.Consumer) {
	b.consumer = c
	defer func() { b.consumer = nil }()
	limit := figure.Round(min(10, b.pipeline.Deploy.CanaryPercent/2), 2)
	logs := b.snippets.Consumer(c).Errors
	b.rollsBack(c.Name, Alarm{
		Key: "rollback-" + c.Name + "-errors", Title: "Invocations of " + c.Name + " fail", Hop: signal.HopConsumer, Owner: c.Owner, Logs: logs,
		Meaning: "Many invocations fail as a whole.",
		Metric: &Metric{
			Inputs:     []Input{{"errors", s.Errors}, {"invocations", s.Invocations}},
			Expression: "IF(invocations > " + strconv.Itoa(RollbackInvocations) + ", 100 * FILL(errors, 0) / invocations, 0)",
			Threshold:  limit, Unit: signal.UnitPercent, Periods: 3, Datapoints: 2,
		},
	})
	b.rollsBack(c.Name, Alarm{
		Key: "rollback-" + c.Name + "-items", Title: "Messages of " + c.Name + " fail or are put aside", Hop: signal.HopConsumer, Owner: c.Owner, Logs: logs,
		Meaning: "Many messages fail or can never work: the consumer's new version is broken, or the service's publishes what nobody can read.",
		Metric: &Metric{
			Inputs:     []Input{{"failures", s.ItemFailures}, {"letters", s.DeadLettered}, {"messages", s.Messages}},
			Expression: "IF(messages > " + strconv.Itoa(RollbackMessages) + ", 100 * (FILL(failures, 0) + FILL(letters, 0)) / messages, 0)",
			Threshold:  limit, Unit: signal.UnitPercent, Periods: 3, Datapoints: 2,
		},
	})
}

func (b *builder) rollsBack(component string, a Alarm) {
	a.Severity, a.Notify, a.Rollback = pipeline.SeverityNotice, NotifyNobody, component
	a.Runbook, a.Board = "rollback.md", pipeline.BoardDeploy
	a.Metric.Missing = MissingNotBreaching
	b.add(a)
}
