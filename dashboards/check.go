package dashboards

import (
	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards/lint"
	"github.com/tracehaul/tracehaul/pipeline"
)

// LintOptions are what the linter has to know of a pipeline to check
// dashboards of it: the thresholds of its alarms, the metrics that are counted
// from its log lines, and its boards, to which links may lead.
func LintOptions(set *alarms.Set) lint.Options {
	o := lint.Options{Namespaces: make(map[string]lint.Names), Thresholds: make(map[string]lint.Threshold), Runbooks: set.Pipeline.Runbooks}
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
	prefixes := prefixesOf(set.Pipeline)
	for _, s := range set.Filters() {
		for _, name := range []string{s.Metric.Namespace, written(prefixes, s.Metric.Namespace)} {
			names := o.Namespaces[name]
			names.Metrics = append(names.Metrics, s.Metric.Name)
			names.Dimensions = []string{}
			o.Namespaces[name] = names
		}
	}
	for _, i := range instruments {
		o.Metrics = append(o.Metrics, i.names()...)
	}
	for _, board := range pipeline.Boards() {
		o.Dashboards = append(o.Dashboards, set.Pipeline.DashboardUID(board))
	}
	return o
}
