package recorded_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/dashboards/recorded"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// A silent metric says nothing about a query. Six hours have all of the trouble; the
// few metrics that are reported less often than that need more of them.
func TestModel_EverySignal_HasDatapoints(t *testing.T) {
	testdata := filepath.Join("..", "..", "pipeline", "testdata")
	for _, c := range []struct{ file, environment string }{
		{reference, ""},
		{reference, "staging"},
		{reference, "prod"},
		{filepath.Join(testdata, "minimal.yaml"), ""},
		{filepath.Join(testdata, "many-consumers.yaml"), ""},
	} {
		t.Run(filepath.Base(c.file)+" "+c.environment, func(t *testing.T) {
			set := setOf(t, c.file, c.environment)
			r, err := recorded.Model(set, 24*time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range evaluate(t, r, signalBoard(t, set.Pipeline, set.Signals.All())) {
				if q.Points == 0 {
					t.Errorf("%s has no datapoints: %s", q.Panel, q.Problem)
				}
			}
		})
	}
}

func TestModel_Week_HasAll(t *testing.T) {
	set := setOf(t, reference, "prod")
	r, err := recorded.Model(set, recorded.Week)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range evaluate(t, r, signalBoard(t, set.Pipeline, set.Signals.All())) {
		if check(t, q, ""); q.Panel == "service.running_tasks" && q.Points != 7*24*60 {
			t.Errorf("%s has %d datapoints in a week of minutes", q.Panel, q.Points)
		}
	}
}

func TestModel_TwoRuns_AreTheSame(t *testing.T) {
	set := setOf(t, reference, "prod")
	content := signalBoard(t, set.Pipeline, set.Signals.All())
	again, err := recorded.Model(set, 6*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(evaluate(t, prod(t), content), evaluate(t, again, content)); diff != "" {
		t.Error(diff)
	}
}

func TestModel_TooShort_IsRefused(t *testing.T) {
	if _, err := recorded.Model(setOf(t, reference, "prod"), 5*time.Hour); err == nil || !strings.Contains(err.Error(), "want 6h") {
		t.Errorf("got %v", err)
	}
}

func TestNew_InputWithoutValue_IsNamed(t *testing.T) {
	set := setOf(t, reference, "prod")
	h := simulator.NewHistory(time.Now(), 10)
	_, err := recorded.New("", h, set.Signals.All(), map[signal.Input]string{signal.InputLoadBalancer: "app/a/1", signal.InputCertificate: "arn"})
	if err == nil || !strings.Contains(err.Error(), "the dimension TargetGroup is the input target_group_a, which has no value") {
		t.Errorf("got %v", err)
	}
}
