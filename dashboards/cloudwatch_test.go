package dashboards_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/metricmath"
	"github.com/tracehaul/tracehaul/dashboards"
)

// body is a dashboard of CloudWatch's own.
type body struct {
	Widgets []struct {
		Type                string `json:"type"`
		X, Y, Width, Height int
		Properties          struct {
			Title       string  `json:"title"`
			Markdown    string  `json:"markdown"`
			Region      string  `json:"region"`
			View        string  `json:"view"`
			Metrics     [][]any `json:"metrics"`
			Annotations struct {
				Horizontal []struct {
					Value float64 `json:"value"`
					Label string  `json:"label"`
				} `json:"horizontal"`
			} `json:"annotations"`
		} `json:"properties"`
	} `json:"widgets"`
}

func bodyOf(t *testing.T, set *alarms.Set) body {
	t.Helper()
	d, err := dashboards.For(set)
	if err != nil {
		t.Fatal(err)
	}
	var b body
	if err := json.Unmarshal(d.CloudWatch(), &b); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCloudWatch_Widgets_LieOnTheGrid(t *testing.T) {
	t.Parallel()
	type cell struct{ x, y int }
	taken := make(map[cell]string)
	for _, w := range bodyOf(t, load(t, "prod")).Widgets {
		if w.X+w.Width > 24 || w.Width < 1 || w.Height < 1 {
			t.Errorf("%q lies at %d with width %d", w.Properties.Title, w.X, w.Width)
		}
		for x := w.X; x < w.X+w.Width; x++ {
			for y := w.Y; y < w.Y+w.Height; y++ {
				if other, ok := taken[cell{x, y}]; ok {
					t.Fatalf("%q lies on %q", w.Properties.Title, other)
				}
				taken[cell{x, y}] = w.Properties.Title + w.Properties.Markdown
			}
		}
	}
}

// Every alarm that rolls deploys back is drawn with its threshold, and what it
// watches is computed as the alarm does it.
func TestCloudWatch_RollbackAlarms_AreDrawn(t *testing.T) {
	t.Parallel()
	set := load(t, "prod")
	b := bodyOf(t, set)
	for _, a := range set.Alarms() {
		if a.Rollback == "" {
			continue
		}
		found := false
		for _, w := range b.Widgets {
			for _, m := range w.Properties.Metrics {
				settings, ok := m[len(m)-1].(map[string]any)
				if !ok || settings["label"] != strings.TrimPrefix(a.Key, "rollback-") {
					continue
				}
				found = true
				if !slices.ContainsFunc(w.Properties.Annotations.Horizontal, func(l struct {
					Value float64 `json:"value"`
					Label string  `json:"label"`
				},
				) bool {
					return l.Value == a.Metric.Threshold
				}) {
					t.Errorf("%q has no line at %v", w.Properties.Title, a.Metric.Threshold)
				}
				if settings["period"] != a.Metric.Period.Seconds() {
					t.Errorf("%s: the period is %v s, want %v", a.Key, settings["period"], a.Metric.Period)
				}
			}
		}
		if !found {
			t.Errorf("no widget draws %s", a.Key)
		}
	}
}

// Expressions parse, and name metrics of their widget.
func TestCloudWatch_Expressions_NameTheirMetrics(t *testing.T) {
	t.Parallel()
	for _, w := range bodyOf(t, load(t, "prod")).Widgets {
		var ids, expressions []string
		for _, m := range w.Properties.Metrics {
			settings, ok := m[len(m)-1].(map[string]any)
			if !ok {
				t.Fatalf("%q: a metric has no settings: %v", w.Properties.Title, m)
			}
			id, _ := settings["id"].(string)
			if id != "" && slices.Contains(ids, id) {
				t.Errorf("%q: the id %s is there twice", w.Properties.Title, id)
			}
			ids = append(ids, id)
			if text, ok := settings["expression"].(string); ok {
				expressions = append(expressions, text)
				continue
			}
			if len(m)%2 == 0 { // namespace, name, pairs, settings
				t.Errorf("%q: a metric has half a dimension: %v", w.Properties.Title, m)
			}
		}
		for _, text := range expressions {
			e, err := metricmath.Parse(text)
			if err != nil {
				t.Errorf("%q: %s: %v", w.Properties.Title, text, err)
				continue
			}
			for _, id := range e.IDs() {
				if !slices.Contains(ids, id) {
					t.Errorf("%q: %s names %s, which is not in the widget", w.Properties.Title, text, id)
				}
			}
		}
	}
}

var reference = regexp.MustCompile(`(\$+)\{([^}]*)\}`)

// Terraform reads ${ as its own: what is left of it are the module's variables.
func TestTerraform_Texts_HaveVariablesOfTheModuleAlone(t *testing.T) {
	t.Parallel()
	d, err := dashboards.For(load(t, "prod"))
	if err != nil {
		t.Fatal(err)
	}
	var module struct {
		Variable map[string]any                       `json:"variable"`
		Resource map[string]map[string]map[string]any `json:"resource"`
	}
	if err := json.Unmarshal(d.Terraform(), &module); err != nil {
		t.Fatal(err)
	}
	text, _ := module.Resource["aws_cloudwatch_dashboard"]["deploy"]["dashboard_body"].(string)
	seen := make(map[string]bool)
	for _, m := range reference.FindAllStringSubmatch(text, -1) {
		name, ok := strings.CutPrefix(m[2], "var.")
		switch {
		case len(m[1])%2 == 0: // escaped
		case !ok || module.Variable[name] == nil:
			t.Errorf("the body refers to %s", m[0])
		default:
			seen[name] = true
		}
	}
	for name := range module.Variable {
		if !seen[name] {
			t.Errorf("nothing refers to the variable %s", name)
		}
	}
	if len(module.Resource["grafana_dashboard"]) != len(d.Boards()) {
		t.Errorf("the module deploys %d boards, want %d", len(module.Resource["grafana_dashboard"]), len(d.Boards()))
	}
}
