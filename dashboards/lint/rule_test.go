package lint_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/dashboards/lint"
)

// ruleCase is a piece of JSON that a rule likes, and one that it does not.
type ruleCase struct {
	name      string
	good, bad string
	path      string // of the only finding
	message   string // a part of it
	options   lint.Options
}

// whole makes a dashboard of fields.
func whole(fields string) string { return "{" + fields + "}" }

// panel makes a dashboard with one panel of fields.
func panel(fields string) string { return `{"panels":[{` + fields + `}]}` }

// queries makes a dashboard with one panel of queries to a data source.
func queries(kind string, targets ...string) string {
	for i, t := range targets {
		targets[i] = fmt.Sprintf(`{"datasource":{"type":%q,"uid":"x"},%s}`, kind, t)
	}
	return panel(`"type":"timeseries","id":1,"title":"P","targets":[` + strings.Join(targets, ",") + `]`)
}

// runRule runs the cases against one rule alone.
func runRule(t *testing.T, rule string, cases []ruleCase) {
	t.Helper()
	found := func(content string, o lint.Options) (of []lint.Finding) {
		for _, f := range lint.Dashboard("x.json", []byte(content), o) {
			if f.Rule == rule {
				of = append(of, f)
			}
		}
		return of
	}
	for _, c := range cases {
		t.Run(rule+"/"+c.name, func(t *testing.T) {
			for _, f := range found(c.good, c.options) {
				t.Errorf("the good one: %v", f)
			}
			all := found(c.bad, c.options)
			if len(all) != 1 || all[0].Path != c.path || !strings.Contains(all[0].Message, c.message) {
				t.Errorf("the bad one: want %s at %s, found %v", c.message, c.path, all)
			}
		})
	}
}

// Every rule says what it is for, and is tried by a test of the name
// TestRule, which lists it.
func TestRules_EachIsToldAndTried(t *testing.T) {
	tried := map[string]bool{"json": true, "schema": true}
	for rule := range tables() {
		tried[rule] = true
	}
	seen := make(map[string]bool)
	for _, r := range lint.Rules() {
		if r.Name == "" || r.What == "" || r.Why == "" || seen[r.Name] {
			t.Errorf("rule %+v", r)
		}
		seen[r.Name] = true
		if !tried[r.Name] {
			t.Errorf("no test tries the rule %q", r.Name)
		}
		delete(tried, r.Name)
	}
	for rule := range tried {
		t.Errorf("there is no rule %q", rule)
	}
}

func TestRule(t *testing.T) {
	for rule, cases := range tables() {
		runRule(t, rule, cases)
	}
}

// tables are the cases of all rules.
func tables() map[string][]ruleCase {
	all := make(map[string][]ruleCase)
	for _, some := range []map[string][]ruleCase{frameCases(), lookCases(), cloudWatchCases(), queryCases(), linkCases()} {
		maps.Copy(all, some)
	}
	return all
}

func TestDashboard_NotJSON_OneFinding(t *testing.T) {
	for content, message := range map[string]string{
		``:                                "no JSON object",
		`[]`:                              "no JSON object",
		`null`:                            "is null",
		`{} {}`:                           "something follows",
		`{"a":`:                           "no JSON object",
		`{"a":"\u00`:                      "no JSON object",
		strings.Repeat("[", 200):          "nest deeper",
		strings.Repeat(" ", 5<<20+1):      "5242880 are allowed",
		`{"a":` + strings.Repeat("[", 99): "no JSON object",
	} {
		found := lint.Dashboard("x.json", []byte(content), lint.Options{})
		if len(found) != 1 || found[0].Rule != "json" || found[0].Path != "$" || !strings.Contains(found[0].Message, message) {
			t.Errorf("%.20q: want %s, found %v", content, message, found)
		}
	}
}

func TestDashboard_Schema_NamesTheField(t *testing.T) {
	const frame = `"schemaVersion":41,"templating":{},"annotations":{}`
	for content, want := range map[string]string{
		`{` + frame + `,"colour":1}`: `$: the SDK knows no field "colour"`,
		`{` + frame + `,"title":1}`:  `$.title: the type is wrong: is number, want a string`,
		`{` + frame + `,"panels":[{"type":"stat","gridPos":{"x":0,"y":0,"w":25,"h":1}}]}`:                                                   `$.panels[0].gridPos.w: must be <= 24`,
		`{` + frame + `,"panels":[{"type":"stat","options":{"colour":1}}]}`:                                                                 `$.panels[0].options: `,
		`{` + frame + `,"panels":[{"type":"stat","targets":[{"datasource":{"type":"prometheus"},"expr":"up","legend":"x"}]}]}`:              `$.panels[0].targets[0]: the SDK knows no field "legend"`,
		`{` + frame + `,"panels":[{"type":"stat","targets":[{"datasource":{"type":"cloudwatch"},"region":"x"}]}]}`:                          `$.panels[0].targets[0]: discriminator field 'queryMode'`,
		`{` + frame + `,"panels":[{"type":"stat","fieldConfig":{"defaults":{"units":"s"},"overrides":[]}}]}`:                                `$.panels[0].fieldConfig.defaults: the SDK knows no field "units"`,
		`{` + frame + `,"panels":[{"type":"row","id":1,"panels":[{"type":"stat","fieldConfig":{"defaults":{"min":"0"},"overrides":[]}}]}]}`: `$.panels[0].panels[0].fieldConfig`,
	} {
		var all []string
		for _, f := range lint.Dashboard("x.json", []byte(content), lint.Options{}) {
			if f.Rule == "schema" {
				all = append(all, f.Path+": "+f.Message)
			}
		}
		if !strings.Contains(strings.Join(all, "\n"), want) {
			t.Errorf("%s\nwant  %s\nfound %s", content, want, strings.Join(all, "\n      "))
		}
	}
}

// Grafana's editor writes links of panels without the fields that the SDK wants.
func TestDashboard_Schema_LinksOfTheEditor(t *testing.T) {
	content := `{"schemaVersion":41,"templating":{},"annotations":{},"panels":[{"type":"stat","links":[{"title":"T","url":"/d/x"}],` +
		`"fieldConfig":{"defaults":{"links":[{"title":"T","url":"/d/x","targetBlank":true}]},"overrides":[]}}]}`
	for _, f := range lint.Dashboard("x.json", []byte(content), lint.Options{}) {
		if f.Rule == "schema" {
			t.Error(f)
		}
	}
}

func TestDashboard_Skip_LeavesARuleOut(t *testing.T) {
	for _, f := range lint.Dashboard("x.json", []byte(`{"title":""}`), lint.Options{Skip: []string{"settings"}}) {
		if f.Rule == "settings" {
			t.Errorf("skipped, and found %v", f)
		}
	}
}

func TestFinding_String_OneLine(t *testing.T) {
	f := lint.Finding{File: "a.json", Panel: lint.Panel{ID: 3, Title: "Age"}, Rule: "unit", Path: "$.panels[2]", Message: "there is no unit"}
	if got, want := f.String(), `a.json: panel 3 "Age": unit: there is no unit ($.panels[2])`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	f.Panel = lint.Panel{}
	if got, want := f.String(), `a.json: unit: there is no unit ($.panels[2])`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestUID(t *testing.T) {
	if got := lint.UID(good(t)); got != "dev-orders-pipeline" {
		t.Errorf("got %q", got)
	}
	if got := lint.UID([]byte("{")); got != "" {
		t.Errorf("of no dashboard: %q", got)
	}
}
