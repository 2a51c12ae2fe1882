package probe_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/dashboards/probe"
)

// lines are results in short.
func lines(results []probe.Result) []string {
	var all []string
	for _, r := range results {
		line := fmt.Sprintf("%s | %s | %s", r.Panel, r.RefID, r.Query)
		if r.Skipped != "" {
			line += " | " + r.Skipped
		}
		all = append(all, line)
	}
	return all
}

// Panels of rows, open and collapsed, repeated ones, annotations and variables:
// all of it is found, in order.
func TestRun_WholeBoard_EverythingIsAsked(t *testing.T) {
	s := prometheus(t, answers{"": {200, "matrix.json"}, "label/service_version/values": {200, "versions.json"}})
	row := func(title string, collapsed bool, repeat string, within ...object) object {
		return object{"type": "row", "title": title, "id": 90, "collapsed": collapsed, "repeat": repeat, "panels": within}
	}
	panel := func(id int, title string, targets ...object) object {
		return object{"id": id, "title": title, "type": "timeseries", "datasource": object{"type": "prometheus", "uid": "p"}, "targets": targets}
	}
	target := func(ref, expr string) object { return object{"refId": ref, "expr": expr} }
	cloudwatch := object{"refId": "A", "datasource": object{"type": "cloudwatch", "uid": "c"}}
	b := board(t, object{
		"title": "Orders",
		"templating": variables(
			object{
				"name": "version", "type": "query", "datasource": object{"type": "prometheus"}, "query": object{"query": "label_values(up{env=\"$env\"}, service_version)"},
				"current": object{"value": "0.9"}, "regex": `/^(\d+\.\d+)\.\d+$/`, "includeAll": true,
			},
			custom("env", "dev", "dev"),
			with(custom("queue", "q.1,q2", "$__all"), object{"multi": true, "includeAll": true}),
		),
		"panels": []object{
			panel(1, "Before", target("A", "up"), target("B", "down")),
			row("Open", false, ""),
			panel(2, "Mixed", cloudwatch),
			row("Closed", true, "", panel(3, "Within", target("A", `v=~"$version"`))),
			row("Each $queue", false, "queue"),
			with(panel(5, "Of $queue", target("A", `depth{q="$queue"}`)), object{"repeat": "env"}),
			row("Each", true, "queue", panel(6, "Of ${queue}", target("A", `age{q="$queue"}`))),
			panel(4, "Behind", target("A", "up")),
		},
		"annotations": object{"list": []object{
			{"name": "Deploys", "datasource": object{"type": "grafana"}, "target": object{"type": "tags"}},
			{"name": "Restarts", "datasource": object{"type": "prometheus"}, "target": object{"refId": "Anno", "expr": "changes(up)"}},
			{"name": "Old", "datasource": object{"type": "prometheus"}, "expr": "resets(up)"},
		}},
	})
	want := []string{
		`variable version |  | label_values(up{env="dev"}, service_version)`,
		`1 Before | A | up`,
		`1 Before | B | down`,
		`2 Mixed | A |  | not asked here: cloudwatch`,
		`3 Within | A | v=~"(1\\.4|1\\.5)"`,
		`5 Of q.1 | A | depth{q="q\\.1"}`,
		`5 Of q2 | A | depth{q="q2"}`,
		`6 Of q.1 | A | age{q="q\\.1"}`,
		`6 Of q2 | A | age{q="q2"}`,
		`4 Behind | A | up`,
		`annotation Restarts | Anno | changes(up)`,
		`annotation Old |  | resets(up)`,
	}
	results := ask(t, probe.Config{Prometheus: s.URL}, b)
	if diff := cmp.Diff(want, lines(results)); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
	for _, r := range results {
		if r.Skipped == "" && !r.ShowsData() {
			t.Errorf("%s: %v", r.Panel, r.Err)
		}
	}
	if sent := s.asked("/api/v1/label/service_version/values"); len(sent) != 1 || sent[0].Get("match[]") != `up{env="dev"}` || sent[0].Get("start") != "1795657507" {
		t.Errorf("the variable's values were asked for with %v", sent)
	}
}

