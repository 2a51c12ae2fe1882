package dashboards_test

import (
	"bytes"
	"math"
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
