package dashboards

import (
	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/internal/figure"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// objectiveRow shows how the promises are kept, and how fast their error
// budgets are spent.
func (b *builder) objectiveRow() Row {
	o, e := b.pipeline.Objectives, b.signals.Edge
	days := figure.Number(o.Window.Hours()/24) + "d"
	bad := "FILL(elb, 0) + FILL(target, 0)"
	// Requests whose target hung up or took too long are among those that had one.
	all := "FILL(requests, 0) + FILL(elb, 0) - FILL(hangups, 0) - FILL(timeouts, 0)"
	available := []alarms.Input{
		{ID: "elb", Signal: e.ELB5XX},
		{ID: "hangups", Signal: e.ELB502},
		{ID: "timeouts", Signal: e.ELB504},
		{ID: "target", Signal: e.Target5XX},
		{ID: "requests", Signal: e.Requests},
	}
	fast := []alarms.Input{{ID: "fast", Signal: e.ResponseTime.With("PR(:" + figure.Number(o.Latency.Seconds()) + ")")}, {ID: "requests", Signal: e.Requests}}
	service := selector(b.pipeline.Service.Name)
	row := Row{Title: "Objectives over " + days}
	row.Panels = append(row.Panels, b.budget("availability", "Availability", days, o.AvailabilityPercent,
		"Share of requests that were not answered with 5XX",
		available, "SUM("+bad+")", "SUM("+all+")",
		share5XX(service, days))...)
	row.Panels = append(row.Panels, b.budget("latency", "Fast enough", days, o.LatencyPercent,
		"Share of requests that were answered within "+figure.Time(o.Latency),
		fast, "SUM(FILL(requests, 0) * (100 - FILL(fast, 100)) / 100)", "SUM(FILL(requests, 0))",
		httpRequests.slower(o.Latency.Seconds(), semconv.DurationBuckets(), service, days))...)
	for i := range b.signals.Consumers {
		c := &b.signals.Consumers[i]
		stored := []alarms.Input{{ID: "late", Signal: c.Late}, {ID: "stored", Signal: c.Stored}}
		row.Panels = append(row.Panels, b.budget(c.Name+"-freshness", "Fresh in "+c.Name, days, o.FreshnessPercent,
			"Share of events whose row was there within "+figure.Time(o.Freshness)+" of the 202",
			stored, "SUM(FILL(late, 0))", "SUM(FILL(stored, 0))",
			endToEnd.slower(o.Freshness.Seconds(), semconv.QueueBuckets(), selector(c.Name), days))...)
	}
	for _, key := range b.objectiveKeys() {
		row.Panels = append(row.Panels, Panel{
			Key: key + "-burn", Title: "Error budget burn: " + key, Width: 6, Since: "24h",
			Description: "Share of bad events over windows; each line is what spends the budget too fast. A page needs both windows of a pair above their line. The alarms look back from every minute; here a window is drawn at its beginning, and the last one is not over. Good is near none. The failing traces say what is wrong.",
			Queries: join(b.watch(key+"-fast-1h", "1 hour, fast"), b.watch(key+"-fast-5m", "5 minutes, fast"),
				b.watch(key+"-slow-6h", "6 hours, slow"), b.watch(key+"-slow-30m", "30 minutes, slow")),
			Alarms: b.known(key),
		})
	}
	row.Panels = append(row.Panels, Panel{
		Key: "end-to-end", Title: "End-to-end time", Unit: "s", Width: 6,
		Description: "Time from a 202 to the row; diamonds are traces. Good is below the freshness objective of " + figure.Time(o.Freshness) + ". The rows below show which hop takes the time.",
		Queries: list(PromQL(endToEnd.quantile(0.5, b.selectorAll()), "p50"), PromQL(endToEnd.quantile(0.9, b.selectorAll()), "p90"),
			PromQL(endToEnd.quantile(0.99, b.selectorAll()), "p99").Exemplars()),
	})
	return row
}

// objectiveKeys are the beginnings of the keys of the alarms on objectives.
func (b *builder) objectiveKeys() []string {
	keys := []string{"availability", "latency"}
	for i := range b.signals.Consumers {
		keys = append(keys, b.signals.Consumers[i].Name+"-freshness")
	}
	return keys
}

// budget are two numbers: the share of good events over the objective's window,
// and how much of the error budget is left.
func (b *builder) budget(key, title, days string, objective float64, what string, inputs []alarms.Input, bad, all, promBad string) []Panel {
	allowed := figure.Number(figure.Round(100-objective, 6))
	series := inputs[len(inputs)-1].ID // an expression must be a series, not one number
	good := "FILL(" + series + ", 0) * 0 + 100 - 100 * " + bad + " / " + all
	left := "FILL(" + series + ", 0) * 0 + 100 - 100 * 100 * " + bad + " / " + all + " / " + allowed
	promLeft := "100 - 100 * 100 * (" + promBad + ") / " + allowed
	promGood := "100 - 100 * (" + promBad + ")"
	return []Panel{
		{
			Key: key + "-attained", Title: title, Kind: Stat, Unit: "percent", Since: days,
			Description: what + " over the last " + days + ". Good is above the objective of " + figure.Number(objective) + " %. Below it, reliability goes before features.",
			Queries:     list(Math(inputs, good, title).Every(hour)), Otherwise: list(PromQL(promGood, title).Instant()),
		},
		{
			Key: key + "-budget", Title: title + ": budget left", Kind: Stat, Unit: "percent", Since: days,
			Description: "How much of the error budget of the last " + days + " is left. Good is more than the share of the window that is to come. Below none the objective is missed.",
			Queries:     list(Math(inputs, left, "left").Every(hour)), Otherwise: list(PromQL(promLeft, "left").Instant()),
		},
	}
}
