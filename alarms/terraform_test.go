package alarms_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// resources reads one kind of resource out of a module.
func resources(t *testing.T, s *alarms.Set, kind string) map[string]map[string]any {
	t.Helper()
	var module struct {
		Resource map[string]map[string]map[string]any `json:"resource"`
	}
	if err := json.Unmarshal(s.Terraform(), &module); err != nil {
		t.Fatal(err)
	}
	return module.Resource[kind]
}

// Forms that the kit itself does not use.
func TestTerraform_Forms(t *testing.T) {
	p := load(t, "prod")
	latency := signal.For(p).Edge.ResponseTime
	for name, test := range map[string]struct {
		change func(m *alarms.Metric)
		want   map[string]any // nil for an attribute that must not be there
	}{
		"statistic": {func(*alarms.Metric) {}, map[string]any{"statistic": "Maximum", "extended_statistic": nil, "metric_name": "RefundsWaiting", "period": 300.0, "threshold": 10.0, "metric_query": nil}},
		"percentile": {func(m *alarms.Metric) { m.Inputs[0].Signal, m.IgnoreFewSamples = latency, true }, map[string]any{
			"statistic": nil, "extended_statistic": "p99", "evaluate_low_sample_count_percentiles": "ignore",
			"dimensions": map[string]any{"LoadBalancer": "${var.load_balancer}"},
		}},
		"percentile rank": {func(m *alarms.Metric) { m.Inputs[0].Signal = latency.With("PR(:0.3)") }, map[string]any{
			"extended_statistic": "PR(:0.3)", "evaluate_low_sample_count_percentiles": nil,
		}},
		"band": {func(m *alarms.Metric) { m.Comparison, m.BandWidth = alarms.OutsideBand, 2.5 }, map[string]any{
			"threshold": nil, "threshold_metric_id": "band", "comparison_operator": "LessThanLowerOrGreaterThanUpperThreshold", "metric_name": nil,
			"metric_query": []any{
				map[string]any{"id": "waiting", "label": "Refunds that wait", "return_data": true, "metric": []any{map[string]any{
					"namespace": "Shop", "metric_name": "RefundsWaiting", "dimensions": map[string]any{"Environment": "prod"}, "stat": "Maximum", "period": 300.0,
				}}},
				map[string]any{"id": "band", "label": "What is normal", "expression": "ANOMALY_DETECTION_BAND(waiting, 2.5)", "return_data": true},
			},
		}},
		"band of an expression": {func(m *alarms.Metric) {
			m.Comparison, m.BandWidth, m.Expression, m.Unit = alarms.BelowBand, 2, "FILL(waiting, 0)", signal.UnitCount
		}, map[string]any{
			"threshold_metric_id": "band", "comparison_operator": "LessThanLowerThreshold",
			"metric_query": []any{
				map[string]any{"id": "waiting", "label": "Refunds that wait", "return_data": false, "metric": []any{map[string]any{
					"namespace": "Shop", "metric_name": "RefundsWaiting", "dimensions": map[string]any{"Environment": "prod"}, "stat": "Maximum", "period": 300.0,
				}}},
				map[string]any{"id": "result", "label": "Refunds are stuck", "expression": "FILL(waiting, 0)", "return_data": true},
				map[string]any{"id": "band", "label": "What is normal", "expression": "ANOMALY_DETECTION_BAND(result, 2)", "return_data": true},
			},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			own := ownAlarm(p)
			test.change(own.Metric)
			got := resources(t, setOf(t, p, own), "aws_cloudwatch_metric_alarm")["refunds_stuck"]
			for attribute, want := range test.want {
				if diff := cmp.Diff(want, got[attribute]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", attribute, diff)
				}
			}
		})
	}
}

// AWS refuses to delete an alarm that a composite names, and a composite that is
// made anew is deleted first: what names goes, and comes, before what is named.
func TestTerraform_Alarms_CanBeTakenAway(t *testing.T) {
	s := setOf(t, load(t, "prod"))
	for _, kind := range []string{"aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"} {
		for name, r := range resources(t, s, kind) {
			if diff := cmp.Diff(map[string]any{"create_before_destroy": true}, r["lifecycle"]); diff != "" {
				t.Errorf("%s: lifecycle (-want +got):\n%s", name, diff)
			}
			if _, there := r["actions_enabled"]; there {
				t.Errorf("%s has actions_enabled, which makes a composite anew", name)
			}
		}
	}
}

