// Package observability_test looks at what Terraform plans: the alarms and
// dashboards must be the generated ones, and those that roll deploys back must be
// among them. And it breaks the modules on purpose, to see Terraform refuse. `make
// iac` runs it, with the plans of the modules' own tests.
package observability_test

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards"
	"github.com/tracehaul/tracehaul/pipeline"
)

// description is seen from this directory.
const description = "../../../tracehaul.yaml"

// resource is a planned resource.
type resource struct {
	Address, Type string
	Change        struct{ After map[string]any }
}

// text is an attribute that is a text; empty if it is something else.
func (r resource) text(name string) string {
	s, _ := r.Change.After[name].(string)
	return s
}

// plansDir is where `make iac` keeps the plans.
func plansDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TRACEHAUL_PLANS")
	if dir == "" {
		t.Skip("TRACEHAUL_PLANS is not set: make iac runs this test, with the plans of all modules")
	}
	return dir
}

// planned returns what the tests of a root module plan for an environment, run by
// run.
func planned(t *testing.T, module, prefix string) (runs [][]resource) {
	t.Helper()
	f, err := os.Open(filepath.Join(plansDir(t), "iac+terraform+"+module+".json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 256<<20) // a line may hold the provider's schemas
	for lines.Scan() {
		var message struct {
			Plan struct {
				Changes []resource `json:"resource_changes"`
			} `json:"test_plan"`
		}
		if err := json.Unmarshal(lines.Bytes(), &message); err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(message.Plan.Changes, func(r resource) bool {
			return r.Address == "terraform_data.environment" && r.text("triggers_replace") == prefix
		}) {
			runs = append(runs, message.Plan.Changes)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(runs) == 0 {
		t.Fatalf("no test of %s plans %s", module, prefix)
	}
	return runs
}

// sets are the alarms of the environments that every module's tests plan.
func sets(t *testing.T) map[string]*alarms.Set {
	t.Helper()
	all := map[string]*alarms.Set{}
	for _, environment := range []string{"dev", "prod"} {
		p, err := pipeline.LoadEnvironment(description, environment)
		if err != nil {
			t.Fatal(err)
		}
		if all[environment], err = alarms.For(p); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// generated compares what runs plan with what was generated, by name. A run that
// is to fail plans a part of it.
func generated(t *testing.T, prefix string, want map[string]string, of func(r resource) (name, content string)) {
	t.Helper()
	all := map[string]string{}
	for _, run := range planned(t, "observability", prefix) {
		for _, r := range run {
			name, content := of(r)
			if name == "" {
				continue
			}
			all[name] = content
			if expected, ok := want[name]; !ok || content != expected {
				t.Errorf("%s: %s is planned otherwise than generated (-generated +planned):\n%s", prefix, name, cmp.Diff(expected, content))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if _, ok := all[name]; !ok {
			t.Errorf("%s: %s is generated, and nothing plans it", prefix, name)
		}
	}
}

func TestPlans_Alarms_AreTheGeneratedOnes(t *testing.T) {
	for _, set := range sets(t) {
		want := map[string]string{}
		for _, a := range set.Alarms() {
			want[a.Name] = a.Description
		}
		generated(t, set.Pipeline.Prefix(), want, func(r resource) (name, content string) {
			if r.Type == "aws_cloudwatch_metric_alarm" || r.Type == "aws_cloudwatch_composite_alarm" {
				return r.text("alarm_name"), r.text("alarm_description")
			}
			return "", ""
		})
	}
}

func TestPlans_MetricFilters_AreTheGeneratedOnes(t *testing.T) {
	for _, set := range sets(t) {
		want := map[string]string{}
		for _, s := range set.Filters() {
			want[s.Filter.LogGroup+" "+s.Filter.Name] = s.Filter.Pattern
		}
		generated(t, set.Pipeline.Prefix(), want, func(r resource) (name, content string) {
			if r.Type == "aws_cloudwatch_log_metric_filter" {
				return r.text("log_group_name") + " " + r.text("name"), r.text("pattern")
			}
			return "", ""
		})
	}
}

func TestPlans_Dashboards_AreTheGeneratedOnes(t *testing.T) {
	for _, set := range sets(t) {
		drawn, err := dashboards.For(set)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"cloudwatch": set.Pipeline.DashboardUID(pipeline.BoardDeploy)}
		for _, b := range drawn.Boards() {
			want[b.Name] = string(b.JSON())
		}
		generated(t, set.Pipeline.Prefix(), want, func(r resource) (name, content string) {
			switch r.Type {
			case "grafana_dashboard":
				return filepath.Ext(r.Address)[1:], r.text("config_json")
			case "aws_cloudwatch_dashboard":
				return "cloudwatch", r.text("dashboard_name")
			}
			return "", ""
		})
	}
}

// The service and the consumers are deployed before their alarms are there, so
// that their names are no references.
func TestPlans_RollbackAlarms_AreMadeHere(t *testing.T) {
	for environment, set := range sets(t) {
		made := map[string]bool{}
		for _, r := range planned(t, "observability", set.Pipeline.Prefix())[0] {
			made[r.text("alarm_name")] = true
		}
		watched := map[string]string{}
		for _, run := range append(planned(t, "service", set.Pipeline.Prefix()), planned(t, "events", set.Pipeline.Prefix())...) {
			for _, r := range run {
				for block, attribute := range map[string]string{"alarms": "alarm_names", "alarm_configuration": "alarms"} {
					for _, name := range names(r.Change.After[block], attribute) {
						watched[name] = r.Address
					}
				}
			}
		}
		if len(watched) == 0 {
			t.Errorf("%s: no deploy is watched", environment)
		}
		for _, name := range slices.Sorted(maps.Keys(watched)) {
			if !made[name] {
				t.Errorf("%s: %s is watched by %s, which nothing makes", environment, watched[name], name)
			}
		}
	}
}

// names are the texts of an attribute within a block.
func names(block any, attribute string) (all []string) {
	blocks, _ := block.([]any)
	for _, b := range blocks {
		attributes, _ := b.(map[string]any)
		values, _ := attributes[attribute].([]any)
		for _, v := range values {
			if s, ok := v.(string); ok {
				all = append(all, s)
			}
		}
	}
	return all
}
