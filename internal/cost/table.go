package cost

import (
	"fmt"
	"strings"
)

// Table is the estimates of two deployments beside each other, in Markdown. Both
// have the parts that the second has.
func Table(first, second Deployment) string {
	few, many := Estimate(first), Estimate(second)
	dollars := map[string]Line{}
	for _, l := range few {
		dollars[l.Part] = l
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| part | %s | made of | %s | made of |\n| --- | ---: | --- | ---: | --- |\n", title(first), title(second))
	for _, l := range many {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", l.Part, Money(dollars[l.Part].Dollars), dollars[l.Part].Made, Money(l.Dollars), l.Made)
	}
	fmt.Fprintf(&b, "| **all** | **%s** | | **%s** | |\n", Money(Total(few)), Money(Total(many)))
	return b.String()
}

func title(d Deployment) string {
	if d.Traffic.EventsPerSecond == 0 {
		return d.Pipeline.Environment + ", idle"
	}
	return fmt.Sprintf("%s, %g events/s", d.Pipeline.Environment, d.Traffic.EventsPerSecond)
}

// Money is an amount as people read it: cents only where they matter.
func Money(dollars float64) string {
	if dollars >= 10 || dollars == 0 {
		return fmt.Sprintf("%.0f", dollars)
	}
	return fmt.Sprintf("%.2f", dollars)
}

// Change is a setting that makes a deployment cheaper.
type Change struct {
	Setting string
	Loses   string // what it costs otherwise

	// Set changes a deployment, whose description is a copy.
	Set func(*Deployment)
}

// Savings are what each change saves in two deployments, alone, in Markdown.
func Savings(changes []Change, first, second Deployment) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| setting | saves in %s | in %s | and |\n| --- | ---: | ---: | --- |\n", first.Pipeline.Environment, second.Pipeline.Environment)
	for _, c := range changes {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", c.Setting, Money(saved(c, first)), Money(saved(c, second)), c.Loses)
	}
	return b.String()
}

func saved(c Change, d Deployment) float64 {
	before := Total(Estimate(d))
	p := *d.Pipeline
	d.Pipeline = &p
	d.Traffic = d.Traffic.WithDefaults()
	c.Set(&d)
	return max(before-Total(Estimate(d)), 0)
}

// Changes are the settings that docs/cost.md lists.
var Changes = []Change{
	{
		"`-var endpoint_zones=1` of network", "the other zones depend on that one",
		func(d *Deployment) { d.Traffic.EndpointZones = 1 },
	},
	{
		"`network.zones: 2`, before the first apply", "an outage of a zone takes half",
		func(d *Deployment) { d.Pipeline.Network.Zones = 2 },
	},
	{
		"`database.readers: 1`", "one instance to fail over to",
		func(d *Deployment) { d.Pipeline.Database.Readers = min(d.Pipeline.Database.Readers, 1) },
	},
	{
		"`database.min_acu: 0.5`", "a peak waits until the capacity has grown, step by step",
		func(d *Deployment) { d.Pipeline.Database.MinACU = min(d.Pipeline.Database.MinACU, 0.5) },
	},
	{
		"`service.min_tasks: 2`", "less room for a sudden peak",
		func(d *Deployment) { d.Pipeline.Service.MinTasks = min(d.Pipeline.Service.MinTasks, 2) },
	},
	{
		"clients send ten events in a request", "they gather them first",
		func(d *Deployment) { d.Traffic.EventsPerRequest = 10 },
	},
	{
		"`telemetry.sample_percent: 1`", "a trace of one event in a hundred",
		func(d *Deployment) { d.Pipeline.Telemetry.SamplePercent = min(d.Pipeline.Telemetry.SamplePercent, 1) },
	},
	{
		"X-Ray indexes 1 %, which is free", "a trace is found by its id in the log group `aws/spans`, not on the trace map",
		func(d *Deployment) { d.Traffic.IndexedPercent = freeIndexedPercent },
	},
	{
		"`edge.alb_spans: false`", "traces begin at the service, and requests that none saw are in none",
		func(d *Deployment) { d.Pipeline.Edge.ALBSpans = false },
	},
	{
		"`edge.waf: false`", "no limit for an address, none of AWS's rules",
		func(d *Deployment) { d.Pipeline.Edge.WAF = false },
	},
}
