package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/alarms/metricmath"
	"github.com/tracehaul/tracehaul/dashboards/internal/reference"
)

// dashboardFunctions are the functions that a graph may use and an alarm may
// not, or which metricmath does not evaluate. ("Use metric math", CloudWatch user guide.)
var dashboardFunctions = setOf([]string{
	"ANOMALY_DETECTION_BAND", "DB_PERF_INSIGHTS", "FIRST", "INSIGHT_RULE_METRIC", "LAMBDA", "LAST", "LOG", "LOG10", "METRICS", "METRIC_COUNT",
	"REMOVE_EMPTY", "RUNNING_SUM", "SEARCH", "SERVICE_QUOTA", "SLICE", "SORT", "STDDEV", "TIME_SERIES",
})

// alarmFunctions are those that metricmath knows.
var alarmFunctions = setOf([]string{
	"ABS", "AVG", "CEIL", "DATE", "DAY", "DIFF", "EPOCH", "FILL", "FLOOR", "HOUR", "IF", "MAX", "MIN", "MINUTE", "MONTH", "PERIOD", "RATE", "SUM", "YEAR",
})

var (
	callPattern = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_]*)\s*\(`)
	usePattern  = regexp.MustCompile(`\b[a-z][A-Za-z0-9_]*\b`)
)

func checkMetricMath(c *checker) {
	for t := range c.of(kindCloudWatch) {
		q, ok := t.metricQuery()
		if !ok || q.kind != typeSearch {
			continue
		}
		expression := t.get("expression")
		switch text := strings.TrimSpace(expression.text()); {
		case q.editor == editorBuilder && text != "":
			c.report(expression, "the query has an expression that the builder does not use: want metricEditorMode 1, or no expression")
		case q.editor == editorCode && text == "":
			c.report(expression, "the query is metric math and has no expression")
		case len(text) > metricmath.MaxLength:
			c.report(expression, "the expression has %d characters: %d are allowed", len(text), metricmath.MaxLength)
		case q.editor == editorCode:
			c.checkExpression(t, expression, reference.Replace(text, func(reference.Variable) string { return "1" }))
		}
	}
}

func (c *checker) checkExpression(t *target, at *node, text string) {
	blanked, err := metricDialect.blank(text)
	if err != nil {
		c.report(at, "the expression is none: %v", err)
		return
	}
	ofDashboards := false
	for _, call := range callPattern.FindAllStringSubmatch(blanked, -1) {
		_, here := dashboardFunctions[call[1]]
		if _, known := alarmFunctions[call[1]]; !known && !here && call[1] != "AND" && call[1] != "OR" {
			all := append(keys(dashboardFunctions), keys(alarmFunctions)...)
			c.report(at, "there is no function %q in metric math%s", call[1], c.meant(call[1], all))
			return
		}
		ofDashboards = ofDashboards || here
	}
	ids := usePattern.FindAllString(blanked, -1)
	if !ofDashboards {
		e, err := parseMath(text)
		if err != nil {
			c.report(at, "the expression is none: %v", err)
			return
		}
		ids = e.IDs()
	}
	c.checkIDs(t, at, ids)
}

// parseMath reads an expression whose result may be several series, which a
// graph may draw and an alarm may not watch: their sum is one.
func parseMath(text string) (*metricmath.Expression, error) {
	e, err := metricmath.Parse(text)
	if err != nil {
		if sum, sumErr := metricmath.Parse("SUM(" + text + ")"); sumErr == nil {
			return sum, nil
		}
	}
	return e, err
}

// checkIDs finds ids that no query of the panel has.
func (c *checker) checkIDs(t *target, at *node, ids []string) {
	var known []string
	for _, other := range t.panel.targets {
		if id := other.get("id").text(); id != "" && other.index != t.index {
			known = append(known, id)
		}
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		if !slices.Contains(known, id) {
			c.report(at, "no other query of the panel has the id %q%s", id, c.meant(id, known))
		}
	}
}
