package dashboards

import (
	"math"
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
)

// lineColours are those of the lines of alarms, by severity.
var lineColours = map[string]string{
	pipeline.SeverityPage: colourBad, pipeline.SeverityTicket: "#E69F00", pipeline.SeverityNotice: "#CC79A7",
}

// scales are how many seconds, or shares of all, a unit is: for those that are
// drawn in another unit than the alarm's.
var scales = map[string]float64{"s": 1, "ms": 1e-3, "percent": 0.01, "percentunit": 1}

// limit is the threshold of an alarm in the unit of a panel. ok is false for an
// alarm that compares with no number.
func limit(a *alarms.Alarm, unit string) (value float64, ok bool) {
	if a.Metric == nil || a.Metric.Comparison.Band() {
		return 0, false
	}
	from, to := scales[gridUnits[a.Metric.Unit]], scales[unit]
	if from == 0 || to == 0 || from == to {
		return a.Metric.Threshold, true
	}
	return a.Metric.Threshold * from / to, true
}

// lines are the thresholds of a graph: a line for each, in the colour of its
// alarm's severity. Nil where there is none.
func lines(unit string, watched []*alarms.Alarm) *dashboard.ThresholdsConfig {
	steps := []dashboard.Threshold{{Color: colourNone}}
	for _, a := range watched {
		value, ok := limit(a, unit)
		if !ok || slices.ContainsFunc(steps, func(s dashboard.Threshold) bool { return s.Value != nil && *s.Value == value }) {
			continue
		}
		steps = append(steps, dashboard.Threshold{Value: &value, Color: lineColours[a.Severity]})
	}
	if len(steps) == 1 {
		return nil
	}
	slices.SortStableFunc(steps[1:], func(a, b dashboard.Threshold) int {
		if *a.Value < *b.Value {
			return -1
		}
		return 1
	})
	return &dashboard.ThresholdsConfig{Mode: dashboard.ThresholdsModeAbsolute, Steps: steps}
}

// levels are the thresholds of a number: its colour is good on one side of them
// and bad on the other.
func levels(unit string, watched []*alarms.Alarm) *dashboard.ThresholdsConfig {
	out := lines(unit, watched)
	if out == nil {
		return &dashboard.ThresholdsConfig{Mode: dashboard.ThresholdsModeAbsolute, Steps: []dashboard.Threshold{{Color: colourNone}}}
	}
	out.Steps[0].Color = colourGood
	for i := range out.Steps[1:] {
		strict(&out.Steps[i+1], unit, watched)
	}
	below := slices.ContainsFunc(watched, func(a *alarms.Alarm) bool {
		return a.Metric != nil && (a.Metric.Comparison == alarms.Below || a.Metric.Comparison == alarms.AtMost)
	})
	if below {
		out.Steps[0].Color = colourBad
		for i := range out.Steps[1:] {
			out.Steps[i+1].Color = colourGood
		}
	}
	return out
}

// strict moves a step by next to nothing where the threshold itself is still on
// the good side: Grafana takes a value for beyond a step that equals it.
func strict(s *dashboard.Threshold, unit string, watched []*alarms.Alarm) {
	for _, a := range watched {
		if value, ok := limit(a, unit); ok && value == *s.Value && (a.Metric.Comparison == alarms.Above || a.Metric.Comparison == alarms.AtMost) {
			s.Value = new(value + nextToNothing*max(1, math.Abs(value)))
			return
		}
	}
}

// nextToNothing is below what dashboards/lint takes for a difference.
const nextToNothing = 5e-10

// alarmLinks lead to the runbooks of a panel's alarms. Their titles say which
// alarms those are: dashboards/lint compares thresholds by them.
func (d *drawing) alarmLinks(watched []*alarms.Alarm) []dashboard.DashboardLink {
	var links []dashboard.DashboardLink
	for _, a := range watched {
		links = append(links, dashboard.DashboardLink{
			Title: "alarm: " + a.Key, Type: dashboard.DashboardLinkTypeLink, Icon: "doc", Tooltip: a.Title, Tags: []string{},
			Url: new(alarms.RunbookURL(d.pipeline, a.Runbook)), TargetBlank: true,
		})
	}
	return links
}

// valueLink leads from a value to somewhere else.
func valueLink(title, url string) dashboard.DashboardLink {
	return dashboard.DashboardLink{Title: title, Type: dashboard.DashboardLinkTypeLink, Icon: "external link", Tags: []string{}, Url: &url, TargetBlank: true}
}
