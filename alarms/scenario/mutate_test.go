package scenario

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// A part of what `make alarms` does in full: the alarms of the edge, with the
// scenarios that are about them.
func TestMutate_AlarmsOfTheEdge_EveryFaultIsNoticed(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("takes seconds, and minutes with the race detector")
	}
	equivalents, err := loadDeclarations(filepath.Join(all, "equivalent.txt"))
	if err != nil {
		t.Fatal(err)
	}
	keep := func(key string) bool {
		return slices.Contains([]string{"no-healthy-hosts", "elb-5xx", "target-5xx-a", "edge", "client-4xx", "rejected-connections", "certificate"}, key)
	}
	m, err := mutateAlarms(t.Context(), Config{Description: reference}, equivalents, keep,
		filepath.Join(all, "10-edge.scenario"), filepath.Join(all, "85-suppression.scenario"))
	if err != nil {
		t.Fatal(err)
	}
	if m.Mutants < 60 || len(m.Survivors) > 0 || len(m.Stale) > 0 {
		var b bytes.Buffer
		if err := m.text(&b); err != nil {
			t.Fatal(err)
		}
		t.Errorf("not every fault is noticed, or there are few:\n%s", b.String())
	}
}

func TestMutate_WeakScenarios_LeaveSurvivors(t *testing.T) {
	keep := func(key string) bool { return strings.HasPrefix(key, "trial-") }
	equivalents, err := parseDeclarations("test", `
trial-depth: threshold 10000 | a declaration that is right
trial-age: missing data breaching | a declaration that is wrong
trial-age: threshold 7 | a declaration of what is not made
`)
	if err != nil {
		t.Fatal(err)
	}
	m, err := mutateAlarms(t.Context(), trialConfig(), equivalents, keep, "testdata/holds.scenario")
	if err != nil {
		t.Fatal(err)
	}
	m.Took = 0
	var b bytes.Buffer
	if err := m.text(&b); err != nil {
		t.Fatal(err)
	}
	checkFile(t, "testdata/mutation.golden", b.Bytes())
	if err := m.failed(100); err == nil {
		t.Error("a run with survivors passes")
	}
}

func TestMutate_ScenariosThatFail_AreRefused(t *testing.T) {
	_, err := mutateAlarms(t.Context(), trialConfig(), declarations{}, nil, "testdata/fails.scenario")
	if err == nil || !strings.Contains(err.Error(), "where all is well") {
		t.Errorf("got %v, want that mutants cannot be told there", err)
	}
}