// What variables can ask for, and what they then are.
func TestRun_QueryVariables_ValuesOfTheServer(t *testing.T) {
	server := answers{
		"/api/v1/label":      {200, "versions.json"},
		"/api/v1/query":      {200, "vector.json"},
		"down":               {422, "refused.json"},
		"label/empty/values": {200, "novalues.json"},
	}
	for name, tt := range map[string]struct {
		variable object
		want     string // the query that uses it, or what its error says
	}{
		"label_values":              {object{"query": "label_values(version)"}, "x 1.4.0"},
		"of a metric":               {object{"query": "label_values(up{a=~\"b,c\"}, version)"}, "x 1.4.0"},
		"label_names":               {object{"query": "label_names()"}, "x 1.4.0"},
		"metrics":                   {object{"query": "metrics(^2)"}, "x 2.0.0-rc.1"},
		"query_result":              {object{"query": "query_result(up)", "regex": `version="([^"]+)`}, "x 1.4.0"},
		"chosen is still there":     {object{"query": "label_values(version)", "current": object{"value": "1.5.0"}}, "x 1.5.0"},
		"chosen is gone":            {object{"query": "label_values(version)", "current": object{"value": "1.3.0"}}, "x 1.4.0"},
		"several, one of them gone": {object{"query": "label_values(version)", "multi": true, "current": object{"value": []string{"1.3.0", "1.5.0"}}}, `x 1\\.5\\.0`},
		"all":                       {object{"query": "label_values(version)", "includeAll": true, "regex": `^1.*`, "current": object{"value": []string{"$__all"}}}, `x (1\\.4\\.0|1\\.5\\.0)`},
		"regular expression":        {object{"query": "label_values(version)", "regex": `/(?<text>\d)\.(?<value>5)/`}, "x 5"},
		"upper and lower case":      {object{"query": "label_values(version)", "regex": `/.*RC.*/i`}, "x 2.0.0-rc.1"},
		"no values":                 {object{"query": "label_values(empty)"}, "has no value"},
		"refused":                   {object{"query": "query_result(down)"}, "the values of the variable v are not known: 422"},
		"unknown query":             {object{"query": "values(version)"}, "want label_values"},
		"bad regular expression":    {object{"query": "label_values(version)", "regex": "("}, "regular expression"},
		"uses itself":               {object{"query": "label_values(up{v=\"$v\"}, version)"}, "uses itself"},
	} {
		t.Run(name, func(t *testing.T) {
			s := prometheus(t, server)
			v := with(object{"name": "v", "type": "query", "datasource": object{"type": "prometheus"}}, tt.variable)
			results := ask(t, probe.Config{Prometheus: s.URL}, board(t, object{"templating": variables(v), "panels": panels(promQL("x $v"))}))
			got := results[1].Query
			if results[1].Err != nil {
				got = results[1].Err.Error()
			}
			if strings.HasPrefix(tt.want, "x ") && tt.want != got || !strings.Contains(got, tt.want) {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if ok := strings.HasPrefix(tt.want, "x "); ok != results[0].ShowsData() || results[0].Panel.Title != "variable v" {
				t.Errorf("the variable's result %+v", results[0])
			}
		})
	}
}

// A server may have more values than anybody chooses from.
func TestRun_VariableOfManyValues_TheFirst(t *testing.T) {
	values := make([]string, probe.MaxValues+1)
	for i := range values {
		values[i] = strconv.Itoa(i)
	}
	answer, err := json.Marshal(object{"status": "success", "data": values})
	if err != nil {
		t.Fatal(err)
	}
	v := object{"name": "v", "type": "query", "datasource": object{"type": "prometheus"}, "query": "label_values(version)"}
	c := probe.Config{Prometheus: "http://prometheus", HTTPClient: &http.Client{Transport: same(answer)}}
	r := ask(t, c, board(t, object{"templating": variables(v), "panels": panels(promQL("up"))}))[0]
	if r.Err != nil || r.Series != probe.MaxValues {
		t.Errorf("%d values, %v; want %d", r.Series, r.Err, probe.MaxValues)
	}
}

// Old dashboards name their data source at most: the queries tell what it is.
func TestRun_OldBoard_SourceByItsQueries(t *testing.T) {
	s := prometheus(t, answers{"": {200, "matrix.json"}, "values": {200, "versions.json"}})
	panel := object{"id": 1, "title": "old", "datasource": "Main", "targets": []object{
		{"refId": "A", "expr": "up{v=\"$v\"}"}, {"refId": "B", "rawSql": "SELECT 1"}, {"refId": "C", "target": "graphite"},
	}}
	v := object{"name": "v", "type": "query", "datasource": "Main", "query": "label_values(version)"}
	results := ask(t, probe.Config{Prometheus: s.URL}, board(t, object{"dashboard": object{"templating": variables(v), "panels": []object{panel}}}))
	want := []string{
		"variable v |  | label_values(version)", `1 old | A | up{v="1.4.0"}`,
		"1 old | B | SELECT 1 | no PostgreSQL is given", "1 old | C |  | not asked here: unknown",
	}
	if diff := cmp.Diff(want, lines(results)); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
}

func TestRun_BadInput_Refused(t *testing.T) {
	good := board(t, object{"templating": variables(custom("env", "dev", "dev")), "panels": panels(promQL("up"))})
	for name, tt := range map[string]struct {
		config probe.Config
		board  probe.Dashboard
		err    string
	}{
		"not JSON":            {probe.Config{}, probe.Dashboard{Name: "a.json", Content: []byte("{")}, "a.json is no dashboard"},
		"Terraform":           {probe.Config{}, probe.Dashboard{Name: "a.json", Content: []byte(`{"resource":{}}`)}, "a.json is no dashboard: it has no panels"},
		"too large":           {probe.Config{}, probe.Dashboard{Name: "a.json", Content: make([]byte, probe.MaxDashboardBytes+1)}, "a.json has 5242881 bytes"},
		"unknown variable":    {probe.Config{Variables: map[string][]string{"evn": {"dev"}}}, good, `no dashboard has a variable "evn": there are env`},
		"variable of nothing": {probe.Config{Variables: map[string][]string{"env": nil}}, good, `the variable "env" is given no value`},
		"no URL":              {probe.Config{Prometheus: "geheim@host"}, good, "want a URL such as http://localhost:9090"},
		"no database URL":     {probe.Config{Postgres: "postgres://u:geheim@h:port/x"}, good, "want a URL such as postgres://"},
		"no time":             {probe.Config{From: now, To: now}, good, "want the end after the beginning"},
		"small step":          {probe.Config{Step: 1}, good, "step 1ns: want a millisecond or more"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := probe.Run(t.Context(), tt.config, tt.board)
			if err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("error %v, want %q", err, tt.err)
			}
		})
	}
}

func TestRun_NobodyToAsk_AllSkipped(t *testing.T) {
	results := ask(t, probe.Config{}, board(t, object{"panels": panels(promQL("up"), sql("SELECT 1"))}))
	want := []string{"1 panel | A | up | no Prometheus server is given", "2 panel | A | SELECT 1 | no PostgreSQL is given"}
	if diff := cmp.Diff(want, lines(results)); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if asked, without := probe.Count(results); asked != 0 || without != 0 {
		t.Errorf("%d asked, %d without data; want none", asked, without)
	}
}