func TestTerraform_Composite_NamesOthersByReference(t *testing.T) {
	p := load(t, "prod")
	own := alarms.Alarm{
		Key: "own", Title: "Own", Meaning: "Ours.", Hop: signal.HopEdge, Severity: "page", Runbook: "own.md",
		Composite: &alarms.Composite{Rule: alarms.All("service-cpu", "edge"), Suppressor: "service-memory", Wait: time.Minute},
	}
	got := resources(t, setOf(t, p, own), "aws_cloudwatch_composite_alarm")["own"]
	want := map[string]any{
		"alarm_name": "prod-orders-own", "alarm_description": got["alarm_description"],
		"alarm_rule": `ALARM("${aws_cloudwatch_metric_alarm.service_cpu.alarm_name}") AND ALARM("${aws_cloudwatch_composite_alarm.edge.alarm_name}")`,
		"actions_suppressor": []any{map[string]any{
			"alarm": "${aws_cloudwatch_metric_alarm.service_memory.alarm_name}", "wait_period": 60.0, "extension_period": 180.0,
		}},
		"alarm_actions": "${var.actions_enabled ? [var.alarm_topics.page] : []}",
		"ok_actions":    "${var.actions_enabled ? [var.alarm_topics.page] : []}",
		"lifecycle":     map[string]any{"create_before_destroy": true},
		"tags":          map[string]any{"owner": "team-orders", "severity": "page", "hop": "edge"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if own.Composite.Extension != 0 {
		t.Error("the caller's composite was changed")
	}
}

func TestTerraform_Twice_SameBytes(t *testing.T) {
	for _, p := range every(t) {
		a, b := setOf(t, p).Terraform(), setOf(t, p).Terraform()
		if !bytes.Equal(a, b) {
			t.Errorf("%s: two runs differ", p.Prefix())
		}
		if !json.Valid(a) {
			t.Errorf("%s: not JSON", p.Prefix())
		}
	}
}

func TestTerraform_ThresholdChanged_TwoLinesDiffer(t *testing.T) {
	a := setOf(t, parse(t)).Terraform()
	b := setOf(t, parse(t, "max_concurrency: 5", "max_concurrency: 6")).Terraform()
	var differ []string
	linesA, linesB := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	if len(linesA) != len(linesB) {
		t.Fatalf("%d lines became %d", len(linesA), len(linesB))
	}
	for i := range linesA {
		if !bytes.Equal(linesA[i], linesB[i]) {
			differ = append(differ, strings.TrimSpace(string(linesB[i])))
		}
	}
	// the depth that ten rounds work off, and nine tenths of the concurrency
	want := []string{"condition: above 6,000, 3 of 3", `"threshold": 6000,`, "condition: at least 5.4, 3 of 3", `"threshold": 5.4,`}
	if len(differ) != len(want) {
		t.Fatalf("lines that differ: %q", differ)
	}
	for i := range want {
		if !strings.Contains(differ[i], want[i]) {
			t.Errorf("line %d that differs is %s, want one with %q", i, differ[i], want[i])
		}
	}
}

func TestTerraform_TextsWithTemplates_AreTexts(t *testing.T) {
	more := ownAlarm(load(t, "dev"))
	more.Meaning = `Costs ${var.secret} and %{ if true } "quoted" \ é.`
	out := setOf(t, load(t, "dev"), more).Terraform()
	var module struct {
		Resource struct {
			Alarms map[string]struct {
				Description string `json:"alarm_description"`
			} `json:"aws_cloudwatch_metric_alarm"`
		} `json:"resource"`
	}
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	if want := `Costs $${var.secret} and %%{ if true } "quoted" \ é.`; !strings.HasPrefix(module.Resource.Alarms["refunds_stuck"].Description, want) {
		t.Errorf("description %q, want it to begin with %q", module.Resource.Alarms["refunds_stuck"].Description, want)
	}
}

func TestTerraform_Variables_AreThoseThatAreUsed(t *testing.T) {
	for _, p := range every(t) {
		out := string(setOf(t, p).Terraform())
		for _, in := range signal.Inputs() {
			declared, used := strings.Contains(out, fmt.Sprintf("%q: {\n", in)), strings.Contains(out, "${var."+string(in)+"}")
			if declared != used {
				t.Errorf("%s: %s is declared %v, used %v", p.Prefix(), in, declared, used)
			}
		}
	}
}
