package dashboards_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/dashboards"
	"github.com/tracehaul/tracehaul/pipeline"
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
	blank.Key, blank.Title, blank.Description, blank.Since = "f", "", "", "soon"
	_, err := dashboards.For(load(t, "prod"),
		dashboards.Row{Board: "nowhere", Title: "Lost"},
		dashboards.Row{Board: pipeline.BoardCost, Title: "Mine", Panels: []dashboards.Panel{p, p, unknown, nameless, joins, nothing, wide, blank}},
		dashboards.Row{Board: pipeline.BoardCost})
	for _, want := range []string{`there is no board "nowhere"`, `two panels of cost have the key "a"`, `there is no alarm "no-such-alarm"`, `the alarm "edge" joins others`, `panel "d", query 1: it asks nothing`, `the width is not 1 to 24`, `there is no title`, `there is no description`, `a row of cost has no title`, `the key is not lower-case words`, `it shows the time since "soon": want`} {
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
