package dashboards_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/tracehaul/tracehaul/dashboards"
	"github.com/tracehaul/tracehaul/dashboards/lint"
	"github.com/tracehaul/tracehaul/pipeline"
)

// The linter finds, in a board that was generated, the faults that somebody who
// changes the generator may make.
func TestBoards_SeededFaults_AreFound(t *testing.T) {
	t.Parallel()
	set := load(t, "prod")
	boards := boardsOf(t, set)
	at := slices.IndexFunc(boards, func(b dashboards.Board) bool { return b.Name == pipeline.BoardPipeline })
	text := boards[at].JSON()
	o := dashboards.LintOptions(set)
	for _, fault := range []struct {
		name, old, fresh, rule string
	}{
		{"wrong unit", `"unit": "reqps"`, `"unit": "requests"`, "unit"},
		{"unit of another kind", `"unit": "bytes"`, `"unit": "ms"`, "cloudwatch-unit"},
		{"missing variable", `"name": "load_balancer"`, `"name": "balancer"`, "variable"},
		{"misspelt metric", `"metricName": "RequestCount"`, `"metricName": "RequestsCount"`, "cloudwatch-name"},
		{"misspelt dimension", `"TargetGroup": "${target_group_a}"`, `"TargetGroups": "${target_group_a}"`, "cloudwatch-name"},
		{"overlapping panels", `"x": 4,`, `"x": 3,`, "layout"},
		{"query without mode", `"queryMode": "Metrics",`, ``, "cloudwatch-mode"},
		{"query without type", `"metricQueryType": 0,`, ``, "cloudwatch-mode"},
		{"threshold of its own", `"value": 0.9`, `"value": 0.8`, "alarm"},
		{"unknown alarm", `"title": "alarm: latency-p99"`, `"title": "alarm: latency-p90"`, "alarm"},
		{"broken PromQL", `histogram_quantile(0.5, sum by (le) (`, `histogram_quantile(0.5, sum by (le (`, "promql"},
		{"misspelt metric in PromQL", `tracehaul_event_refused_total{`, `tracehaul_events_refused_total{`, "promql"},
		{"broken TraceQL", `status = error }"`, `status = error"`, "traceql"},
		{"link to nowhere", `"url": "/d/prod-orders-deploy"`, `"url": "/d/prod-orders-deploys"`, "link"},
		{"colour that is none for some", `"mode": "palette-colorblind"`, `"mode": "palette-classic"`, "colour-mode"},
		{"title left out", `"title": "Response time"`, `"title": ""`, "title"},
		{"unknown field", `"targets": [`, `"target": [], "targets": [`, "schema"},
		{"expression over what is not there", `FILL(elb, 0)`, `FILL(alb, 0)`, "metric-math"},
		{"percentile misspelt", `"statistic": "p90"`, `"statistic": "90p"`, "cloudwatch-query"},
	} {
		if !bytes.Contains(text, []byte(fault.old)) {
			t.Errorf("%s: the board has no %s", fault.name, fault.old)
			continue
		}
		broken := bytes.Replace(text, []byte(fault.old), []byte(fault.fresh), 1)
		if !json.Valid(broken) {
			t.Errorf("%s: the fault makes no JSON", fault.name)
		}
		findings := lint.Dashboard("pipeline.json", broken, o)
		if !slices.ContainsFunc(findings, func(f lint.Finding) bool { return f.Rule == fault.rule }) {
			t.Errorf("%s: not found by the rule %s; findings: %v", fault.name, fault.rule, findings)
		}
	}
}
