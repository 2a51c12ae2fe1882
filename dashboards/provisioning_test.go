package dashboards_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/tracehaul/tracehaul/dashboards"
	"github.com/tracehaul/tracehaul/dashboards/lint"
)

func TestProvisioning_DataSources_KnowEachOther(t *testing.T) {
	t.Parallel()
	var d dataSources
	read(t, provision(t, load(t, "dev")), dataSourcesPath, map[string]bool{}, &d)
	want := map[string][3]string{ // by uid: the type, where it is, which others it leads to
		"prometheus": {"prometheus", "http://localhost:9090", "tempo"},
		"tempo":      {"tempo", "http://localhost:3200", "loki prometheus prometheus"},
		"loki":       {"loki", "http://localhost:3100", "tempo"},
		"postgres":   {"grafana-postgresql-datasource", "localhost:5432", ""},
	}
	defaults := 0
	for i := range d.List {
		s := &d.List[i]
		j := &s.Options
		leads := slices.Concat(j.Exemplars, j.DerivedFields)
		for _, c := range []*correlation{j.TracesToLogs, j.TracesToMetrics, j.ServiceMap} {
			if c != nil {
				leads = append(leads, *c)
			}
		}
		var to []string
		for _, c := range leads {
			to = append(to, c.UID)
		}
		if got := [3]string{s.Type, s.URL, strings.Join(to, " ")}; got != want[s.UID] {
			t.Errorf("%s: %q, want %q", s.UID, got, want[s.UID])
		}
		if s.Access != "proxy" || s.Editable || s.Name == "" {
			t.Errorf("%s: access %q, editable %t, name %q", s.UID, s.Access, s.Editable, s.Name)
		}
		if s.IsDefault {
			defaults++
		}
		delete(want, s.UID)
	}
	if len(want) > 0 || defaults != 1 || d.Version != 1 {
		t.Errorf("not there: %v; %d defaults, version %d; want 1 of each", slices.Sorted(maps.Keys(want)), defaults, d.Version)
	}
	prometheus, tempo, loki, postgres := &d.List[0].Options, &d.List[1].Options, &d.List[2].Options, &d.List[3]
	for what, equal := range map[string][2]string{
		"label of exemplars": {prometheus.Exemplars[0].Name, "trace_id"},
		"method":             {prometheus.HTTPMethod, "POST"},
		"interval":           {prometheus.TimeInterval, "5s"},
		"logs of a span":     {tempo.TracesToLogs.Query, `{${__tags}} | trace_id="${__trace.traceId}"`},
		"trace of a line":    {loki.DerivedFields[0].URL, "${__value.raw}"},
		"label of lines":     {loki.DerivedFields[0].MatcherType + " " + loki.DerivedFields[0].MatcherRegex, "label trace_id"},
		"database":           {postgres.User + "@" + postgres.Options.Database + " " + postgres.Options.SSLMode, "grafana@tracehaul disable"},
		"password":           {postgres.Secrets["password"], "local"},
	} {
		if equal[0] != equal[1] {
			t.Errorf("%s: %q, want %q", what, equal[0], equal[1])
		}
	}
	if !tempo.TracesToLogs.CustomQuery || !tempo.NodeGraph.Enabled {
		t.Error("Tempo: the query for log lines or the graph of a trace is off")
	}
}

// A span leads to metrics by the labels that the boards select by.
func TestProvisioning_MetricsOfASpan_AreThoseOfTheBoards(t *testing.T) {
	t.Parallel()
	files := provision(t, load(t, "dev"))
	var d dataSources
	read(t, files, dataSourcesPath, map[string]bool{}, &d)
	c := d.List[1].Options.TracesToMetrics
	var matchers []string
	for _, tag := range c.Tags {
		matchers = append(matchers, tag.Value+`="x"`)
		if tag.Value != strings.ReplaceAll(tag.Key, ".", "_") {
			t.Errorf("the attribute %s is the label %s", tag.Key, tag.Value)
		}
	}
	for _, q := range c.Queries {
		if !strings.Contains(q.Query, "{$__tags}") { // Grafana knows no ${__tags} there
			t.Errorf("%s: %s does not say where the tags go", q.Name, q.Query)
		}
		text := strings.NewReplacer("$__tags", strings.Join(matchers, ", "), "$__rate_interval", "1m").Replace(q.Query)
		e, err := parser.NewParser(parser.Options{}).ParseExpr(text)
		if err != nil {
			t.Errorf("%s: %v", q.Name, err)
			continue
		}
		for _, selector := range parser.ExtractSelectors(e) {
			name := selector[slices.IndexFunc(selector, func(m *labels.Matcher) bool { return m.Name == "__name__" })].Value
			if !slices.ContainsFunc(slices.Collect(maps.Values(files)), func(content []byte) bool {
				return bytes.Contains(content, []byte("("+name+`{deployment_environment_name=`))
			}) {
				t.Errorf("%s: no board has the metric %s", q.Name, name)
			}
		}
	}
	if len(c.Queries) == 0 {
		t.Error("a span leads to no metric")
	}
}

