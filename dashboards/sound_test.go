package dashboards_test

import (
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// returns is a signal that a team has.
var returns = signal.Signal{Metric: signal.Metric{Namespace: "Shop", Name: "Refunds"}, Statistic: "Sum"}

func inputs(ids ...string) (all []alarms.Input) {
	for _, id := range ids {
		all = append(all, alarms.Input{ID: id, Signal: returns})
	}
	return all
}

func rowOf(p dashboards.Panel) dashboards.Row {
	p.Key, p.Title, p.Description = "refunds", "Refunds", "Good is none."
	return dashboards.Row{Board: pipeline.BoardCost, Title: "Mine", Panels: []dashboards.Panel{p}}
}

func TestFor_QueryThatCannotBeAsked_IsNamed(t *testing.T) {
	t.Parallel()
	set := load(t, "prod")
	var band alarms.Alarm
	band.Key, band.Metric = "own", &alarms.Metric{Comparison: alarms.OutsideBand}
	for _, c := range []struct {
		name  string
		query dashboards.Query
		want  string
	}{
		{"nothing", dashboards.Query{}, `query 2: it asks nothing`},
		{"no inputs", dashboards.Math(nil, "", ""), `query 2: there is nothing to ask: want signals`},
		{"no inputs, an expression", dashboards.Math(nil, "a", "x"), `query 2 x: there is nothing to ask: want signals`},
		{"no signal", dashboards.Metric(signal.Signal{}, ""), `query 2: signal "m": there is no metric`},
		{"no statistic", dashboards.Metric(returns.With(""), ""), `query 2: signal "m": the statistic is "", want Sum`},
		{"no expression", dashboards.Math(inputs("a", "b"), "", ""), `query 2: there is no expression: want what is made of 2 signals`},
		{"half an expression", dashboards.Math(inputs("a"), "a +* (", ""), `query 2: the expression "a +* (" is not metric math: column 4`},
		{"unknown id", dashboards.Math(inputs("a"), "a + b", ""), `query 2: the expression "a + b" names "b": want one of ["a"]`},
		{"no id", dashboards.Math(inputs("A b"), "1 + 2", ""), `query 2: signal "A b": an id is a lower-case letter`},
		{"an id twice", dashboards.Math(inputs("a", "a"), "a", ""), `query 2: the id "a" is there twice`},
		{"band of nothing", dashboards.Watched(band, ""), `query 2: there is nothing to ask: want signals`},
		{"no PromQL", dashboards.PromQL("", ""), `query 2: its text is empty`},
		{"no TraceQL", dashboards.TraceQL(" "), `query 2: its text is empty`},
		{"no filter", dashboards.XRayTraces(""), `query 2: its text is empty`},
		{"no LogQL", dashboards.LogQL(""), `query 2: its text is empty`},
		{"no SQL", dashboards.SQL(""), `query 2: its text is empty`},
		{"no log query", dashboards.LogsInsights("/ecs/shop", ""), `query 2: its text is empty`},
		{"no log group", dashboards.LogsInsights("", "fields a"), `query 2: there is nothing to ask: want signals or, for Logs Insights, a log group`},
	} {
		queries := []dashboards.Query{dashboards.Metric(returns, "refunded"), c.query}
		_, err := dashboards.For(set, rowOf(dashboards.Panel{Queries: queries}))
		if want := `row "Mine" of cost, panel "refunds", ` + c.want; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", c.name, err, want)
		}
		_, err = dashboards.For(set, rowOf(dashboards.Panel{Queries: queries[:1], Otherwise: queries}))
		if want := `row "Mine" of cost, panel "refunds", otherwise ` + c.want; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", c.name, err, want)
		}
	}
}

func TestFor_WordWithoutSense_IsNamed(t *testing.T) {
	t.Parallel()
	_, err := dashboards.For(load(t, "prod"), rowOf(dashboards.Panel{
		Kind: dashboards.Stat, Queries: []dashboards.Query{dashboards.Metric(returns, "")}, Words: []dashboards.Word{{Text: "odd", Sense: 7}},
	}))
	if want := `panel "refunds": the word "odd" has no such sense: want Good, Unsure or Bad`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// What can be asked is left as it is, and so are the caller's rows.
func TestFor_SoundQueries_AreDrawn(t *testing.T) {
	t.Parallel()
	set := load(t, "prod")
	row := rowOf(dashboards.Panel{Queries: []dashboards.Query{
		dashboards.Metric(returns, "refunded"), dashboards.Math(inputs("a"), "", "the same"), dashboards.Math(inputs("result", "b"), "FILL(result, 0) / b", "share"),
	}})
	for _, b := range boardsOf(t, set, row) {
		for _, p := range decode(t, &b).Panels {
			if p.Title == "Refunds" && len(p.Targets) == 5 {
				return
			}
		}
	}
	t.Error("no board has the panel with its metrics and the expression")
}
