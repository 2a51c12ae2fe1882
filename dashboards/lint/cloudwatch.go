package lint

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/dashboards/internal/reference"
)

// Query modes and types of Grafana's CloudWatch data source. (The SDK's package
// cloudwatch names the same.)
const (
	modeMetrics = "Metrics"
	modeLogs    = "Logs"

	typeSearch   = 0 // metrics by name, or metric math
	typeInsights = 1 // SQL

	editorBuilder = 0
	editorCode    = 1
)

// query is what a metric query asks for.
type query struct{ kind, editor float64 }

// metricQuery returns the type of a metric query whose modes are set.
func (t *target) metricQuery() (query, bool) {
	kind, hasKind := t.get("metricQueryType").number()
	editor, hasEditor := t.get("metricEditorMode").number()
	return query{kind, editor}, t.get("queryMode").text() == modeMetrics && hasKind && hasEditor
}

// named reports whether the target asks for a metric by its name.
func (t *target) named() bool {
	q, ok := t.metricQuery()
	return t.kind == kindCloudWatch && ok && q == query{typeSearch, editorBuilder}
}

func checkCloudWatchMode(c *checker) {
	for t := range c.of(kindCloudWatch) {
		switch t.get("queryMode").text() {
		case modeMetrics:
			for _, key := range []string{"metricQueryType", "metricEditorMode"} {
				if x, ok := t.get(key).number(); !ok || x != 0 && x != 1 {
					c.report(t.get(key), "%s is %s: want 0 or 1, as Grafana guesses otherwise and the panel stays empty", key, t.get(key).shown())
				}
			}
		case modeLogs:
			if groups := t.get("logGroups"); groups.len() == 0 && !strings.HasPrefix(strings.TrimSpace(strings.ToUpper(t.get("expression").text())), "SOURCE") {
				c.report(groups, "the query names no log groups: want logGroups with arn and name")
			}
			for _, g := range t.get("logGroups").items() {
				if g.get("arn").text() == "" || g.get("name").text() == "" {
					c.report(g, "the log group lacks its arn or its name: want both")
				}
			}
		default:
			c.report(t.get("queryMode"), "queryMode is %s: want %q or %q", t.get("queryMode").shown(), modeMetrics, modeLogs)
		}
		if strings.TrimSpace(t.get("region").text()) == "" {
			c.report(t.get("region"), `the query has no region: want one, a variable, or "default" for that of the data source`)
		}
	}
}

func checkCloudWatchNames(c *checker) {
	for t := range c.of(kindCloudWatch) {
		if !t.named() {
			continue
		}
		namespace := t.get("namespace")
		if variable(namespace.text()) {
			continue
		}
		known, ok := c.names(namespace.text())
		if !ok {
			all := slices.Sorted(maps.Keys(cloudWatchNames()))
			c.report(namespace, "the namespace %q is not among the known ones: want one of those of an event pipeline, or one that is given%s", namespace.text(), c.meant(namespace.text(), all))
			continue
		}
		c.checkName(t.get("metricName"), "metric", namespace.text(), known.Metrics)
		for name, value := range t.get("dimensions").fields() {
			c.checkName(&node{value: name, parent: value.parent, key: name}, "dimension", namespace.text(), known.Dimensions)
			if values := value.texts(); len(values) == 0 || slices.Contains(values, "") {
				c.report(value, `the dimension %q has no value: want one, a variable or "*"`, name)
			}
		}
	}
}

func (c *checker) checkName(n *node, what, namespace string, known []string) {
	name := n.text()
	switch {
	case name == "":
		c.report(n, "the query names no %s", what)
	case variable(name) || known == nil || slices.Contains(known, name):
	default:
		c.report(n, "%s has no %s %q: the panel stays empty%s", namespace, what, name, c.meant(name, known))
	}
}

func variable(text string) bool { return len(reference.Find(text)) > 0 }

// statisticPattern is "CloudWatch statistics definitions", CloudWatch user guide.
var statisticPattern = regexp.MustCompile(`^(Average|Sum|Minimum|Maximum|SampleCount|IQM|` +
	`(p|tm|wm|tc|ts)(100|\d{1,2}(\.\d{1,10})?)|` +
	`(TM|WM|TC|TS)\((\d+(\.\d+)?%?)?:(\d+(\.\d+)?%?)?\)|PR\((\d+(\.\d+)?)?:(\d+(\.\d+)?)?\))$`)

// idPattern is what GetMetricData takes. (MetricDataQuery, CloudWatch API reference.)
var idPattern = regexp.MustCompile(`^[a-z][A-Za-z0-9_]{0,254}$`)

var periodPattern = regexp.MustCompile(`^(auto|\d+[smhd]?)$`)

func checkCloudWatchQueries(c *checker) {
	for t := range c.of(kindCloudWatch) {
		if t.get("queryMode").text() != modeMetrics {
			continue
		}
		c.checkQueryID(t)
		if period := t.get("period").text(); period != "" && !variable(period) && !periodPattern.MatchString(period) {
			c.report(t.get("period"), `the period %q is none: want seconds such as "60", "auto" or "" for auto`, period)
		}
		if t.named() {
			c.checkMetricStat(t)
		}
		if q, ok := t.metricQuery(); ok && q.kind == typeInsights && strings.TrimSpace(t.get("sqlExpression").text()) == "" {
			c.report(t.get("sqlExpression"), "the query is of Metrics Insights and has no sqlExpression")
		}
	}
}

func (c *checker) checkQueryID(t *target) {
	id := t.get("id").text()
	if id == "" {
		return // Grafana makes one
	}
	if !idPattern.MatchString(id) {
		c.report(t.get("id"), "the id %q is none: want a small letter, then letters, digits and _", id)
	}
	for _, other := range t.panel.targets {
		if other.index < t.index && other.get("id").text() == id {
			c.report(t.get("id"), "%s has the id %q, too", other.path(), id)
			return
		}
	}
}

// checkMetricStat looks at how a named metric is read.
func (c *checker) checkMetricStat(t *target) {
	switch statistic := t.get("statistic"); {
	case statistic.text() == "":
		c.report(statistic, "the query has no statistic: want one such as Sum, Average or p99")
	case !variable(statistic.text()) && !statisticPattern.MatchString(statistic.text()):
		c.report(statistic, "there is no statistic %q: want Average, Sum, Minimum, Maximum, SampleCount, IQM, p99, tm99, PR(:0.3) or the like", statistic.text())
	}
	exact, ok := t.get("matchExact").value.(bool)
	switch {
	case !ok:
		c.report(t.get("matchExact"), "matchExact is not set: want true, or false where a dimension is *")
	case !exact && !wildcard(t):
		c.report(t.get("matchExact"), "matchExact is false: series with further dimensions are drawn, too, and counted twice; want true")
	}
}

// wildcard reports whether a dimension stands for several values.
func wildcard(t *target) bool {
	for _, value := range t.get("dimensions").fields() {
		texts := value.texts()
		if slices.Contains(texts, "*") || len(texts) > 1 || slices.ContainsFunc(texts, variable) {
			return true
		}
	}
	return false
}
