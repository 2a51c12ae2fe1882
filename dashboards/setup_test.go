package dashboards_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards"
	"github.com/tracehaul/tracehaul/dashboards/lint"
	"github.com/tracehaul/tracehaul/pipeline"
)

// environments are those of the reference pipeline.
var environments = []string{"dev", "staging", "prod"}

// load returns the alarms of the reference pipeline in an environment.
func load(tb testing.TB, environment string) *alarms.Set {
	tb.Helper()
	all, err := pipeline.LoadAll("../pipeline/testdata/reference/tracehaul.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	at := slices.IndexFunc(all, func(p *pipeline.Pipeline) bool { return p.Environment == environment })
	if at < 0 {
		tb.Fatalf("tracehaul.yaml has no environment %q", environment)
	}
	return alarmsOf(tb, all[at])
}

func alarmsOf(tb testing.TB, p *pipeline.Pipeline) *alarms.Set {
	tb.Helper()
	set, err := alarms.For(p)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

func boardsOf(tb testing.TB, set *alarms.Set, more ...dashboards.Row) []dashboards.Board {
	tb.Helper()
	d, err := dashboards.For(set, more...)
	if err != nil {
		tb.Fatal(err)
	}
	return d.Boards()
}

// drawn is what a test looks at of a board.
type drawn struct {
	UID    string  `json:"uid"`
	Panels []panel `json:"panels"`
}

type panel struct {
	ID          int64  `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Links       []struct {
		Title string `json:"title"`
		URL   string `json:"url"`
	} `json:"links"`
	Targets     []target `json:"targets"`
	FieldConfig struct {
		Defaults struct {
			Unit       string `json:"unit"`
			Thresholds struct {
				Steps []struct {
					Value *float64 `json:"value"`
				} `json:"steps"`
			} `json:"thresholds"`
			Links []struct {
				URL string `json:"url"`
			} `json:"links"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
}

type target struct {
	Datasource struct {
		Type string `json:"type"`
	} `json:"datasource"`
	Namespace  string            `json:"namespace"`
	MetricName string            `json:"metricName"`
	Statistic  string            `json:"statistic"`
	Dimensions map[string]string `json:"dimensions"`
	Expression string            `json:"expression"`
	Expr       string            `json:"expr"`
	Period     string            `json:"period"`
	ID         string            `json:"id"`
	Label      string            `json:"label"`
}

func decode(tb testing.TB, b *dashboards.Board) drawn {
	tb.Helper()
	var d drawn
	if err := json.Unmarshal(b.JSON(), &d); err != nil {
		tb.Fatal(err)
	}
	return d
}

// checkLint fails the test for whatever the linter finds.
func checkLint(tb testing.TB, set *alarms.Set, boards []dashboards.Board) {
	tb.Helper()
	o := dashboards.LintOptions(set)
	o.Dashboards = nil
	for i := range boards {
		o.Dashboards = append(o.Dashboards, boards[i].UID)
	}
	for i := range boards {
		for _, f := range lint.Dashboard(boards[i].File(), boards[i].JSON(), o) {
			tb.Error(f)
		}
	}
}
