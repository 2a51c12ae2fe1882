package lint_test

import "strings"

// frameCases are about the dashboard as such and where its panels are.
func frameCases() map[string][]ruleCase {
	const head = `"uid":"a","title":"A","schemaVersion":41,"timezone":"utc","refresh":"","graphTooltip":1,"tags":["x"],"time":{"from":"now-1h","to":"now"}`
	settings := func(name, from, to, path, message string) ruleCase {
		return ruleCase{name: name, good: whole(head), bad: whole(strings.Replace(head, from, to, 1)), path: path, message: message}
	}
	grid := func(id, at string) string {
		return `{"type":"stat","id":` + id + `,"title":"P` + id + `","gridPos":` + at + `}`
	}
	panels := func(all ...string) string { return whole(`"panels":[` + strings.Join(all, ",") + `]`) }
	left, right := grid("1", `{"x":0,"y":0,"w":12,"h":8}`), grid("2", `{"x":12,"y":0,"w":12,"h":8}`)
	row := func(fields string) string {
		return panels(`{"type":"row","id":1,"title":"R","gridPos":{"x":0,"y":0,"w":24,"h":1},` + fields + `}`)
	}
	inside := `"panels":[` + grid("2", `{"x":0,"y":1,"w":6,"h":4}`) + `]`
	return map[string][]ruleCase{
		"settings": {
			settings("no uid", `"uid":"a",`, ``, "$.uid", "no uid"),
			settings("uid too long", `"uid":"a"`, `"uid":"`+strings.Repeat("a", 41)+`"`, "$.uid", "41 characters"),
			settings("uid with a space", `"uid":"a"`, `"uid":"a b"`, "$.uid", "other characters"),
			settings("no title", `"A"`, `" "`, "$.title", "no title"),
			settings("old schema", `41`, `16`, "$.schemaVersion", "want 39"),
			settings("no timezone", `"timezone":"utc",`, ``, "$.timezone", "not set"),
			settings("no refresh", `"refresh":"",`, ``, "$.refresh", "not set"),
			settings("crosshair not shared", `"graphTooltip":1`, `"graphTooltip":0`, "$.graphTooltip", "shared crosshair"),
			settings("no tags", `["x"]`, `[]`, "$.tags", "no tags"),
			settings("no time", `"from":"now-1h",`, ``, "$.time.from", "now-3h"),
		},
		"title": {
			{name: "empty", good: panel(`"title":"A"`), bad: panel(`"title":" "`), path: "$.panels[0].title", message: "empty"},
		},
		"description": {
			{name: "short", good: panel(`"type":"stat","description":"Good is none, or restart it."`), bad: panel(`"type":"stat","description":"Errors"`), path: "$.panels[0].description", message: "1 word:"},
			{name: "none", good: panel(`"type":"text"`), bad: panel(`"type":"stat"`), path: "$.panels[0].description", message: "0 words"},
		},
		"panel-id": {
			{name: "none", good: panel(`"id":1`), bad: panel(`"id":0`), path: "$.panels[0].id", message: "no id"},
			{name: "twice", good: panels(left, right), bad: panels(left, left), path: "$.panels[1].id", message: "id 1 is the id of $.panels[0]"},
			{name: "twice, in a row", good: row(`"collapsed":true,` + inside), bad: row(`"collapsed":true,` + strings.Replace(inside, `"id":2`, `"id":1`, 1)), path: "$.panels[0].panels[0].id", message: "$.panels[0]"},
		},
		"panel-type": {
			{name: "unknown", good: panel(`"type":"timeseries"`), bad: panel(`"type":"timeserie"`), path: "$.panels[0].type", message: "is timeseries meant?"},
			{name: "none", good: panel(`"type":"acme-flow-panel"`), bad: panel(``), path: "$.panels[0].type", message: "no panel type"},
		},
		"query": {
			{name: "none", good: panel(`"type":"stat","targets":[{"refId":"A"}]`), bad: panel(`"type":"stat","targets":[]`), path: "$.panels[0].targets", message: "no queries"},
			{name: "no name", good: panel(`"type":"text"`), bad: panel(`"type":"stat","targets":[{}]`), path: "$.panels[0].targets[0].refId", message: "no refId"},
			{name: "twice", good: panel(`"targets":[{"refId":"A"},{"refId":"B"}]`), bad: panel(`"targets":[{"refId":"A"},{"refId":"A"}]`), path: "$.panels[0].targets[1].refId", message: "one of them is not drawn"},
		},
		"layout": {
			{name: "overlap", good: panels(left, right), bad: panels(left, strings.Replace(right, "12", "11", 1)), path: "$.panels[1].gridPos", message: `overlaps panel 1 "P1"`},
			{name: "outside", good: panels(right), bad: panels(strings.Replace(right, "12", "13", 1)), path: "$.panels[0].gridPos", message: "column 25"},
			{name: "too wide", good: panels(left), bad: panels(strings.Replace(left, "12", "25", 1)), path: "$.panels[0].gridPos", message: "column 25"},
			{name: "no place", good: panels(left), bad: panels(strings.Replace(left, `"h":8`, `"h":0`, 1)), path: "$.panels[0].gridPos.h", message: "from 1"},
			{name: "row that holds panels and is open", good: row(`"collapsed":true,` + inside), bad: row(`"collapsed":false,` + inside), path: "$.panels[0].panels", message: "the open row holds its panels"},
			{name: "row that is collapsed and empty", good: row(`"collapsed":false,"panels":[]`), bad: row(`"collapsed":true,"panels":[]`), path: "$.panels[0].panels", message: "has no panels"},
			{name: "row that is narrow", good: row(`"collapsed":false`), bad: strings.Replace(row(`"collapsed":false`), "24", "12", 1), path: "$.panels[0].gridPos", message: "12 wide"},
			{name: "row in a row", good: row(`"collapsed":true,` + inside), bad: row(`"collapsed":true,"panels":[{"type":"row","id":2,"gridPos":{"x":0,"y":1,"w":24,"h":1}}]`), path: "$.panels[0].panels[0]", message: "within a row"},
		},
		"datasource": {
			{name: "none of its own", good: panel(`"targets":[{"datasource":{"type":"tempo","uid":"x"}}]`), bad: panel(`"datasource":{"type":"tempo","uid":"x"},"targets":[{}]`), path: "$.panels[0].targets[0].datasource", message: "no data source of its own"},
			{name: "no uid", good: panel(`"targets":[{"datasource":{"type":"tempo","uid":"x"}}]`), bad: panel(`"targets":[{"datasource":{"type":"tempo"}}]`), path: "$.panels[0].targets[0].datasource.uid", message: "no uid"},
			{name: "no type", good: panel(`"targets":[{"datasource":{"uid":"-- Grafana --"}}]`), bad: panel(`"targets":[{"datasource":{"uid":"x"}}]`), path: "$.panels[0].targets[0].datasource.type", message: "no type"},
			{
				name: "another than the panel's",
				good: panel(`"datasource":{"uid":"-- Mixed --"},"targets":[{"datasource":{"type":"tempo","uid":"x"}}]`),
				bad:  panel(`"datasource":{"uid":"y"},"targets":[{"datasource":{"type":"tempo","uid":"x"}}]`), path: "$.panels[0].targets[0].datasource", message: "-- Mixed --",
			},
			{
				name: "variable of another type",
				good: whole(`"templating":{"list":[{"type":"datasource","name":"ds","query":"tempo"}]},"panels":[{"targets":[{"datasource":{"type":"tempo","uid":"${ds}"}}]}]`),
				bad:  whole(`"templating":{"list":[{"type":"datasource","name":"ds","query":"loki"}]},"panels":[{"targets":[{"datasource":{"type":"tempo","uid":"${ds}"}}]}]`),
				path: "$.panels[0].targets[0].datasource", message: `"loki"`,
			},
		},
	}
}
