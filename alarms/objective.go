package alarms

import (
	"strconv"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/internal/figure"
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
	bad     string // completes "More ... than": what is wrong with the bad ones
	percent float64
	hop     signal.Hop
	owner   string
	runbook string
	logs    snippet.Snippet

	inputs []Input
	number string // metric math for how many events are bad, 0 where there is no data: see the floors in catalogue.go
	share  string // metric math for the percentage that they are

	// suppressor explains the pages of the objective. settles is how long bad
	// events may still come in after it is over: what was late is found late
	// only when it is stored.
	suppressor string
	settles    time.Duration
}

func (b *builder) objectives() {
	o, e := b.pipeline.Objectives, b.signals.Edge
	b.objective(objective{
		key: "availability", title: "availability", bad: "requests are answered with 5XX", percent: o.AvailabilityPercent,
		hop: signal.HopEdge, runbook: "availability.md", logs: b.snippets.Service().Refusals,
		inputs:     append([]Input{{"target", e.Target5XX}}, elbInputs(e)...),
		number:     "FILL(elb, 0) + FILL(target, 0)",
		share:      "100 * (FILL(elb, 0) + FILL(target, 0)) / " + allRequests,
		suppressor: "edge",
		settles:    5 * time.Minute,
	})
	b.objective(objective{
		key: "latency", title: "latency", bad: "requests take longer than " + figure.Time(o.Latency), percent: o.LatencyPercent,
		hop: signal.HopEdge, runbook: "latency.md", logs: b.snippets.Service().Errors,
		inputs:     []Input{{"fast", e.ResponseTime.With("PR(:" + figure.Number(o.Latency.Seconds()) + ")")}, {"requests", e.Requests}},
		number:     "FILL(requests, 0) * (100 - FILL(fast, 100)) / 100",
		share:      "100 - fast",
		suppressor: "edge",
		settles:    5 * time.Minute,
	})
	for i, s := range b.signals.Consumers {
		c := &b.pipeline.Consumers[i]
		b.consumer = c
		b.objective(objective{
			key: c.Name + "-freshness", title: "freshness in " + c.Name, bad: "events are stored later than " + figure.Time(o.Freshness) + " after they were accepted",
			percent: o.FreshnessPercent, hop: signal.HopConsumer, owner: c.Owner, runbook: "freshness.md",
			logs:       b.snippets.Consumer(c).Late,
			inputs:     []Input{{"late", s.Late}, {"stored", s.Stored}},
			number:     "FILL(late, 0)",
			share:      "100 * FILL(late, 0) / stored",
			suppressor: c.Name + "-queue",
			settles:    10 * time.Minute,
		})
		b.consumer = nil
	}
}

// objective adds the windows, a composite that pages for whichever pair is
// breached, and one that makes a ticket of the trend. A pair whose threshold
// nothing could exceed is left out.
func (b *builder) objective(o objective) {
	for _, severity := range []string{pipeline.SeverityPage, pipeline.SeverityTicket} {
		var pairs []Rule
		var limits []string
		var settles time.Duration
		for _, rate := range burns() {
			threshold := figure.Round(rate.rate*(100-o.percent), 6)
			if rate.severity != severity || threshold >= 100 {
				continue
			}
			long, short := o.window(rate, rate.long, threshold, fewLong), o.window(rate, rate.short, threshold, fewShort)
			b.add(long)
			b.add(short)
			pairs = append(pairs, All(long.Key, short.Key))
			limits = append(limits, figure.Number(threshold)+" % over "+figure.Time(rate.long)+" and over the last "+figure.Time(rate.short))
			settles = max(settles, rate.short)
		}
		if len(pairs) > 0 {
			b.add(o.composite(severity, Rule{Op: OpAny, Rules: pairs}, limits, settles))
		}
	}
}

// composite is what sends messages: a page, or a ticket, whose key ends with "-trend".
func (o objective) composite(severity string, rule Rule, limits []string, settles time.Duration) Alarm {
	a := Alarm{
		Key: o.key, Title: "The error budget of " + o.title + " is being spent", Hop: o.hop, Owner: o.owner, Severity: severity, Runbook: o.runbook, Logs: o.logs,
		Meaning:   "More " + o.bad + " than the objective allows: above " + strings.Join(limits, ", or ") + ". It allows " + figure.Number(figure.Round(100-o.percent, 6)) + " %.",
		Composite: &Composite{Rule: rule},
	}
	if severity == pipeline.SeverityPage {
		// An incident stays in the short window for as long as that is: a page
		// that comes when all is well again is of no use to anybody.
		a.Composite.Suppressor, a.Composite.Extension = o.suppressor, settles+o.settles
	} else {
		a.Key += "-trend"
	}
	return a
}

// A few bad events are no trend, however few there are in all: with that many,
// or less, a window is not breached.
const (
	fewLong  = 10
	fewShort = 3
)

// window is one window of a pair.
func (o objective) window(rate burn, window time.Duration, threshold float64, few int) Alarm {
	return Alarm{
		Key: o.key + "-" + rate.name + "-" + short(window), Title: "Error budget of " + o.title + ", over " + figure.Time(window),
		Hop: o.hop, Owner: o.owner, Severity: rate.severity, Notify: NotifyNobody, Runbook: o.runbook, Logs: o.logs,
		Meaning: "More " + o.bad + " than the objective allows, over " + figure.Time(window) + ". It is one of two windows: only both together send a message.",
		Metric: &Metric{
			Inputs:     o.inputs,
			Expression: "IF(" + o.number + " > " + strconv.Itoa(few) + ", " + o.share + ", 0)",
			Threshold:  threshold, Unit: signal.UnitPercent, Period: window,
		},
	}
}
