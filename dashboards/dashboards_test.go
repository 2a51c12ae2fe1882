package dashboards_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

func TestBoards_Reference_HaveNoFindings(t *testing.T) {
	t.Parallel()
	for _, environment := range environments {
		set := load(t, environment)
		boards := boardsOf(t, set)
		if len(boards) != len(pipeline.Boards()) {
			t.Errorf("%s has %d boards, want %d", environment, len(boards), len(pipeline.Boards()))
		}
		checkLint(t, set, boards)
	}
}

// Whatever data sources a team has, what is left has no holes, no link to a
// board that is not there and no query to what is missing.
func TestBoards_AnyDataSources_HaveNoFindings(t *testing.T) {
	t.Parallel()
	set := load(t, "prod")
	sources := []struct {
		plugin string
		uid    func(*pipeline.Dashboards) *string
	}{
		{"cloudwatch", func(d *pipeline.Dashboards) *string { return &d.CloudWatchUID }},
		{"prometheus", func(d *pipeline.Dashboards) *string { return &d.PrometheusUID }},
		{"tempo", func(d *pipeline.Dashboards) *string { return &d.TempoUID }},
		{"grafana-x-ray-datasource", func(d *pipeline.Dashboards) *string { return &d.XRayUID }},
		{"loki", func(d *pipeline.Dashboards) *string { return &d.LokiUID }},
		{"grafana-postgresql-datasource", func(d *pipeline.Dashboards) *string { return &d.PostgresUID }},
	}
	for mask := range 1 << len(sources) {
		p := *set.Pipeline
		var has, name []string
		for i, s := range sources {
			*s.uid(&p.Dashboards) = ""
			if mask&(1<<i) != 0 {
				*s.uid(&p.Dashboards) = "uid"
				has, name = append(has, s.plugin), append(name, s.plugin)
			}
		}
		t.Run(strings.Join(name, "+"), func(t *testing.T) {
			t.Parallel()
			set := alarmsOf(t, &p)
			boards := boardsOf(t, set)
			if mask == 0 && len(boards) > 0 {
				t.Errorf("without a data source there are %d boards", len(boards))
			}
			checkLint(t, set, boards)
			asked := make(map[string]bool)
			for i := range boards {
				for _, p := range decode(t, &boards[i]).Panels {
					for _, q := range p.Targets {
						asked[q.Datasource.Type] = true
						if !slices.Contains(has, q.Datasource.Type) {
							t.Errorf("%s: %q asks %s, which the team has not", boards[i].Name, p.Title, q.Datasource.Type)
						}
					}
				}
			}
			for _, s := range has {
				if !asked[s] {
					t.Errorf("no panel asks %s, which the team has", s)
				}
			}
		})
	}
}

func TestBoards_EveryAlarm_IsOnAPanelWithItsThreshold(t *testing.T) {
	t.Parallel()
	for _, environment := range environments {
		set := load(t, environment)
		shown := make(map[string][]string) // boards, by alarm
		for _, b := range boardsOf(t, set) {
			for _, p := range decode(t, &b).Panels {
				for _, l := range p.Links {
					key, ok := strings.CutPrefix(l.Title, "alarm: ")
					if !ok {
						continue
					}
					a, known := set.Find(key)
					if !known {
						t.Errorf("%s: %q names an alarm %q that there is not", b.UID, p.Title, key)
						continue
					}
					shown[key] = append(shown[key], b.Name)
					if want := alarms.RunbookURL(set.Pipeline, a.Runbook); l.URL != want {
						t.Errorf("%s: %q leads to %s, want %s", b.UID, p.Title, l.URL, want)
					}
					if a.Metric != nil && !a.Metric.Comparison.Band() && !hasLine(&p, &a) {
						t.Errorf("%s: %q has no line for %s", b.UID, p.Title, key)
					}
				}
			}
		}
		for _, a := range set.Alarms() {
			if !slices.Contains(shown[a.Key], pipeline.BoardAlarms) {
				t.Errorf("%s: the alarm %s is not on the board of alarms", environment, a.Key)
			}
			if a.Rollback != "" && !slices.Contains(shown[a.Key], pipeline.BoardDeploy) {
				t.Errorf("%s: the alarm %s rolls deploys back and is not on the board for that", environment, a.Key)
			}
		}
	}
}

