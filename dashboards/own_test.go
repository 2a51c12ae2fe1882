package dashboards_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// stuck is an alarm of a team's own.
var stuck = alarms.Alarm{
	Key: "refunds-stuck", Title: "Refunds are stuck", Hop: signal.HopConsumer,
	Severity: pipeline.SeverityTicket, Runbook: "refunds-stuck.md", Meaning: "More than ten refunds wait for their payment.",
	Metric: &alarms.Metric{
		Inputs: []alarms.Input{{ID: "waiting", Signal: signal.Signal{
			ID: "refunds.waiting", Hop: signal.HopConsumer, Title: "Refunds that wait", Meaning: "Good is under ten.",
			Metric:    signal.Metric{Namespace: "Shop", Name: "RefundsWaiting", Dimensions: []signal.Dimension{{Name: "Shop", Value: "berlin"}}},
			Statistic: "Maximum", Unit: signal.UnitCount, Absent: signal.AbsentFault,
		}}},
		Threshold: 10, Period: 5 * time.Minute, Periods: 3,
	},
}

func ownRow(set *alarms.Set, board string) dashboards.Row {
	watched, _ := set.Find(stuck.Key)
	return dashboards.Row{Board: board, Title: "Refunds", Panels: []dashboards.Panel{{
		Key: stuck.Key, Title: "Refunds that wait", Description: "The most of five minutes. Good is under ten. More: is the bank's gateway there?",
		Queries: []dashboards.Query{dashboards.Watched(watched, "waiting")},
		Links:   []dashboards.Link{{Title: "Bank", URL: "https://bank.example.com/gateway"}},
	}}}
}

// linksOf are where the values of a panel lead.
func linksOf(t *testing.T, b *dashboards.Board, title string) (urls []string) {
	t.Helper()
	for _, p := range decode(t, b).Panels {
		if p.Title == title {
			for _, l := range p.FieldConfig.Defaults.Links {
				urls = append(urls, l.URL)
			}
			return urls
		}
	}
	t.Fatalf("%s has no panel %q", b.Name, title)
	return nil
}

func TestFor_OwnPanelWithLinks_HasTheBoardsLinks(t *testing.T) {
	t.Parallel()
	p := load(t, "prod").Pipeline
	set, err := alarms.For(p, stuck)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{pipeline.BoardConsumers, pipeline.BoardAlarms} {
		boards := boardsOf(t, set, ownRow(set, name))
		checkLint(t, set, boards)
		i := slices.IndexFunc(boards, func(b dashboards.Board) bool { return b.Name == name })
		own := linksOf(t, &boards[i], "Refunds that wait")
		if name == pipeline.BoardConsumers {
			want := append(linksOf(t, &boards[i], "Messages waiting"), "https://bank.example.com/gateway")
			if len(want) < 2 || !slices.Equal(own, want) {
				t.Errorf("%s: the panel links to %q, want %q", name, own, want)
			}
		} else if !slices.Equal(own, []string{"https://bank.example.com/gateway"}) {
			t.Errorf("%s: the panel links to %q", name, own)
		}
	}
}

func TestFor_OwnRowOfTheDeployBoard_IsCloudWatchsToo(t *testing.T) {
	t.Parallel()
	for _, grafana := range []string{"https://grafana.example.com", ""} {
		p := *load(t, "prod").Pipeline
		p.Dashboards.GrafanaURL = grafana
		set, err := alarms.For(&p, stuck)
		if err != nil {
			t.Fatal(err)
		}
		d, err := dashboards.For(set, ownRow(set, pipeline.BoardDeploy), ownRow(set, pipeline.BoardCost))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(d.CloudWatch()), "RefundsWaiting"); n != 1 {
			t.Errorf("with Grafana at %q: %d panels of CloudWatch's board show the signal", grafana, n)
		}
		if _, err := dashboards.For(set, ownRow(set, "nope")); err == nil || !strings.Contains(err.Error(), `there is no board "nope"`) {
			t.Errorf("with Grafana at %q: error %v", grafana, err)
		}
	}
}
