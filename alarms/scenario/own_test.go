package scenario

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// waiting is a signal that is in no catalogue.
func waiting(id string, absent signal.Absent) signal.Signal {
	return signal.Signal{
		ID: id, Hop: signal.HopConsumer, Title: "Refunds that wait", Meaning: "Good is few.",
		Metric: signal.Metric{Namespace: "Shop", Name: id}, Statistic: "Maximum", Unit: signal.UnitCount, Absent: absent,
	}
}

// ownAlarm is an alarm on one signal.
func ownAlarm(key string, s signal.Signal, comparison alarms.Comparison, threshold float64) alarms.Alarm {
	return alarms.Alarm{
		Key: key, Title: "A trial", Meaning: "It is of tests.", Hop: s.Hop, Severity: pipeline.SeverityTicket, Runbook: "queue.md",
		Metric: &alarms.Metric{Inputs: []alarms.Input{{ID: "value", Signal: s}}, Comparison: comparison, Threshold: threshold},
	}
}

// withOwn is a config whose set has the kit's alarms and some more.
func withOwn(more ...alarms.Alarm) Config {
	return Config{Description: reference, Alarms: func(p *pipeline.Pipeline) (*alarms.Set, error) { return alarms.For(p, more...) }}
}

// runText plays scenarios from a text.
func runText(t *testing.T, c Config, text string) (*Report, error) {
	t.Helper()
	file := t.TempDir() + "/own.scenario"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return RunFiles(t.Context(), c, file)
}

func checkPasses(t *testing.T, r *Report, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Failed(); err != nil {
		t.Errorf("%v:\n%s%s", err, texts(r), strings.Join(r.Untried, "\n"))
	}
}

func TestRun_OwnSignals_AreSetAndTakenPartsOf(t *testing.T) {
	c := withOwn(
		ownAlarm("own-refunds", waiting("refunds.waiting", signal.AbsentFault), alarms.Above, 10),
		ownAlarm("own-share", waiting("refunds.share", signal.AbsentNothing), alarms.Above, 10),
	)
	r, err := runText(t, c, `normal refunds.waiting = 2
---
title: Refunds wait
at 10m..60m refunds.waiting = 30
at 10m..60m refunds.share   = 50% of refunds.waiting
expect own-refunds ALARM in 12m..12m
expect own-refunds OK in 62m..62m
expect own-share ALARM in 12m..12m
expect own-share OK in 62m..64m
---
title: They wait in the samples
at 10m..60m refunds.* = 90% 1, 10% 9
expect own-refunds OK
expect own-share OK
`)
	checkPasses(t, r, err)
}

// The kit's own scenarios say nothing of what a team has added.
func TestRun_OwnSignalThatNobodyMentions_IsQuiet(t *testing.T) {
	refunds := ownAlarm("own-refunds", waiting("refunds.waiting", signal.AbsentFault), alarms.Above, 10)
	refunds.Metric.Period = 5 * time.Minute // with periods of a minute it would need more of them: CloudWatch is late in one scenario
	c := withOwn(refunds)
	c.Incomplete = true
	file := "40-queue.scenario"
	if raceDetector {
		file = "30-topic.scenario"
	}
	r, err := RunFiles(t.Context(), c, filepath.Join(all, file))
	checkPasses(t, r, err)

	c = withOwn(ownAlarm("own-workers", waiting("workers", signal.AbsentFault), alarms.Below, 1))
	c.Incomplete, c.Normal = true, map[string]float64{"workers": 3}
	r, err = runText(t, c, "title: Nothing happens\nlength: 30m\n")
	checkPasses(t, r, err)
	c.Normal["worker"] = 1
	if _, err = runText(t, c, "title: Nothing happens\n"); err == nil || !strings.Contains(err.Error(), `"worker"`) {
		t.Errorf("got %v, want that nothing looks at a signal worker", err)
	}
}

func TestRun_Normal_HoldsBeforeTheScenario(t *testing.T) {
	long := ownAlarm("own-long", waiting("refunds.waiting", signal.AbsentFault), alarms.Above, 10)
	long.Metric.Period, long.Metric.Periods = 10*time.Minute, 3
	c := withOwn(long)
	c.Incomplete = true
	r, err := runText(t, c, `title: They always wait
normal refunds.waiting = 20
normal ledger.queue.age = 100
length: 10m
expect own-long ALARM at 0m
`)
	checkPasses(t, r, err)
}

// A metric of the catalogue is what the model makes of it, by whichever name an
// alarm calls it.
func TestRun_MetricOfTheCatalogueByAnotherName_HasTheModelsData(t *testing.T) {
	c := withOwn()
	c.Alarms = func(p *pipeline.Pipeline) (*alarms.Set, error) {
		age := signal.For(p).Consumers[0].QueueAge
		age.ID = "our.age"
		return alarms.For(p, ownAlarm("own-age", age, alarms.Above, 1000))
	}
	c.Incomplete = true
	r, err := runText(t, c, "title: Messages wait\nquiet: off\nat 10m..20m ledger.queue.age = 2000\nexpect own-age ALARM in 12m..12m\n")
	checkPasses(t, r, err)
}

func TestRunFiles_OwnAlarms_AloneHaveToBeTried(t *testing.T) {
	c := withOwn(ownAlarm("own-refunds", waiting("refunds.waiting", signal.AbsentFault), alarms.Above, 10))
	r, err := runText(t, c, "title: Nothing\nlength: 10m\n")
	if err != nil {
		t.Fatal(err)
	}
	if want := "own-refunds was not seen to go off, stay quiet in trouble, recover"; len(r.Untried) != 1 || r.Untried[0] != want {
		t.Errorf("untried are %q, want only %q", r.Untried, want)
	}
	if r, err = runText(t, withOwn(), "title: Nothing\nlength: 10m\n"); err != nil || len(r.Untried) < 80 {
		t.Errorf("%v; %d alarms were not tried, want all of the kit", err, len(r.Untried))
	}
}

// docs/alarms.md shows the program that ExampleMain runs.
func TestDocs_Program_IsTheOneThatRuns(t *testing.T) {
	source, err := os.ReadFile("example_own_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, program, _ := strings.Cut(string(source), "// begin\n\n")
	program, _, found := strings.Cut(program, "\n// end\n")
	docs, err := os.ReadFile("../../docs/alarms.md")
	if err != nil || !found {
		t.Fatal(err, found)
	}
	if !strings.Contains(string(docs), "```go\n"+program+"```\n") {
		t.Errorf("docs/alarms.md does not show:\n%s", program)
	}
}
