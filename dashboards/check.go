package dashboards

import (
	"strings"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards/lint"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// LintOptions are what the linter has to know of a pipeline to check
// dashboards of it: the thresholds of its alarms, the metrics that are counted
// from its log lines or are watched by an alarm of the team's own, and its
// boards, to which links may lead.
func LintOptions(set *alarms.Set) lint.Options {
	o := lint.Options{Namespaces: namesOf(set), Thresholds: make(map[string]lint.Threshold), Runbooks: set.Pipeline.Runbooks}
	if o.Runbooks != "" {
		o.Runbooks += "/"
	}
	all := set.Alarms()
	for i := range all {
		a := &all[i]
		if a.Metric == nil || a.Metric.Comparison.Band() {
			o.Thresholds[a.Key] = lint.Threshold{None: true}
			continue
		}
		o.Thresholds[a.Key] = lint.Threshold{Value: a.Metric.Threshold, Unit: string(a.Metric.Unit)}
	}
	for _, i := range instruments {
		o.Metrics = append(o.Metrics, i.names()...)
	}
	for _, board := range pipeline.Boards() {
		o.Dashboards = append(o.Dashboards, set.Pipeline.DashboardUID(board))
	}
	return o
}

// namesOf are the namespaces that are not AWS's, with what is in them.
func namesOf(set *alarms.Set) map[string]lint.Names {
	known := make(map[string]lint.Names)
	prefixes := prefixesOf(set.Pipeline)
	add := func(m signal.Metric) {
		for _, namespace := range []string{m.Namespace, written(prefixes, m.Namespace)} {
			names := known[namespace]
			if names.Dimensions == nil {
				names.Dimensions = []string{} // nil would stand for any
			}
			names.Metrics = append(names.Metrics, m.Name)
			for _, d := range m.Dimensions {
				names.Dimensions = append(names.Dimensions, d.Name)
			}
			known[namespace] = names
		}
	}
	for _, s := range set.Filters() {
		add(s.Metric)
	}
	all := set.Alarms()
	for i := range all {
		if all[i].Metric == nil {
			continue
		}
		for _, in := range all[i].Metric.Inputs {
			if !strings.HasPrefix(in.Signal.Metric.Namespace, "AWS/") { // whose names are documented
				add(in.Signal.Metric)
			}
		}
	}
	return known
}