// A panel of one alarm draws what the alarm compares, over its period.
func TestBoards_AlarmPanel_DrawsWhatTheAlarmWatches(t *testing.T) {
	t.Parallel()
	set := load(t, "prod")
	boards := boardsOf(t, set)
	at := slices.IndexFunc(boards, func(b dashboards.Board) bool { return b.Name == pipeline.BoardAlarms })
	checked := 0
	for _, p := range decode(t, &boards[at]).Panels {
		var own []alarms.Alarm
		for _, l := range p.Links {
			if a, ok := set.Find(strings.TrimPrefix(l.Title, "alarm: ")); ok && a.Metric != nil {
				own = append(own, a)
			}
		}
		if len(own) != 1 {
			continue // windows of one thing have other ids
		}
		checked++
		a := own[0]
		for _, in := range a.Metric.Inputs {
			if !slices.ContainsFunc(p.Targets, func(q target) bool {
				return q.MetricName == in.Signal.Metric.Name && q.Statistic == in.Signal.Statistic && q.Period == strconv.Itoa(int(a.Metric.Period.Seconds())) &&
					(a.Metric.Expression == "" || q.ID == in.ID)
			}) {
				t.Errorf("%s: no query for %s, %s of %v", a.Key, in.Signal.ID, in.Signal.Statistic, a.Metric.Period)
			}
		}
		if a.Metric.Expression != "" && !slices.ContainsFunc(p.Targets, func(q target) bool {
			return q.Expression == a.Metric.Expression && q.Period == strconv.Itoa(int(a.Metric.Period.Seconds()))
		}) {
			t.Errorf("%s: no query for %s", a.Key, a.Metric.Expression)
		}
	}
	if checked < 40 {
		t.Errorf("only %d panels were looked at", checked)
	}
}

// What is called target group a is that of variable a.
func TestBoards_TargetGroups_AreNotSwapped(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, b := range boardsOf(t, load(t, "prod")) {
		for _, p := range decode(t, &b).Panels {
			groups := make(map[string]string) // of queries, by id
			for _, q := range p.Targets {
				groups[q.ID] = strings.TrimSuffix(strings.TrimPrefix(q.Dimensions["TargetGroup"], "${target_group_"), "}")
			}
			for _, q := range p.Targets {
				m := regexp.MustCompile(`(?:group|in) ([ab])$`).FindStringSubmatch(q.Label)
				if m == nil {
					continue
				}
				seen++
				of := []string{groups[q.ID]}
				for _, id := range regexp.MustCompile(`[a-z]\w*`).FindAllString(q.Expression, -1) {
					of = append(of, groups[id])
				}
				if all := strings.Join(of, ""); strings.Trim(all, m[1]) != "" || all == "" {
					t.Errorf("%s: %q of %q asks for group %q", b.Name, q.Label, p.Title, all)
				}
			}
		}
	}
	if seen < 6 {
		t.Errorf("only %d queries name a target group", seen)
	}
}

// hasLine reports whether a panel has the threshold of an alarm, in whatever
// unit of time or share.
func hasLine(p *panel, a *alarms.Alarm) bool {
	for _, step := range p.FieldConfig.Defaults.Thresholds.Steps {
		for _, factor := range []float64{1, 1e-3, 1e3} {
			if step.Value != nil && math.Abs(*step.Value-factor*a.Metric.Threshold) <= 1e-9*max(1, math.Abs(a.Metric.Threshold)) {
				return true
			}
		}
	}
	return false
}

func TestBoards_EverySignal_IsOnAPanel(t *testing.T) {
	t.Parallel()
	for _, environment := range environments {
		set := load(t, environment)
		asked := make(map[string]bool)
		for _, b := range boardsOf(t, set) {
			for _, p := range decode(t, &b).Panels {
				for _, q := range p.Targets {
					asked[q.Namespace+" "+q.MetricName] = true
					for _, value := range q.Dimensions {
						asked[q.Namespace+" "+q.MetricName+" "+value] = true
					}
				}
			}
		}
		for _, s := range set.Signals.All() {
			if !asked[spelt(set.Pipeline, s.Metric.Namespace)+" "+s.Metric.Name] {
				t.Errorf("%s: the signal %s (%s) is on no panel", environment, s.ID, s.Metric.Key())
				continue
			}
			for _, d := range s.Metric.Dimensions {
				value := spelt(set.Pipeline, d.Value)
				switch d.Input {
				case "":
				case signal.InputCertificate:
					value = "*"
				default:
					value = "${" + string(d.Input) + "}"
				}
				if !asked[s.Metric.Namespace+" "+s.Metric.Name+" "+value] {
					t.Errorf("%s: no panel asks for %s with %s=%s", environment, s.ID, d.Name, value)
				}
			}
		}
	}
}