func TestProvisioning_Variables_AreAllUsed(t *testing.T) {
	t.Parallel()
	files := provision(t, load(t, "dev"))
	used := make(map[string]bool)
	read(t, files, dataSourcesPath, used, new(dataSources))
	read(t, files, providersPath, used, new(providers))
	for name, value := range variablesOf(files[variablesPath]) {
		if !used[name] || value == "" {
			t.Errorf("%s=%s: not used, or empty", name, value)
		}
	}
}

// The folder is that of the Terraform module, whatever its title.
func TestProvisioning_Folder_IsTheEnvironments(t *testing.T) {
	t.Parallel()
	set := load(t, "dev")
	p := *set.Pipeline
	p.Dashboards.Folder = `Orders: $HOME, "A" & ü`
	var got providers
	read(t, provision(t, alarmsOf(t, &p)), providersPath, map[string]bool{}, &got)
	if len(got.List) != 1 || got.Version != 1 {
		t.Fatalf("%+v: want one folder", got)
	}
	f := got.List[0]
	if f.Folder != `Orders: $HOME, "A" & ü (dev)` || f.FolderUID != "dev-orders" || f.Name != "dev-orders" {
		t.Errorf("folder %q, uid %q, name %q", f.Folder, f.FolderUID, f.Name)
	}
	if f.Type != "file" || f.OrgID != 1 || !f.DisableDeletion || f.AllowUIUpdates || f.UpdateIntervalSeconds != 10 || f.Options.Path != "/etc/tracehaul/dashboards" {
		t.Errorf("provider %+v", f)
	}
}

func TestProvisioning_Boards_AskTheLocalDataSourcesAlone(t *testing.T) {
	t.Parallel()
	for _, environment := range environments {
		set := load(t, environment)
		files := provision(t, set)
		o := dashboards.LintOptions(set)
		o.Dashboards = nil
		var boards []string
		for _, file := range slices.Sorted(maps.Keys(files)) {
			if strings.HasPrefix(file, "dashboards/") {
				boards = append(boards, file)
				o.Dashboards = append(o.Dashboards, lint.UID(files[file]))
			}
		}
		asked := make(map[string]bool)
		for _, file := range boards {
			for _, f := range lint.Dashboard(file, files[file], o) {
				t.Error(f)
			}
			var d drawn
			if err := json.Unmarshal(files[file], &d); err != nil {
				t.Fatal(err)
			}
			for _, p := range d.Panels {
				for _, q := range p.Targets {
					asked[q.Datasource.Type] = true
				}
			}
		}
		want := []string{"grafana-postgresql-datasource", "loki", "prometheus", "tempo"}
		if got := slices.Sorted(maps.Keys(asked)); !slices.Equal(got, want) {
			t.Errorf("%s: the boards ask %q, want %q", environment, got, want)
		}
		for _, name := range []string{"pipeline", "deploy", "consumers", "database", "alarms"} {
			if !slices.Contains(boards, path.Join("dashboards", name+".json")) {
				t.Errorf("%s: no board %s", environment, name)
			}
		}
	}
}

func TestProvisioning_OwnRow_IsThereAndTheSetUntouched(t *testing.T) {
	t.Parallel()
	set := load(t, "dev")
	before := set.Pipeline.Dashboards
	files := provision(t, set, dashboards.Row{Board: "consumers", Title: "Ours", Panels: []dashboards.Panel{
		{Key: "ours", Title: "Ours", Description: "Good is more than none of ours at noon.", Queries: []dashboards.Query{dashboards.PromQL(`sum(rate(ours_total[$__rate_interval]))`, "ours")}},
	}})
	if !bytes.Contains(files["dashboards/consumers.json"], []byte("ours_total")) {
		t.Error("the team's row is not on the board")
	}
	if set.Pipeline.Dashboards != before {
		t.Errorf("the description was changed to %+v", set.Pipeline.Dashboards)
	}
	again := provision(t, set)
	for file, content := range provision(t, set) {
		if !bytes.Equal(content, again[file]) {
			t.Errorf("%s is not the same the second time", file)
		}
	}
	if _, err := dashboards.Provisioning(set, dashboards.Row{Board: "none"}); err == nil {
		t.Error("a row of no board is taken")
	}
}
