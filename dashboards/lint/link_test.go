package lint_test

import (
	"strings"

	"github.com/tracehaul/tracehaul/dashboards/lint"
)

// linkCases are about what a dashboard refers to: variables, other pages and
// alarms.
func linkCases() map[string][]ruleCase {
	known := lint.Options{
		Dashboards: []string{"other"}, Runbooks: "https://runbooks.example.com/",
		Exists:     func(path string) bool { return path == "there.md" },
		Thresholds: map[string]lint.Threshold{"age": {Value: 300, Unit: "Seconds"}, "share": {Value: 2, Unit: "Percent"}},
	}
	head := func(link string) string { return whole(`"uid":"own","links":[{"title":"T",` + link + `}]`) }
	menu := func(url string) string { return panel(`"links":[{"title":"T","url":"` + url + `"}]`) }
	value := func(url string) string {
		return panel(`"fieldConfig":{"defaults":{"links":[{"title":"T","url":"` + url + `"}]}}`)
	}
	const (
		inHead  = "$.links[0]"
		inMenu  = "$.panels[0].links[0].url"
		atValue = "$.panels[0].fieldConfig.defaults.links[0].url"
		vars    = `"templating":{"list":[{"type":"custom","name":"env"}]}`
	)
	withVars := func(content string) string { return strings.Replace(content, "{", `{`+vars+`,"title":"$env",`, 1) }
	alarm := func(key, unit, threshold string) string {
		return panel(`"type":"timeseries","links":[{"title":"alarm: ` + key + `"}],"fieldConfig":{"defaults":{"unit":"` + unit + `","custom":{"thresholdsStyle":{"mode":"line"}},"thresholds":{"steps":[{"value":null}` + threshold + `]}}}`)
	}
	const threshold = "$.panels[0].fieldConfig.defaults.thresholds"
	cases := map[string][]ruleCase{
		"variable": {
			{name: "not defined", good: whole(vars + `,"title":"$env"`), bad: whole(vars + `,"title":"$env ${envv}"`), path: "$.title", message: `"envv" is not defined: Grafana leaves it as it is: is env meant?`},
			{name: "not used", good: whole(vars + `,"title":"[[env]]"`), bad: whole(vars), path: "$.templating.list[0]", message: "used nowhere"},
			{name: "used by itself alone", good: whole(vars + `,"title":"${env:csv}"`), bad: whole(`"templating":{"list":[{"type":"query","name":"env","query":"$env"}]}`), path: "$.templating.list[0]", message: "used nowhere"},
			{name: "not Grafana's", good: whole(`"title":"$__interval ${__from:date} costs $5"`), bad: whole(`"title":"$__intervall"`), path: "$.title", message: "is __interval meant?"},
			{name: "defined twice", good: whole(vars + `,"title":"$env"`), bad: whole(`"title":"$env","templating":{"list":[{"name":"env"},{"name":"env"}]}`), path: "$.templating.list[1].name", message: "two variables"},
			{name: "repeated", good: whole(vars + `,"panels":[{"repeat":"env"}]`), bad: whole(vars + `,"panels":[{"title":"$env","repeat":"environment"}]`), path: "$.panels[0].repeat", message: `"environment"`},
			{name: "known at values only", good: value(`https://x.example.com/${__value.raw}`), bad: panel(`"title":"${__value.raw}"`), path: "$.panels[0].title", message: "not defined"},
			{name: "in the name of a series", good: panel(`"fieldConfig":{"defaults":{"displayName":"${__field.labels.queue}"}}`), bad: panel(`"description":"${__field.labels.queue}"`), path: "$.panels[0].description", message: "not defined"},
			{name: "macro of another data source", good: panel(`"targets":[{"datasource":{"type":"acme-datasource"},"query":"$__dateFilter"}]`), bad: panel(`"targets":[{"datasource":{"type":"prometheus"},"query":"$__dateFilter"}]`), path: "$.panels[0].targets[0].query", message: "__dateFilter"},
			{name: "chosen interval", good: whole(`"title":"$step","templating":{"list":[{"name":"step","options":[{"value":"$__auto_interval_step"}]}]}`), bad: whole(`"title":"$__auto_interval_stop"`), path: "$.title", message: "not defined"},
			{name: "name of Grafana's", good: whole(vars + `,"title":"$env"`), bad: whole(`"title":"$__env","templating":{"list":[{"name":"__env"}]}`), path: "$.templating.list[0].name", message: "Grafana's own"},
		},
		"link": {
			{name: "to a dashboard", good: head(`"url":"/d/other","keepTime":true,"includeVars":true`), bad: head(`"url":"/d/others","keepTime":true,"includeVars":true`), path: inHead + ".url", message: "is other meant?"},
			{name: "below a path", good: head(`"url":"/grafana/d/other","keepTime":true,"includeVars":true`), bad: head(`"url":"/grafana/d/others","keepTime":true,"includeVars":true`), path: inHead + ".url", message: "is other meant?"},
			{name: "to itself", good: head(`"url":"/d/own/x","keepTime":true,"includeVars":true`), bad: head(`"url":"/d/own/x","includeVars":true`), path: inHead + ".keepTime", message: "not set"},
			{name: "to a list", good: head(`"type":"dashboards","tags":["x"],"keepTime":true,"includeVars":true`), bad: head(`"type":"dashboards","tags":["x"],"keepTime":true`), path: inHead + ".includeVars", message: "not set"},
			{name: "to every dashboard", good: head(`"url":"https://example.com"`), bad: head(`"type":"dashboards","tags":[],"keepTime":true,"includeVars":true`), path: inHead + ".tags", message: "no tags"},
			{name: "nowhere", good: menu("/explore?x"), bad: menu(""), path: inMenu, message: "leads nowhere"},
			{name: "to nothing of Grafana's", good: menu("${__dashboard.uid}"), bad: menu("/grafana/d"), path: inMenu, message: "leads to nothing"},
			{name: "of a script", good: menu("https://example.com/"), bad: menu("javascript:alert(1)"), path: inMenu, message: "leads to nothing"},
			{name: "without a host", good: menu("https://${host}/x"), bad: menu("https:///x"), path: inMenu, message: "is none"},
			{name: "time", good: menu("/d/other?${__url_time_range}"), bad: menu("/d/other"), path: inMenu, message: "loses the time"},
			{name: "variables", good: withVars(menu("/d/other?from=now-1h&var-env=$env")), bad: withVars(menu("/d/other?from=now-1h")), path: inMenu, message: "loses the variables"},
			{name: "to a runbook", good: menu("https://runbooks.example.com/there.md#x"), bad: menu("https://runbooks.example.com/gone.md"), path: inMenu, message: `no file "gone.md"`},
			{name: "to a file", good: menu("./there.md"), bad: menu("gone.md"), path: inMenu, message: `no file "gone.md"`},
			{name: "value in a menu", good: value("https://example.com/${__series.name}"), bad: menu("https://example.com/${__series.name}"), path: inMenu, message: "at a value only"},
			{name: "field of a value", good: value(`https://example.com/${__field.labels[\"a\"]}`), bad: value("https://example.com/${__value.row}"), path: atValue, message: "is raw meant?"},
			{name: "of an override", good: panel(`"fieldConfig":{"overrides":[{"properties":[{"id":"links","value":[{"title":"T","url":"there.md"}]}]}]}`), bad: panel(`"fieldConfig":{"overrides":[{"properties":[{"id":"links","value":[{"title":"T","url":"gone.md"}]}]}]}`), path: "$.panels[0].fieldConfig.overrides[0].properties[0].value[0].url", message: "gone.md"},
		},
		"alarm": {
			{name: "differs", good: alarm("age", "s", `,{"value":300}`), bad: alarm("age", "s", `,{"value":240}`), path: threshold + ".steps[1].value", message: "want 300"},
			{name: "in another unit", good: alarm("age", "ms", `,{"value":300000}`), bad: alarm("age", "ms", `,{"value":300}`), path: threshold + ".steps[1].value", message: "want 300000"},
			{name: "of a share", good: alarm("share", "percentunit", `,{"value":0.02}`), bad: alarm("share", "percentunit", `,{"value":2}`), path: threshold + ".steps[1].value", message: "want 0.02"},
			{name: "of something else", good: alarm("share", "percent", `,{"value":2}`), bad: alarm("share", "s", `,{"value":2}`), path: "$.panels[0].fieldConfig.defaults.unit", message: "is about percent"},
			{name: "not shown", good: alarm("age", "s", `,{"value":300}`), bad: alarm("age", "s", ``), path: threshold, message: "does not show"},
			{name: "unknown", good: alarm("age", "s", `,{"value":300}`), bad: alarm("agee", "s", `,{"value":300}`), path: "$.panels[0].links[0].title", message: "is age meant?"},
			{name: "threshold of nothing", good: alarm("age", "s", `,{"value":300}`), bad: alarm("age", "s", `,{"value":300},{"value":400}`), path: threshold + ".steps[2].value", message: "none of the panel's alarms"},
			{name: "of an alarm that joins others", good: alarm("both", "s", `,{"value":7}`), bad: alarm("booth", "s", `,{"value":7}`), path: "$.panels[0].links[0].title", message: "is both meant?"},
			{name: "in percent of the panel", good: alarm("age", "s", `,{"value":300}`), bad: strings.Replace(alarm("age", "s", `,{"value":300}`), `"thresholds":{`, `"thresholds":{"mode":"percentage",`, 1), path: threshold, message: "does not show"},
			{name: "line of no alarm", good: alarm("age", "s", `,{"value":300}`), bad: strings.Replace(alarm("age", "s", `,{"value":300}`), "alarm: ", "", 1), path: threshold + ".steps[1].value", message: "belongs to no alarm"},
			{
				name: "two alarms", good: strings.Replace(alarm("age", "s", `,{"value":200},{"value":300}`), `"links":[`, `"links":[{"title":"alarm: soon"},`, 1),
				bad: strings.Replace(alarm("age", "s", `,{"value":300}`), `"links":[`, `"links":[{"title":"alarm: soon"},`, 1), path: threshold + ".steps[1].value", message: `"soon"`,
			},
		},
	}
	known.Thresholds["both"] = lint.Threshold{None: true}
	known.Thresholds["soon"] = lint.Threshold{Value: 200, Unit: "Seconds"}
	for _, of := range cases {
		for i := range of {
			of[i].options = known
		}
	}
	return cases
}
