package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/alarms/scenario"
	"github.com/tracehaul/tracehaul/internal/program"
)

// A pipeline that has just been begun runs outside of the repository, with
// programs that are named.
func TestInit_Demo_RunsWithNamedPrograms(t *testing.T) {
	if err := program.WatchSources(); err != nil {
		t.Fatal(err)
	}
	programs, err := program.Build(t.Context(), t.TempDir(), "service", "consumer", "albspans")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	var out, errs bytes.Buffer
	env := environment{&out, &errs, func(string) string { return "" }}
	if code := run(t.Context(), []string{"init", "--product", "returns", "--consumer", "archive"}, env); code != exitOK {
		t.Fatalf("init: exit code %d\n%s", code, &errs)
	}
	code := run(t.Context(), []string{"demo", "--service-program", programs[0], "--consumer-program", programs[1], "--albspans-program", programs[2]}, env)
	if code != exitOK || !strings.Contains(out.String(), "process dev-intake-event-archive") {
		t.Errorf("exit code %d\n%s\n%s", code, &out, &errs)
	}
}

// Each of the kit's scenarios can be played in a new pipeline, whatever its names
// are. That they all go well there is seen in examples/own-signal, which does
// not wait for the race detector.
func TestInit_Scenarios_NameWhatIsThere(t *testing.T) {
	for _, small := range []string{"dev", "test", "staging"} {
		t.Run(small, func(t *testing.T) {
			dir := t.TempDir()
			files, err := starterFiles(initCmd{Product: "returns", Environment: small, Region: "eu-west-1", Consumer: "archive", Owner: "team-returns"})
			if err != nil {
				t.Fatal(err)
			}
			if err := writeNew(dir, files); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel() // what is read is looked at in full before anything is played
			_, err = scenario.RunFiles(ctx, scenario.Config{Description: filepath.Join(dir, "tracehaul.yaml")}, filepath.Join(dir, "alarms", "scenarios"))
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the scenarios cannot be played: %v", err)
			}
			weeks, err := os.ReadFile(filepath.Join(dir, "alarms", "scenarios", "week.scenario"))
			if err != nil || !bytes.Contains(weeks, []byte("\nenvironment: "+small+"\n")) {
				t.Errorf("no normal week in %s: %v", small, err)
			}
		})
	}
}

// Every page of the kit that a runbook leads to is named whole; links among
// runbooks, and to the pages that are generated beside them, stay.
func TestInit_RunbooksLinks_LeadSomewhere(t *testing.T) {
	for link, want := range map[string]string{
		"[a](queue-age.md)":              "[a](queue-age.md)",
		"[a](../queries)":                "[a](../queries)",
		"[a](../dlq.md#send-them-back)":  "[a](https://github.com/tracehaul/tracehaul/blob/main/docs/dlq.md#send-them-back)",
		"[a](../../service/PROBLEMS.md)": "[a](https://github.com/tracehaul/tracehaul/blob/main/service/PROBLEMS.md)",
	} {
		if got := string(awayFromKit([]byte(link))); got != want {
			t.Errorf("%s becomes %s, want %s", link, got, want)
		}
	}
	files, err := starterFiles(initCmd{Product: "returns", Environment: "dev", Region: "eu-west-1", Consumer: "archive", Owner: "team-returns"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.Contains(string(f.Content), "](../") && !strings.Contains(string(f.Content), "](../queries") {
			t.Errorf("%s leads out of the new pipeline", f.Path)
		}
	}
	if !slices.ContainsFunc(files, func(f starterFile) bool {
		return f.Path == "alarms/scenarios/incidents/01-database-out-of-capacity.scenario"
	}) {
		t.Error("the incidents are missing")
	}
}