// spelt is a name as dashboards have it, with variables.
func spelt(p *pipeline.Pipeline, name string) string {
	name = strings.Replace(name, p.Prefix(), "${environment}-${pipeline}", 1)
	if rest, ok := strings.CutPrefix(name, p.Environment+"-"); ok {
		return "${environment}-" + rest
	}
	return name
}

func TestBoards_EveryPanel_SaysWhatGoodLooksLike(t *testing.T) {
	t.Parallel()
	for _, b := range boardsOf(t, load(t, "prod")) {
		for _, p := range decode(t, &b).Panels {
			if p.Type != "row" && p.Type != "text" && !regexp.MustCompile(`\b[Gg]ood\b`).MatchString(p.Description) {
				t.Errorf("%s: the description of %q does not say what good looks like: %s", b.Name, p.Title, p.Description)
			}
		}
	}
}

func TestBoards_SamePipeline_SameBytes(t *testing.T) {
	t.Parallel()
	first, second := load(t, "prod"), load(t, "prod")
	if a, b := generate(t, nil, first), generate(t, nil, second); !bytes.Equal(a, b) {
		t.Error("two runs differ")
	}
	if a, b := generate(t, nil, first), generate(t, nil, load(t, "dev")); bytes.Equal(a, b) {
		t.Error("two environments do not differ")
	}
}

// The board's own way of putting JSON on lines is the standard one.
func TestBoard_JSON_IsIndentedAsUsual(t *testing.T) {
	t.Parallel()
	set := load(t, "prod")
	d, err := dashboards.For(set)
	if err != nil {
		t.Fatal(err)
	}
	texts := [][]byte{d.Terraform()}
	for _, b := range d.Boards() {
		texts = append(texts, b.JSON())
	}
	for _, text := range texts {
		var want bytes.Buffer
		if err := json.Indent(&want, text, "", "  "); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text, want.Bytes()) {
			t.Error("the JSON is not indented as json.Indent does it")
		}
	}
}

// A threshold is written once: what a description changes of it is seen in the
// alarm, on the panels and in the runbook.
func TestBoards_ChangedThreshold_ChangesAlarmLineAndRunbook(t *testing.T) {
	t.Parallel()
	const key = "latency-p99"
	before := load(t, "prod")
	p := *before.Pipeline
	p.Objectives.Latency *= 2
	after := alarmsOf(t, &p)
	was, _ := before.Find(key)
	is, _ := after.Find(key)
	if is.Metric.Threshold == was.Metric.Threshold {
		t.Fatalf("the threshold of %s does not depend on the objective: the test needs another alarm", key)
	}
	if bytes.Equal(before.Terraform(), after.Terraform()) {
		t.Error("the alarms do not change")
	}
	for i, set := range []*alarms.Set{before, after} {
		a, _ := set.Find(key)
		found := false
		for _, b := range boardsOf(t, set) {
			for _, p := range decode(t, &b).Panels {
				for _, l := range p.Links {
					if l.Title == "alarm: "+key {
						found = true
						if !hasLine(&p, &a) {
							t.Errorf("%d: %q of %s has no line at %v", i, p.Title, b.Name, a.Metric.Threshold)
						}
						if !strings.Contains(p.Description, a.Condition()) {
							t.Errorf("%d: the description of %q does not say %q", i, p.Title, a.Condition())
						}
					}
				}
			}
		}
		if !found {
			t.Errorf("no panel has the alarm %s", key)
		}
	}
	text, err := os.ReadFile("../docs/runbooks/" + was.Runbook)
	if err != nil {
		t.Fatal(err)
	}
	var filled [2][]byte
	for i, set := range []*alarms.Set{before, after} {
		if filled[i], err = alarms.FillRunbook(was.Runbook, text, set); err != nil {
			t.Fatal(err)
		}
	}
	if bytes.Equal(filled[0], filled[1]) {
		t.Error("the runbook does not change")
	}
}

