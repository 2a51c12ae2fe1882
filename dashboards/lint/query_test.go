package lint_test

import "fmt"

// queryCases are about PromQL, TraceQL and SQL.
func queryCases() map[string][]ruleCase {
	const at = "$.panels[0].targets[0]"
	prom := func(name, right, wrong, message string) ruleCase {
		of := func(q string) string { return queries("prometheus", fmt.Sprintf(`"expr":%q`, q)) }
		return ruleCase{name: name, good: of(right), bad: of(wrong), path: at + ".expr", message: message}
	}
	trace := func(name, right, wrong, message string) ruleCase {
		of := func(q string) string { return queries("tempo", fmt.Sprintf(`"queryType":"traceql","query":%q`, q)) }
		return ruleCase{name: name, good: of(right), bad: of(wrong), path: at + ".query", message: message}
	}
	sql := func(name, right, wrong, message string) ruleCase {
		of := func(q string) string { return queries("postgres", fmt.Sprintf(`"rawSql":%q`, q)) }
		return ruleCase{name: name, good: of(right), bad: of(wrong), path: at + ".rawSql", message: message}
	}
	fixed := func(legend string) string {
		return queries("prometheus", `"expr":"rate(x[1h])","legendFormat":"`+legend+`"`)
	}
	return map[string][]ruleCase{
		"promql": {
			prom("does not parse", `sum by (le) (rate(x_bucket{a="$a"}[$__rate_interval]))`, `sum by le (x)`, "no PromQL"),
			prom("variables", `topk($n, ${metric}{a=~"${a:regex}"} offset $shift)`, `topk($n, {$metric)`, "no PromQL"),
			prom("window of the interval", `increase(x[$__range])`, `rate(x[$__interval])`, "$__rate_interval"),
			prom("window of a variable", `rate(x[$window])`, `rate(x[5m])`, "looks back by 5m"),
			prom("subquery", `max_over_time(rate(x[$__rate_interval])[1h:1m])`, `rate(sum(x)[30m:1m])`, "looks back by 30m"),
			prom("empty", `up`, ` `, "empty"),
			{name: "window that is told", good: fixed("burn rate over 1h"), bad: fixed("burn rate over 11h"), path: at + ".expr", message: "say 1h"},
		},
		"traceql": {
			trace("fraction", `{ duration > 0.95s && span.http.status_code >= 500 }`, `{ span.ratio > .95 }`, "want 0.95"),
			trace("quotes", `{ resource.service.name = "orders" && name =~ "a.*" }`, `{ resource.service.name = orders }`, `want "orders"`),
			trace("bracket", `{ status = error } | rate() by (resource.service.name)`, `{ status = error | rate()`, "never closed"),
			trace("text without end", `{ name = "a" && .level = "b" }`, `{ name = "a }`, "no end"),
			trace("no selection", `${__value.raw}`, `orders`, "want a selection"),
			trace("attribute against attribute", `{ span.a = resource.b && kind = consumer && .x != nil }`, `{ span.a = b }`, `want "b"`),
			{name: "no type", good: queries("tempo", `"queryType":"serviceMap"`), bad: queries("tempo", `"query":"{}"`), path: at + ".queryType", message: "not set"},
		},
		"sql": {
			sql("writes", `SELECT a FROM b WHERE $__timeFilter(c)`, `WITH d AS (DELETE FROM b RETURNING a) SELECT a FROM d WHERE $__timeFilter(c)`, "has DELETE"),
			sql("word in a text", `SELECT 'drop', "update" FROM b WHERE $__timeFilter(c) -- delete`, `DROP TABLE b`, "does not begin with SELECT"),
			sql("several", `SELECT a FROM b WHERE c > $__timeFrom();`, `SELECT 1; SELECT 2`, "several statements"),
			sql("no time", `SELECT a FROM pg_stat_statements`, `SELECT a FROM events`, "$__timeFilter"),
			sql("a view and a table", `SELECT a FROM pg_locks JOIN pg_class ON x = y`, `SELECT a FROM pg_locks JOIN events ON x = y`, "$__timeFilter"),
			sql("quote", `SELECT 'it''s' FROM b WHERE $__timeFilter(c)`, `SELECT 'it's' FROM b WHERE $__timeFilter(c)`, "no end"),
			sql("empty", `SELECT a FROM b WHERE $__timeFilter(c)`, ``, "empty"),
		},
	}
}
