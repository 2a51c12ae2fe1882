package lint_test

import (
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/dashboards/lint"
)

// cloudWatchCases are about queries of CloudWatch.
func cloudWatchCases() map[string][]ruleCase {
	const (
		metric = `"queryMode":"Metrics","metricQueryType":0,"metricEditorMode":0,"id":"m1","region":"default","namespace":"AWS/SQS","metricName":"NumberOfMessagesSent","dimensions":{"QueueName":["q"]},"matchExact":true,"period":"60","statistic":"Sum"`
		logs   = `"queryMode":"Logs","region":"$region","logGroups":[{"arn":"arn:aws:logs:x","name":"/x"}],"expression":"fields @message | limit 5"`
		math   = `"queryMode":"Metrics","metricQueryType":0,"metricEditorMode":1,"region":"default","id":"e1","expression":"EXPR"`
		at     = "$.panels[0].targets[0]"
	)
	change := func(name, query, from, to, path, message string) ruleCase {
		if !strings.Contains(query, from) {
			panic("the query has no " + from)
		}
		return ruleCase{name: name, good: queries("cloudwatch", query), bad: queries("cloudwatch", strings.Replace(query, from, to, 1)), path: path, message: message}
	}
	expression := func(name, right, wrong, message string) ruleCase {
		of := func(e string) string { return queries("cloudwatch", strings.Replace(math, "EXPR", e, 1), metric) }
		return ruleCase{name: name, good: of(right), bad: of(wrong), path: at + ".expression", message: message}
	}
	own := change("given namespace", strings.Replace(metric, "AWS/SQS", "Tracehaul/x", 1), `"Tracehaul/x"`, `"Traceall/x"`, at+".namespace", "not among the known")
	own.options = lint.Options{Namespaces: map[string]lint.Names{"Tracehaul/": {}}}
	unit := func(unit, namespace, metric string) string {
		return panel(`"type":"stat","fieldConfig":{"defaults":{"unit":"` + unit + `"}},"targets":[{"datasource":{"type":"cloudwatch"},"queryMode":"Metrics","metricQueryType":0,"metricEditorMode":0,"namespace":"` + namespace + `","metricName":"` + metric + `"}]`)
	}
	const shown = "$.panels[0].fieldConfig.defaults.unit"
	return map[string][]ruleCase{
		"cloudwatch-mode": {
			change("no mode", metric, `"queryMode":"Metrics",`, ``, at+".queryMode", `want "Metrics" or "Logs"`),
			change("no type", metric, `"metricQueryType":0,`, ``, at+".metricQueryType", "want 0 or 1"),
			change("no editor", metric, `"metricEditorMode":0,`, ``, at+".metricEditorMode", "want 0 or 1"),
			change("no region", metric, `"default"`, `""`, at+".region", "no region"),
			change("no log groups", logs, `[{"arn":"arn:aws:logs:x","name":"/x"}]`, `[]`, at+".logGroups", "no log groups"),
			change("log group without its arn", logs, `"arn":"arn:aws:logs:x",`, ``, at+".logGroups[0]", "want both"),
		},
		"cloudwatch-name": {
			change("namespace", metric, `AWS/SQS`, `AWS/SQSS`, at+".namespace", "given: is AWS/SQS meant?"),
			change("metric", metric, `MessagesSent`, `MessageSent`, at+".metricName", "is NumberOfMessagesSent meant?"),
			change("no metric", metric, `"NumberOfMessagesSent"`, `""`, at+".metricName", "names no metric"),
			change("dimension", metric, `QueueName`, `Queue`, at+".dimensions.Queue", `no dimension "Queue"`),
			change("dimension without a value", metric, `["q"]`, `[""]`, at+".dimensions.QueueName", "has no value"),
			own,
		},
		"cloudwatch-query": {
			change("no statistic", metric, `"Sum"`, `""`, at+".statistic", "no statistic"),
			change("statistic", metric, `"Sum"`, `"Total"`, at+".statistic", `"Total"`),
			change("matchExact not set", metric, `"matchExact":true,`, ``, at+".matchExact", "not set"),
			change("matchExact false", metric, `true`, `false`, at+".matchExact", "counted twice"),
			change("matchExact for all", strings.Replace(strings.Replace(metric, `"q"`, `"*"`, 1), "true", "false", 1), `"*"`, `"q"`, at+".matchExact", "counted twice"),
			change("id", metric, `"m1"`, `"M 1"`, at+".id", "small letter"),
			change("period", metric, `"60"`, `"a minute"`, at+".period", "seconds"),
			{name: "id twice", good: queries("cloudwatch", metric, logs), bad: queries("cloudwatch", metric, metric), path: "$.panels[0].targets[1].id", message: "targets[0] has the id"},
			change("Metrics Insights", `"queryMode":"Metrics","metricQueryType":1,"metricEditorMode":1,"sqlExpression":"SELECT AVG(x) FROM y"`, `"SELECT AVG(x) FROM y"`, `""`, at+".sqlExpression", "no sqlExpression"),
		},
		"cloudwatch-unit": {
			{name: "milliseconds", good: unit("ms", "AWS/Lambda", "Duration"), bad: unit("s", "AWS/Lambda", "Duration"), path: shown, message: `want "ms"`},
			{name: "percent", good: unit("percent", "AWS/RDS", "CPUUtilization"), bad: unit("percentunit", "AWS/RDS", "CPUUtilization"), path: shown, message: `want "percent"`},
			{name: "bytes", good: unit("decbytes", "AWS/RDS", "FreeableMemory"), bad: unit("mbytes", "AWS/RDS", "FreeableMemory"), path: shown, message: `want "bytes"`},
		},
		"metric-math": {
			expression("does not parse", "100 * m1", "100 * (m1", "never closed"),
			expression("operator", "m1 / 2", "m1 / / 2", "not expected"),
			expression("unknown id", "SUM([m1, m1])", "m1 + m2", `"m2": is m1 meant?`),
			expression("function", "FILL(m1, 0)", "FILLL(m1, 0)", "is FILL meant?"),
			expression("function of graphs", `SORT(REMOVE_EMPTY(SEARCH('{AWS/SQS,QueueName} x', 'Sum', 60)), MAX, DESC)`, `SORT(REMOVE_EMPTY(SEARCH('{AWS/SQS,QueueName} x, 'Sum', 60)))`, "no end"),
			expression("variable", "IF(m1 > $least, m1)", "", "has no expression"),
			expression("list", "[m1, m1] * 2", "[m1, m1", "never closed"),
			change("of the builder", metric, `"id":"m1"`, `"id":"m1","expression":"m2"`, at+".expression", "metricEditorMode 1"),
		},
		"logs-insights": {
			change("command", logs, `fields @`, `field @`, at+".expression", "is fields meant?"),
			change("quote", strings.Replace(logs, "limit 5", `filter a = '|'`, 1), `'|'`, `'|`, at+".expression", "no end"),
			change("regular expression", strings.Replace(logs, "limit 5", `filter @message like /a|'b/`, 1), `b/`, `b`, at+".expression", "no end"),
			change("parenthesis", strings.Replace(logs, "limit 5", `stats count(*) by bin($__interval)`, 1), `)"`, `"`, at+".expression", "never closed"),
			change("empty command", logs, `|`, `| |`, at+".expression", "a command is empty"),
			change("limit", logs, `limit 5`, `limit 50000`, at+".expression", "1 to 10000"),
			change("empty", logs, `fields @message | limit 5`, ` `, at+".expression", "empty"),
			change("comment", strings.Replace(logs, "limit 5", `# it's\n limit 5`, 1), `\n`, ` `, at+".expression", "a command is empty"),
			change("division", strings.Replace(logs, "limit 5", `stats sum(a) / sum(b), max(c) / 2`, 1), `sum(b)`, `sum(b`, at+".expression", "never closed"),
		},
	}
}

// What CloudWatch takes as a statistic, and near misses.
func TestDashboard_Statistics(t *testing.T) {
	for statistic, ok := range map[string]bool{
		"Average": true, "IQM": true, "p99": true, "p99.9": true, "p100": true, "tm99": true, "wm98": true, "tc90": true, "ts90": true,
		"TM(10%:90%)": true, "WM(:99%)": true, "PR(:0.3)": true, "PR(100:2000)": true, "$statistic": true,
		"average": false, "p": false, "p101": false, "p99.": false, "TM(10%)": false, "PR(0.3)": false, "Median": false,
	} {
		content := queries("cloudwatch", `"queryMode":"Metrics","metricQueryType":0,"metricEditorMode":0,"matchExact":true,"statistic":"`+statistic+`"`)
		found := false
		for _, f := range lint.Dashboard("x.json", []byte(content), lint.Options{}) {
			found = found || f.Rule == "cloudwatch-query"
		}
		if found == ok {
			t.Errorf("%s: found %v", statistic, found)
		}
	}
}
