package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A signal that is written down in one place is everywhere, and what is owed for
// it is named.
func TestObserve_OwnSignal_IsEverywhere(t *testing.T) {
	dir := t.TempDir()
	tool := os.Getenv("TRACEHAUL")
	if tool == "" {
		tool = build(t, "tracehaul", "../..", "./cmd/tracehaul")
	}
	observe := build(t, "observe", ".", ".")
	ours := filepath.Join("alarms", "scenarios", "own", "refunds.scenario")
	runbook := filepath.Join("docs", "runbooks", "refunds-stuck.md")
	must(t, dir, tool, "init", "--product", "shop", "--environment", "test")
	must(t, dir, tool, "alarms", "test", "--quiet") // the first thing to see, before anything is one's own

	refused(t, dir, `alarm "refunds-stuck" has no runbook`, observe, "generate")
	copyFile(t, runbook, filepath.Join(dir, runbook))
	must(t, dir, observe, "generate")
	must(t, dir, observe, "check")
	for file, want := range map[string]string{
		"iac/terraform/observability/alarms/test/alarms.tf.json":          `"metric_name": "RefundsWaiting"`,
		"iac/terraform/observability/alarms/prod/alarms.tf.json":         `"alarm_name": "prod-shop-refunds-stuck"`,
		"iac/terraform/observability/dashboards/prod/alarms.json":        "refunds-stuck",
		"iac/terraform/observability/dashboards/prod/consumers.json":     "Refunds that wait",
		"iac/terraform/observability/dashboards/prod/dashboards.tf.json": "consumers.json",
		"docs/runbooks/refunds-stuck.md":                                 "above 10, 3 of 3 datapoints of 5 minutes",
		"docs/runbooks/README.md":                                        "| `refunds-stuck` | Refunds are stuck | ticket | [refunds-stuck.md](refunds-stuck.md) |",
	} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s does not have %s: %v", file, want, err)
		}
	}

	kits := filepath.Join("alarms", "scenarios", "incidents", "05-throttled.scenario")
	own := filepath.Dir(ours)
	if err := os.Mkdir(filepath.Join(dir, own), 0o700); err != nil {
		t.Fatal(err)
	}
	copyFile(t, filepath.Join(dir, kits), filepath.Join(dir, own, "throttled.scenario"))
	refused(t, dir, "refunds-stuck was not seen to go off", observe, "test", own)
	copyFile(t, ours, filepath.Join(dir, ours))
	must(t, dir, observe, "test", own)

	// The tool knows nothing of it: it would take the alarm away again.
	refused(t, dir, "not up to date", tool, "generate", "--check")
}

func build(t *testing.T, name, dir, of string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	must(t, dir, "go", "build", "-o", file, of)
	return file
}

func must(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", filepath.Base(program), args, err, out)
	}
}

func refused(t *testing.T, dir, why, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), why) {
		t.Errorf("%s %v: %v, want a failure that says %q\n%s", filepath.Base(program), args, err, why, out)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
