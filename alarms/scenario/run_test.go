package scenario

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// all is where the scenarios of the kit are.
const all = "../scenarios"

// Every scenario of the kit, against the reference pipeline. Each alarm has to
// be seen to go off, to stay quiet and to recover. Directories beside incidents
// are those of consumers that somebody added.
func TestScenarios_OfTheKit_GoAsExpected(t *testing.T) {
	paths := []string{filepath.Join(all, "incidents")}
	if !raceDetector {
		files, err := filepath.Glob(filepath.Join(all, "*.scenario"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no scenarios in %s: %v", all, err)
		}
		paths = append(paths, files...)
	}
	r, err := RunFiles(t.Context(), Config{Description: reference, Incomplete: raceDetector}, paths...)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range r.Scenarios {
		if !o.OK() {
			var b strings.Builder
			o.text(&b)
			t.Error(b.String())
		}
	}
	for _, untried := range r.Untried {
		t.Error(untried)
	}
	for _, a := range r.Alarms {
		if a.False > 0 {
			t.Errorf("%s goes off %d times in normal weeks", a.Alarm, a.False)
		}
	}
	if !raceDetector && r.NormalFor < Minutes(28*24*time.Hour) {
		t.Errorf("only %s of normal traffic are played", r.NormalFor)
	}
}

// The notifier hears what the heartbeat's alarm sends, topic by topic.
func TestRun_HeartbeatThatDoesNotReachATopic_IsMissed(t *testing.T) {
	p, err := pipeline.LoadEnvironment(reference, "prod")
	if err != nil {
		t.Fatal(err)
	}
	set, err := alarms.For(p)
	if err != nil {
		t.Fatal(err)
	}
	scenarios, err := Parse("beats", []byte("title: Heartbeats\nlength: 3h\nquiet: off\nexpect heartbeat-missing OK\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*alarms.Alarm)
		ok     bool
	}{
		"as it is":      {func(*alarms.Alarm) {}, true},
		"one topic":     {func(a *alarms.Alarm) { a.Notify = alarms.NotifySeverity }, false},
		"nobody":        {func(a *alarms.Alarm) { a.Notify = alarms.NotifyNobody }, false},
		"never":         {func(a *alarms.Alarm) { a.Metric.Threshold = 5 }, false},
		"is never over": {func(a *alarms.Alarm) { a.Metric.Threshold = -1 }, false},
	} {
		r, err := newRig(set, nil)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(r.alarms, func(a alarms.Alarm) bool { return a.Key == alarms.KeyHeartbeat })
		r.alarms[i] = mutant{apply: c.change}.of(r.alarms[i])
		o, err := r.run(t.Context(), scenarios[0])
		if err != nil {
			t.Fatal(err)
		}
		if o.OK() != c.ok {
			t.Errorf("%s: as expected is %v, want %v: %v", name, o.OK(), c.ok, o.Failures)
		}
	}
}

// Two consumers on one topic: only the sick one's people are told.
func TestRunFiles_TwoConsumers_HaveTheirOwnThresholdsAndPeople(t *testing.T) {
	c := Config{Description: "testdata/consumers.yaml", Environment: "test", Incomplete: true}
	r, err := RunFiles(t.Context(), c, "testdata/consumers.scenario")
	checkPasses(t, r, err)
}

// trialAlarms are alarms that tests know in full: the kit's may change.
func trialAlarms(p *pipeline.Pipeline) (*alarms.Set, error) {
	ledger := signal.For(p).Consumers[0]
	base := alarms.Alarm{
		Title: "A trial", Meaning: "It is of tests.", Hop: signal.HopQueue, Severity: pipeline.SeverityPage, Runbook: "queue.md",
		Logs: snippet.Snippet{Language: snippet.LogsInsights, Group: "/aws/lambda/x", Text: "limit 1"},
	}
	age, depth, both := base, base, base
	age.Key, age.Notify = "trial-age", alarms.NotifyNobody
	age.Metric = &alarms.Metric{Inputs: []alarms.Input{{ID: "age", Signal: ledger.QueueAge}}, Threshold: 100, Periods: 2, Missing: alarms.MissingMissing}
	depth.Key, depth.Severity = "trial-depth", pipeline.SeverityTicket
	depth.Metric = &alarms.Metric{Inputs: []alarms.Input{{ID: "depth", Signal: ledger.QueueDepth}}, Threshold: 20_000}
	both.Key = "trial-both"
	both.Composite = &alarms.Composite{Rule: alarms.Any("trial-age", "trial-depth")}
	return alarms.For(p, age, depth, both)
}

func trialConfig() Config {
	return Config{Description: reference, Alarms: trialAlarms, Incomplete: true}
}

// texts are the scenarios of a report as they are written.
func texts(r *Report) []byte {
	var b strings.Builder
	for _, o := range r.Scenarios {
		o.text(&b)
	}
	return []byte(b.String())
}

func TestRun_ExpectationsThatHold_AreNoFailure(t *testing.T) {
	r, err := RunFiles(t.Context(), trialConfig(), "testdata/holds.scenario")
	if err != nil {
		t.Fatal(err)
	}
	checkFile(t, "testdata/holds.golden", texts(r))
	if err := r.Failed(); err != nil {
		t.Errorf("the run fails: %v", err)
	}
}

func TestRun_ExpectationsThatDoNotHold_SayWhatHappened(t *testing.T) {
	r, err := RunFiles(t.Context(), trialConfig(), "testdata/fails.scenario")
	if err != nil {
		t.Fatal(err)
	}
	checkFile(t, "testdata/fails.golden", texts(r))
	if err := r.Failed(); err == nil {
		t.Error("the run passes")
	}
}

// The example of the README is what a reader tries first.
func TestREADME_Example_Holds(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(all, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(b), "## One in five minutes\n\n```\n")
	example, _, found := strings.Cut(after, "```")
	if !found {
		t.Fatal("there is no example")
	}
	file := filepath.Join(t.TempDir(), "README.scenario")
	if err := os.WriteFile(file, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := RunFiles(t.Context(), Config{Description: reference, Incomplete: true}, file)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Failed(); err != nil {
		t.Errorf("%v:\n%s", err, texts(r))
	}
}

func TestRunFiles_UnknownNames_AreAllListed(t *testing.T) {
	_, err := RunFiles(t.Context(), trialConfig(), "testdata/unknown.scenario")
	if e := (*Error)(nil); !errors.As(err, &e) {
		t.Fatalf("got %v, want an *Error", err)
	}
	checkFile(t, "testdata/unknown.golden", []byte(err.Error()+"\n"))
}

func TestRunFiles_SyntaxErrors_HideNoUnknownNames(t *testing.T) {
	_, err := runText(t, trialConfig(), `title: Two mistakes
expect edges OK
at soon edge.elb_5xx = 5
---
title: And two more
environment: pord
length: 5
`)
	var lines []string
	for line := range strings.Lines(fmt.Sprint(err)) {
		_, message, _ := strings.Cut(line, "own.scenario:")
		lines = append(lines, strings.TrimSpace(message))
	}
	want := []string{
		`2: there is no alarm "edges": is it edge?`,
		`3: "soon" is no time such as 5m, 1h30m or 2d3h`,
		`5: there is no environment "pord": there are dev, prod, staging`,
		`7: "5" is no time such as 5m, 1h30m or 2d3h`,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("the errors are not all of them, in order (-want +got):\n%s", diff)
	}
}

// What a description turned off is no slip of the pen: the setting is named, and
// no other alarm that is called almost the same.
func TestRunFiles_WhatIsTurnedOff_NamesTheSetting(t *testing.T) {
	text, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	changes := strings.NewReplacer(
		"  domain: orders.dev.example.com\n", "", "  hosted_zone: dev.example.com\n", "", "  authentication: jwt\n", "  authentication: none\n  waf: false\n",
		"\ndatabase:\n", "  mailer:\n    description: Tells the customer.\n    sink: custom\n\ndatabase:\n")
	own := t.TempDir() + "/tracehaul.yaml"
	if err := os.WriteFile(own, []byte(changes.Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = runText(t, Config{Description: own, Environment: "dev", Incomplete: true}, `title: All that is not there
expect certificate OK
expect mailer-queue-explained OK
at 5m edge.certificate_days = 5
at 5m edge.blocked = 5
expect mailer-eror OK
`)
	for _, want := range []string{
		`2: there is no alarm "certificate" without edge.domain: set that, or leave out what names it`,
		`3: there is no alarm "mailer-queue-explained" without consumers.mailer.sink: postgres: set`,
		`4: there is no signal "edge.certificate_days" without edge.domain: set`,
		`5: there is no signal "edge.blocked" without edge.waf: true: set`,
		`6: there is no alarm "mailer-eror": is it mailer-errors?`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestRunFiles_Results_AreInTheOrderOfTheFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b", "a", "c"} {
		text := "title: " + name + "1\nlength: 5m\n---\ntitle: " + name + "2\nlength: 5m\n"
		if err := os.WriteFile(filepath.Join(dir, name+".scenario"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := RunFiles(t.Context(), trialConfig(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, o := range r.Scenarios {
		titles = append(titles, o.Title)
	}
	if got := strings.Join(titles, " "); got != "a1 a2 b1 b2 c1 c2" {
		t.Errorf("the order is %s", got)
	}
}

func TestMain_NoScenarios_SaysWhatIsWanted(t *testing.T) {
	for name, o := range map[string]Options{
		"no paths":    {Config: trialConfig()},
		"empty":       {Config: trialConfig(), Paths: []string{t.TempDir()}},
		"not there":   {Config: trialConfig(), Paths: []string{"nowhere"}},
		"environment": {Config: Config{Description: reference, Environment: "moon"}, Paths: []string{"testdata/holds.scenario"}},
		"description": {Config: Config{Description: "nowhere.yaml"}, Paths: []string{"testdata/holds.scenario"}},
	} {
		if err := Main(t.Context(), &bytes.Buffer{}, o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRun_Canceled_Stops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := RunFiles(ctx, trialConfig(), "testdata/holds.scenario"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
}
