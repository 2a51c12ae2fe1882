package dashboards

import (
	"strconv"
	"strings"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/internal/figure"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

const versionLabel = "service_version"

// deployRows show a canary beside what is stable.
func (b *builder) deployRows() []Row {
	rows := []Row{b.verdictRow(), b.canaryRow(), b.versionRow()}
	for i := range b.signals.Consumers {
		rows = append(rows, b.consumerDeployRow(&b.signals.Consumers[i]))
	}
	return append(rows, b.downstreamRow())
}

// goOrStop says in a word what the number of breached limits means.
func goOrStop() []Word {
	return []Word{{From: 0, To: 0.005, Text: "GO"}, {From: 0.005, To: 0.5, Text: "TOO FEW", Sense: Unsure}, {From: 0.5, To: 1000, Text: "STOP", Sense: Bad}}
}

func (b *builder) verdictRow() Row {
	row := Row{Title: "Go or stop, by the last 10 minutes"}
	for i, component := range b.programs() {
		watched := b.rollbackAlarms(component)
		if len(watched) == 0 {
			continue
		}
		p := b.verdictPanel(component, "STOP if one of the last ten minutes was beyond the limit of an alarm that rolls this component back. They wait for some such minutes: if it stays, the deploy is rolled back by itself. TOO FEW: there was too little in a minute to judge by. Good is GO from the beginning to the end of the bake time.")
		q := verdict(watched, component)
		if i == 0 {
			for j := range b.signals.Edge.TargetGroups {
				q = q.orTooFew(b.signals.Edge.TargetGroups[j].Requests, alarms.RollbackRequests)
			}
			p.Otherwise = list(PromQL(serviceVerdict(component, watched), component))
		} else {
			q = q.orTooFew(b.signals.Consumers[i-1].Messages, alarms.RollbackMessages)
			p.Otherwise = list(PromQL(consumerVerdict(component, watched), component))
		}
		p.Queries = list(q)
		row.Panels = append(row.Panels, p)
	}
	if watched := b.downstreamAlarms(); len(watched) > 0 {
		p := b.verdictPanel("downstream", "STOP if one of the last ten minutes was beyond the limit of a page about the topic, a queue or the database: no deploy is rolled back for it, but a new version can be the cause. Good is GO; at STOP look at the last row, then stop the deploy yourself.")
		p.Queries = list(verdict(watched, "downstream"))
		row.Panels = append(row.Panels, p)
	}
	row.Panels = append(row.Panels, Panel{
		Key: "how-to-read", Title: "How to read this", Kind: Text, Width: 24 - 4*len(row.Panels)%24, Height: 5,
		Content: "New tasks get " + figure.Number(b.pipeline.Deploy.CanaryPercent) + " % of the requests for " + figure.Time(b.pipeline.Deploy.CanaryBake) + ", then all of them, watched for another " + figure.Time(b.pipeline.Deploy.Bake) +
			". Either target group may be the canary: it is the one with few requests. A version that is worse than the other **and** beyond a line goes back by itself; one that is only worse is yours to stop: see the runbook.\n\n" +
			"`tracehaul deploy verdict` says what became of it.",
	})
	return row
}

// verdictPanel is a word for what is judged.
func (b *builder) verdictPanel(what, description string) Panel {
	return Panel{
		Key: "verdict-" + what, Title: what, Description: description, Kind: Stat, Unit: "none", Width: 4, Height: 5, Words: goOrStop(), Since: "10m", Calc: "max",
	}
}

// downstreamAlarms are the pages behind the service and the consumers that are
// judged by the minute, which one expression can put together.
func (b *builder) downstreamAlarms() []*alarms.Alarm {
	var all []*alarms.Alarm
	for i := range b.all {
		a := &b.all[i]
		behind := a.Hop == signal.HopTopic || a.Hop == signal.HopQueue || a.Hop == signal.HopDatabase
		if behind && a.Severity == pipeline.SeverityPage && a.Metric != nil && a.Metric.Period == minute && !a.Metric.Comparison.Band() {
			all = append(all, a)
		}
	}
	return all
}

// rollbackAlarms are the alarms that roll a component's deploys back.
func (b *builder) rollbackAlarms(component string) []*alarms.Alarm {
	var all []*alarms.Alarm
	for _, key := range b.alarms.Rollback(component) {
		if a := b.byKey[key]; a != nil && a.Metric != nil && !a.Metric.Comparison.Band() {
			all = append(all, a)
		}
	}
	return all
}

// groups puts alarms together that have one unit and one threshold: they share
// a panel and a line.
func groups(watched []*alarms.Alarm) [][]*alarms.Alarm {
	var all [][]*alarms.Alarm
next:
	for i := range watched {
		for j := range all {
			if first := all[j][0].Metric; first.Unit == watched[i].Metric.Unit && first.Threshold == watched[i].Metric.Threshold {
				all[j] = append(all[j], watched[i])
				continue next
			}
		}
		all = append(all, []*alarms.Alarm{watched[i]})
	}
	return all
}

// limits are panels for the alarms that roll a component back.
func (b *builder) limits(component string, width int) []Panel {
	var panels []Panel
	for i, group := range groups(b.rollbackAlarms(component)) {
		title := map[signal.Unit]string{signal.UnitPercent: "Failing", signal.UnitSeconds: "Slowest of a hundred"}[group[0].Metric.Unit]
		if title == "" {
			title = group[0].Title
		}
		p := Panel{
			Key: "limits-" + component + "-" + strconv.Itoa(i+1), Title: title + ": what rolls " + component + " back", Width: width,
			Description: "What the alarms compare with the line, minute by minute. Good is far below it, the canary as the stable one. Beyond it for as many minutes as the alarm says, the deploy goes back by itself.",
		}
		for j := range group {
			p.Queries = append(p.Queries, Watched(*group[j], strings.TrimPrefix(group[j].Key, "rollback-")))
		}
		panels = append(panels, p)
	}
	return panels
}

func (b *builder) canaryRow() Row {
	e, s := b.signals.Edge, b.signals.Service
	row := Row{Title: "Service: both target groups", Panels: []Panel{{
		Key: "canary-requests", Title: "Requests by target group", Unit: "reqps",
		Description: "Requests a second to each target group: it shows which one is the canary, and how far the shift has come. Good is the canary's share, then all.",
		Queries:     list(Rate(e.TargetGroups[0].Requests, "target group a"), Rate(e.TargetGroups[1].Requests, "target group b")),
	}}}
	row.Panels = append(row.Panels, b.limits(b.pipeline.Service.Name, 8)...)
	return Row{Title: row.Title, Panels: append(row.Panels, Panel{
		Key: "canary-healthy", Title: "Tasks by target group", Unit: "short",
		Description: "Tasks of each target group that pass the health check, and those that do not. Good is that the new ones become healthy within a minute, and that none is unhealthy after that.",
		Queries: list(Metric(e.TargetGroups[0].HealthyHosts, "healthy in a"), Metric(e.TargetGroups[1].HealthyHosts, "healthy in b"),
			Metric(e.TargetGroups[0].UnhealthyHosts, "unhealthy in a"), Metric(e.TargetGroups[1].UnhealthyHosts, "unhealthy in b")),
	}, Panel{
		Key: "canary-refused", Title: "4XX",
		Description: "Share of requests that are refused as the client's fault. Good is no step at the beginning of the deploy: a step is a version that takes less than the old one did. No alarm rolls back for it; you do.",
		Queries:     b.watch("client-4xx", "4XX"),
	}, Panel{
		Key: "canary-tasks", Title: "Tasks of the service", Unit: "short",
		Description: "Tasks that run, are wanted, are being started. Good is more than usual while a deploy goes on, and then as many as before. Pending that does not end: the image or the task's start is broken.",
		Queries:     list(Metric(s.RunningTasks, "running"), Metric(s.DesiredTasks, "desired"), Metric(s.PendingTasks, "pending")),
	})}
}

func (b *builder) versionRow() Row {
	service := selector(b.pipeline.Service.Name, ofVersions)
	legend := "{{" + versionLabel + "}}"
	return Row{Title: "Service: versions", Panels: []Panel{
		{
			Key: "version-requests", Title: "Requests by version", Unit: "reqps", Stacked: true,
			Description: "Requests a second that each version answered. Good is the new one rising to the canary's share, then to all.",
			Queries:     list(PromQL(httpRequests.rate(service, versionLabel), legend)),
		},
		{
			Key: "version-errors", Title: "5XX by version", Unit: "percent",
			Description: "Share of each version's requests that were answered with 5XX. Good is none. The new version above the old one is the canary's finding: read its failing traces.",
			Queries:     list(PromQL(failing(service, versionLabel), legend)),
		},
		{
			Key: "version-latency", Title: "p99 by version", Unit: "s",
			Description: "Slowest of a hundred requests of each version; diamonds are traces. Good is the new one as the old one, but for its first minute.",
			Queries:     list(PromQL(httpRequests.quantile(0.99, service, versionLabel), legend).Exemplars()),
		},
		{
			Key: "version-refused", Title: "Refused by version", Unit: "eps",
			Description: "Events a second that each version refused. Good is the new one in proportion to its requests. More: it takes less than the old one did.",
			Queries:     list(PromQL(eventsRefused.seldom(service, versionLabel), legend)),
		},
		{
			Key: "version-publish", Title: "Time to publish by version", Unit: "s",
			Description: "Slowest of a hundred calls to SNS of each version. Good is the new one as the old one.",
			Queries:     list(PromQL(messagingCalls.quantile(0.99, service, versionLabel), legend)),
		},
		{
			Key: "version-tasks", Title: "Tasks by version", Unit: "short",
			Description: "Tasks of each version that answered requests. Good is that the new ones stay: a number that goes up and down is a task that crashes.",
			Queries:     list(PromQL("count by ("+versionLabel+") (count by ("+versionLabel+", service_instance_id) ("+httpRequests.prom()+"_count{"+service+"}))", legend)),
		},
	}}
}

func (b *builder) consumerDeployRow(c *signal.Consumer) Row {
	consumer := selector(c.Name, ofVersions)
	legend := "{{" + versionLabel + "}}"
	outcome := label(semconv.OutcomeKey)
	row := Row{Title: "Consumer " + c.Name, Panels: b.limits(c.Name, 8)}
	row.Panels = append(row.Panels,
		Panel{
			Key: c.Name + "-version-messages", Title: "Messages", Unit: "mps", Stacked: true,
			Description: "Messages a second that were settled, by version where OpenTelemetry's metrics tell. Good is the new one rising to the canary's share, then to all.",
			Queries:     list(PromQL(outcomes.rate(consumer, versionLabel), legend)), Otherwise: list(Rate(c.Messages, "settled")),
		},
		Panel{
			Key: c.Name + "-version-failures", Title: "Failed and put aside", Unit: "mps",
			Description: "Messages a second that failed or were put aside, by version where OpenTelemetry's metrics tell. Good is none. The new version alone: it cannot do what the old one could.",
			Queries:     list(PromQL(outcomes.seldom(consumer+`, `+outcome+`=~"`+semconv.OutcomeFailed+`|`+semconv.OutcomeDeadLettered+`"`, versionLabel, outcome), legend+" {{"+outcome+"}}")),
			Otherwise:   list(Rate(c.ItemFailures, "failed"), Rate(c.DeadLettered, "put aside")),
		},
		Panel{
			Key: c.Name + "-version-time", Title: "Time of an invocation", Unit: "s",
			Description: "Slowest invocations, by version where OpenTelemetry's metrics tell: one of a hundred, or else the longest. Good is the new one as the old one, but for cold starts.",
			Queries:     list(PromQL(invocationTime.quantile(0.99, consumer, versionLabel), legend)),
			Otherwise:   list(Math([]alarms.Input{{ID: "duration", Signal: c.Duration}}, "duration / 1000", "longest")),
		},
		Panel{
			Key: c.Name + "-deploy-age", Title: "Age of the oldest message",
			Description: "How long the oldest message has waited. Good is seconds through the whole deploy. What grows from its beginning on is the new version's doing.",
			Queries:     b.watch(c.Name+"-queue-age", "oldest"),
		},
		Panel{
			Key: c.Name + "-deploy-letters", Title: "Dead letters",
			Description: "Messages that were given up. Good is none that are new since the deploy began. New ones: their reason says what the new version cannot do.",
			Queries:     b.watch(c.Name+"-dlq-depth", "dead letters"),
		})
	return row
}

func (b *builder) downstreamRow() Row {
	t := b.signals.Topic
	row := Row{Title: "Downstream", Panels: []Panel{{
		Key: "deploy-topic", Title: "Topic", Unit: "mps",
		Description: "Messages a second that the topic took, and those that it could not deliver. Good is a steady flow and no failures: a new version must not change what is sent.",
		Queries:     list(Rate(t.Published, "published"), Rate(t.Failed, "failed")),
	}}}
	d := b.signals.Database
	if d == nil {
		return row
	}
	row.Panels = append(row.Panels, Panel{
		Key: "deploy-acu", Title: "Database capacity in use", Max: 100,
		Description: "Capacity of the most that the writer may have. Good is no step at the beginning of the deploy: a step is a statement that became expensive.",
		Queries:     b.orElse(b.watch("database-acu", "capacity"), Metric(d.ACUUtilization, "capacity")),
	}, Panel{
		Key: "deploy-connections", Title: "Database connections",
		Description: "Open connections. Good is one for each sandbox that runs; both versions hold some for a while.",
		Queries:     b.orElse(b.watch("database-connections", "connections"), Metric(d.Connections, "connections")),
	})
	return row
}