func TestMain_Mutate_WritesTheScore(t *testing.T) {
	dir := t.TempDir()
	text := "title: quiet\nlength: 10m\n"
	if err := os.WriteFile(filepath.Join(dir, "quiet.scenario"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	err := Main(t.Context(), &b, Options{Config: trialConfig(), Paths: []string{dir}, Mutate: true})
	if err == nil || !strings.Contains(err.Error(), "of the faults are noticed, want 90 %") {
		t.Errorf("got %v, want that too few are noticed", err)
	}
	if !strings.Contains(b.String(), "faults noticed") {
		t.Errorf("no score:\n%s", b.String())
	}
}

// What is declared for a directory holds for one file of it.
func TestMain_MutateOneFile_FindsTheDeclarationsBesideIt(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "quiet.scenario")
	if err := os.WriteFile(file, []byte("title: quiet\nlength: 10m\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{Config: trialConfig(), Paths: []string{file}, Mutate: true, Score: .1}
	for _, declared := range []string{"", "trial-depth: threshold 10000 | a try\n"} {
		if declared != "" {
			if err := os.WriteFile(filepath.Join(dir, "equivalent.txt"), []byte(declared), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var b bytes.Buffer
		err := Main(t.Context(), &b, o)
		if want := fmt.Sprintf("; %d equivalent", strings.Count(declared, "|")); err == nil || !strings.Contains(b.String(), want) {
			t.Errorf("%v; there is no %q in:\n%s", err, want, b.String())
		}
	}
}

func TestMutants_OfEveryKind_AreThoseThatMatter(t *testing.T) {
	p, err := pipeline.LoadEnvironment(reference, "prod")
	if err != nil {
		t.Fatal(err)
	}
	signals := signal.For(p)
	ledger := signals.Consumers[0]
	rate := alarms.Metric{
		Inputs:     []alarms.Input{{ID: "errors", Signal: ledger.Errors}, {ID: "invocations", Signal: ledger.Invocations}},
		Expression: "IF(FILL(invocations, 0) > 5, 100 * FILL(errors, 0) / invocations, 0)",
		Threshold:  10, Unit: signal.UnitPercent, Period: 5 * time.Minute, Periods: 3, Datapoints: 2, Missing: alarms.MissingNotBreaching,
	}
	var b strings.Builder
	for _, a := range []alarms.Alarm{
		{Key: "rate", Metric: &rate},
		{Key: "any", Notify: alarms.NotifyNobody, Metric: &alarms.Metric{Inputs: []alarms.Input{{ID: "depth", Signal: ledger.DLQDepth}}, Unit: signal.UnitCount, Period: time.Minute, Periods: 1, Datapoints: 1, Missing: alarms.MissingNotBreaching}},
		{Key: "none", Notify: alarms.NotifyNobody, Metric: &alarms.Metric{Inputs: []alarms.Input{{ID: "tasks", Signal: signals.Service.RunningTasks}}, Comparison: alarms.Below, Threshold: 1, Unit: signal.UnitCount, Period: time.Minute, Periods: 3, Datapoints: 3, Missing: alarms.MissingBreaching}},
		{Key: "band", Severity: pipeline.SeverityPage, Metric: &alarms.Metric{Inputs: []alarms.Input{{ID: "n", Signal: signals.Edge.Requests}}, Expression: "FILL(n, 0)", Comparison: alarms.BelowBand, BandWidth: 4, Unit: signal.UnitCount, Period: time.Minute, Periods: 1, Datapoints: 1}},
		{Key: "share", Notify: alarms.NotifyNobody, Metric: &alarms.Metric{Inputs: []alarms.Input{{ID: "fast", Signal: signals.Edge.ResponseTime.With("PR(:0.3)")}}, Comparison: alarms.AtMost, Threshold: 90, Unit: signal.UnitPercent, Period: time.Minute, Periods: 1, Datapoints: 1, Missing: alarms.MissingIgnore}},
		{Key: "joined", Notify: alarms.NotifyWatchdog, Composite: &alarms.Composite{Rule: alarms.All("rate", "any"), Suppressor: "none", Wait: time.Minute, Extension: time.Minute}},
	} {
		for _, m := range mutants(a) {
			before := fmt.Sprintf("%+v %+v", a.Metric, a.Composite)
			changed := m.of(a)
			fmt.Fprintln(&b, m)
			if got := fmt.Sprintf("%+v %+v", a.Metric, a.Composite); got != before {
				t.Errorf("%s: the alarm itself is changed", m)
			}
			if changed.Metric != nil && fmt.Sprintf("%+v", *changed.Metric) == fmt.Sprintf("%+v", *a.Metric) && changed.Notify == a.Notify && changed.Severity == a.Severity {
				t.Errorf("%s changes nothing", m)
			}
		}
	}
	checkFile(t, "testdata/mutants.golden", []byte(b.String()))
}

func TestParseDeclarations_BadLines_AreAllNamed(t *testing.T) {
	_, err := parseDeclarations("equivalent.txt", "# fine\na: b | c\na: b | d\nno reason: x\nno change | y\n")
	want := `equivalent.txt:3: "a: b" is declared twice
equivalent.txt:4: "no reason: x" is not "ALARM: CHANGE | REASON"
equivalent.txt:5: "no change | y" is not "ALARM: CHANGE | REASON"`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}