func TestFor_TeamsRow_ComesLastAndMovesNothing(t *testing.T) {
	t.Parallel()
	set := load(t, "prod")
	stock := boardsOf(t, set)
	row := dashboards.Row{Board: pipeline.BoardDatabase, Title: "Orders", Panels: []dashboards.Panel{{
		Key: "orders-by-shop", Title: "Orders by shop", Unit: "eps",
		Description: "Orders a second, by shop. Good is every shop; a shop that is missing has a problem of its own: call it.",
		Queries:     []dashboards.Query{dashboards.PromQL(`sum by (shop) (rate(orders_total{deployment_environment_name="$environment"}[$__rate_interval]))`, "{{shop}}")},
	}}}
	with := boardsOf(t, set, row)
	checkLint(t, set, with)
	for i := range with {
		was, is := decode(t, &stock[i]).Panels, decode(t, &with[i]).Panels
		if with[i].Name == pipeline.BoardDatabase {
			if len(is) != len(was)+2 || is[len(is)-1].Title != "Orders by shop" {
				t.Errorf("the row does not come last: %d panels, were %d", len(is), len(was))
			}
			is = is[:len(was)]
		}
		for j := range was {
			if was[j].ID != is[j].ID {
				t.Errorf("%s: the id of %q changed from %d to %d", with[i].Name, was[j].Title, was[j].ID, is[j].ID)
			}
		}
	}
}

func TestFor_WrongRows_AreAllNamed(t *testing.T) {
	t.Parallel()
	p := dashboards.Panel{Key: "a", Title: "A", Description: "x", Queries: []dashboards.Query{dashboards.PromQL("up", "")}}
	unknown := p
	unknown.Key, unknown.Alarms = "b", []string{"no-such-alarm"}
	nameless := p
	nameless.Key = ""
	joins, nothing := p, p
	composite, _ := load(t, "prod").Find("edge")
	joins.Key, joins.Queries = "c", []dashboards.Query{dashboards.Watched(composite, "x")}
	nothing.Key, nothing.Queries = "d", []dashboards.Query{{}}
	wide, blank := p, p
	wide.Key, wide.Width = "e", 30
	blank.Key, blank.Title, blank.Description = "f", "", ""
	_, err := dashboards.For(load(t, "prod"),
		dashboards.Row{Board: "nowhere", Title: "Lost"},
		dashboards.Row{Board: pipeline.BoardCost, Title: "Mine", Panels: []dashboards.Panel{p, p, unknown, nameless, joins, nothing, wide, blank}},
		dashboards.Row{Board: pipeline.BoardCost})
	for _, want := range []string{`there is no board "nowhere"`, `two panels of cost have the key "a"`, `there is no alarm "no-such-alarm"`, `the alarm "edge" joins others`, `panel "d" of cost: a query asks nothing`, `the width is not 1 to 24`, `there is no title`, `there is no description`, `a row of cost has no title`, `the key is not lower-case words`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %s: %v", want, err)
		}
	}
}

func TestFor_WithoutGrafana_HasTheCloudWatchBoardAlone(t *testing.T) {
	t.Parallel()
	p := *load(t, "prod").Pipeline
	p.Dashboards.GrafanaURL = ""
	d, err := dashboards.For(alarmsOf(t, &p))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(d.Boards()); n != 0 {
		t.Errorf("there are %d boards for Grafana", n)
	}
	if text := string(d.Terraform()); strings.Contains(text, "grafana") || !strings.Contains(text, "aws_cloudwatch_dashboard") {
		t.Errorf("the module is not of CloudWatch alone:\n%.500s", text)
	}
}

var variables = regexp.MustCompile(`\$\{\w+(\.\w+)?\}`)

// Links to Explore hold JSON that Grafana can read.
func TestBoards_LinksToExplore_HoldQueries(t *testing.T) {
	t.Parallel()
	seen := 0
	p := *load(t, "prod").Pipeline
	p.Dashboards.LokiUID = "loki"
	for _, b := range boardsOf(t, alarmsOf(t, &p)) {
		for _, p := range decode(t, &b).Panels {
			for _, l := range p.FieldConfig.Defaults.Links {
				query, ok := strings.CutPrefix(l.URL, "/explore?")
				if !ok {
					continue
				}
				seen++
				if strings.Contains(query, "%24") {
					t.Fatalf("%q: Grafana sees no variable in %s", p.Title, query)
				}
				values, err := url.ParseQuery(variables.ReplaceAllString(query, "x"))
				if err != nil {
					t.Fatalf("%s: %v", l.URL, err)
				}
				var panes map[string]struct {
					Datasource string           `json:"datasource"`
					Queries    []map[string]any `json:"queries"`
					Range      struct{ From, To string }
				}
				if err := json.Unmarshal([]byte(values.Get("panes")), &panes); err != nil {
					t.Fatalf("%s: %v", values.Get("panes"), err)
				}
				pane := panes["a"]
				if pane.Datasource != "x" || len(pane.Queries) != 1 || pane.Range.From != "x" || fmt.Sprint(pane.Queries[0]["query"]) == "" {
					t.Fatalf("%q: the pane is %+v", p.Title, pane)
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no value leads to traces")
	}
}
