package alarms

import (
	"math"
	"time"

	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// burn is a pair of windows over which an error budget is watched: the long one
// says that it is serious, the short one that it still goes on. Both must
// breach.
type burn struct {
	name        string
	long, short time.Duration
	rate        float64 // 1 spends exactly the budget in the objective's window
	severity    string
}

// burns are the pairs of the SRE Workbook, "Alerting on SLOs", table 5-8. In a
// window of 30 days they have spent 2 %, 5 % and 10 % of the budget when they go
// off; in a shorter one more.
func burns() []burn {
	return []burn{
		{"fast", time.Hour, 5 * time.Minute, 14.4, pipeline.SeverityPage},
		{"slow", 6 * time.Hour, 30 * time.Minute, 6, pipeline.SeverityPage},
		{"trend", 72 * time.Hour, 6 * time.Hour, 1, pipeline.SeverityTicket},
	}
}

// objective is a share of good events that is promised.
type objective struct {
	key     string // what its alarms' keys begin with
	title   string // completes "The error budget of ..."
	bad     string // completes "... of the requests": what is wrong with the bad ones
	percent float64
	hop     signal.Hop
	owner   string
	runbook string
	logs    LogQuery

	inputs     []Input
	total      string // metric math for the number of all events, 0 where there is no data: see the floors in catalogue.go
	expression string // metric math for the percentage of bad events

	// suppressor explains the pages of the objective. settles is how long bad
	// events may still come in after it is over: what was late is found late
	// only when it is stored.
	suppressor string
	settles    time.Duration
}

func (b *builder) objectives() {
	o, e := b.pipeline.Objectives, b.signals.Edge
	b.objective(objective{
		key: "availability", title: "availability", bad: "of the requests are answered with 5XX", percent: o.AvailabilityPercent,
		hop: signal.HopEdge, runbook: "availability.md", logs: b.serviceLogs(queryRefusals),
		inputs:     []Input{{"elb", e.ELB5XX}, {"target", e.Target5XX}, {"unserved", e.ELB503}, {"requests", e.Requests}},
		total:      allRequests,
		expression: "100 * (FILL(elb, 0) + FILL(target, 0)) / " + allRequests,
		suppressor: "edge",
		settles:    5 * time.Minute,
	})
	b.objective(objective{
		key: "latency", title: "latency", bad: "of the requests take longer than " + words(o.Latency), percent: o.LatencyPercent,
		hop: signal.HopEdge, runbook: "latency.md", logs: b.serviceLogs(queryErrors),
		inputs:     []Input{{"fast", e.ResponseTime.With("PR(:" + number(o.Latency.Seconds()) + ")")}, {"requests", e.Requests}},
		total:      "FILL(requests, 0)",
		expression: "100 - fast",
		suppressor: "edge",
		settles:    5 * time.Minute,
	})
	for i, s := range b.signals.Consumers {
		c := &b.pipeline.Consumers[i]
		b.objective(objective{
			key: c.Name + "-freshness", title: "freshness in " + c.Name, bad: "of the events are stored later than " + words(o.Freshness) + " after they were accepted",
			percent: o.FreshnessPercent, hop: signal.HopConsumer, owner: c.Owner, runbook: "freshness.md",
			logs:       LogQuery{pipeline.LogGroupName(pipeline.KindFunction, c.FunctionName()), queryLate},
			inputs:     []Input{{"late", s.Late}, {"stored", s.Stored}},
			total:      "FILL(stored, 0)",
			expression: "100 * FILL(late, 0) / stored",
			suppressor: c.Name + "-queue",
			settles:    10 * time.Minute,
		})
	}
}

// objective adds a composite and its two windows for each burn rate at which
// there is something left that could be worse.
func (b *builder) objective(o objective) {
	budget := 100 - o.percent
	for _, rate := range burns() {
		threshold := round(rate.rate*budget, 6)
		if threshold >= 100 {
			continue // not even if everything failed
		}
		windows := make([]string, 2)
		for i, window := range []time.Duration{rate.long, rate.short} {
			windows[i] = o.key + "-" + rate.name + "-" + short(window)
			b.add(o.window(rate, windows[i], window, threshold))
		}
		composite := &Composite{Rule: All(windows...)}
		if rate.severity == pipeline.SeverityPage {
			// An incident stays in the short window for as long as that is: a
			// page that comes when all is well again is of no use to anybody.
			composite.Suppressor, composite.Extension = o.suppressor, rate.short+o.settles
		}
		b.add(Alarm{
			Key: o.key + "-" + rate.name, Title: "The error budget of " + o.title + " is being spent", Hop: o.hop, Owner: o.owner, Severity: rate.severity, Runbook: o.runbook, Logs: o.logs,
			Meaning: "More than " + number(threshold) + " % " + o.bad + ", over " + words(rate.long) + " and over the last " + words(rate.short) +
				". The objective allows " + number(round(budget, 6)) + " %; at this rate the budget of " + words(b.pipeline.Objectives.Window) + " lasts " + lasts(b.pipeline.Objectives.Window, rate.rate) + ".",
			Composite: composite,
		})
	}
}

// window is one window of a pair. One bad event alone never breaches it.
func (o objective) window(rate burn, key string, window time.Duration, threshold float64) Alarm {
	floor := max(20, math.Ceil(100/threshold))
	return Alarm{
		Key: key, Title: "Error budget of " + o.title + ", over " + words(window), Hop: o.hop, Owner: o.owner, Severity: rate.severity, Notify: NotifyNobody, Runbook: o.runbook, Logs: o.logs,
		Meaning: "More than " + number(threshold) + " % " + o.bad + ", over " + words(window) + ". It is one of two windows: both together are heard of.",
		Metric: &Metric{
			Inputs:     o.inputs,
			Expression: "IF(" + o.total + " > " + number(floor) + ", " + o.expression + ", 0)",
			Threshold:  threshold, Unit: signal.UnitPercent, Period: window,
		},
	}
}
