package lint_test

import (
	"bytes"
	"testing"

	"github.com/tracehaul/tracehaul/dashboards/lint"
)

// The good dashboard with one fault each, as they happen: every one is found,
// and nothing else is.
func TestDashboard_SeededFault_Found(t *testing.T) {
	for _, f := range []struct {
		fault, old, new string
		rules           []string
	}{
		{"unit that does not exist", `"unit": "percent"`, `"unit": "per cent"`, []string{"unit"}},
		{"milliseconds for seconds", `"unit": "s"`, `"unit": "ms"`, []string{"cloudwatch-unit", "alarm"}},
		{"variable that is defined nowhere", `"name": "region"`, `"name": "area"`, []string{"variable"}},
		{"misspelt variable", `"$region"`, `"$regoin"`, []string{"variable"}},
		{"misspelt metric", `"TargetResponseTime"`, `"TargetResponseTimes"`, []string{"cloudwatch-name"}},
		{"misspelt namespace", `"namespace": "AWS/SQS"`, `"namespace": "AWS/SQ"`, []string{"cloudwatch-name"}},
		{"misspelt dimension", `"QueueName"`, `"Queue"`, []string{"cloudwatch-name"}},
		{"panels that overlap", `"x": 16,`, `"x": 15,`, []string{"layout"}},
		{"query without its mode", `"queryMode": "Logs",`, ``, []string{"schema", "cloudwatch-mode"}},
		{"query without its type", `"metricQueryType": 0,`, ``, []string{"cloudwatch-mode"}},
		{"threshold that differs from its alarm's", `"value": 300,`, `"value": 240,`, []string{"alarm"}},
		{"alarm that does not exist", `"alarm: ledger-dlq"`, `"alarm: ledger-dql"`, []string{"alarm"}},
		{"runbook that does not exist", `"runbooks/dlq.md#redrive"`, `"runbooks/dql.md"`, []string{"link"}},
		{"dashboard that does not exist", `"/d/dev-orders-deploy"`, `"/d/dev-orders-deploys"`, []string{"link"}},
		{"link that loses the time", `deploy?${__url_time_range}&`, `deploy?`, []string{"link"}},
		{"misspelt field", `"decimals": 1,`, `"decimal": 1,`, []string{"schema"}},
		{"query without its data source", `"datasource": {
            "type": "tempo",
            "uid": "${tempo}"
          },
          "queryType"`, `"queryType"`, []string{"datasource"}},
		{"window of a fixed length", `[$__rate_interval]`, `[5m]`, []string{"promql"}},
		{"broken PromQL", `sum by (le)`, `sum by (le`, []string{"promql"}},
		{"fraction without its zero", `duration > 0.95s`, `duration > .95s`, []string{"traceql"}},
		{"misspelt command", `| filter level`, `| fitler level`, []string{"logs-insights"}},
		{"query that writes", `SELECT written_at, source, id, trace_id FROM events WHERE`, `DELETE FROM events WHERE`, []string{"sql"}},
		{"id of no query", `100 * FILL(errors, 0)`, `100 * FILL(error, 0)`, []string{"metric-math"}},
		{"statistic that does not exist", `"p99"`, `"P99"`, []string{"cloudwatch-query"}},
		{"red", `"color": "orange"`, `"color": "red"`, []string{"colour"}},
	} {
		t.Run(f.fault, func(t *testing.T) {
			content := bytes.Replace(good(t), []byte(f.old), []byte(f.new), 1)
			if bytes.Equal(content, good(t)) {
				t.Fatalf("testdata/good.json has no %s", f.old)
			}
			wanted := make(map[string]bool)
			for _, r := range f.rules {
				wanted[r] = true
			}
			found := make(map[string]bool)
			for _, finding := range lint.Dashboard("good.json", content, options()) {
				found[finding.Rule] = true
				if !wanted[finding.Rule] {
					t.Errorf("also found: %v", finding)
				}
			}
			for rule := range wanted {
				if !found[rule] {
					t.Errorf("rule %s found nothing", rule)
				}
			}
		})
	}
}
