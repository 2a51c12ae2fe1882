package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/pipeline"
)

func read(env map[string]string) (settings, error) {
	return settingsFrom(func(name string) string { return env[name] })
}

// resolved writes the description of prod and returns its file.
func resolved(t *testing.T) string {
	t.Helper()
	p, err := pipeline.LoadEnvironment("../../pipeline/testdata/reference/tracehaul.yaml", "prod")
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.Resolved()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pipeline.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestSettings_Good_AreRead(t *testing.T) {
	s, err := read(map[string]string{
		"PIPELINE_FILE": resolved(t), "SLACK_API_URL": "https://slack.example/api", "PAGERDUTY_URL": "https://pd.example/v2/enqueue",
		"CASES": "false", "LOG_LEVEL": "debug",
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := s.notify; n.SlackURL != "https://slack.example/api" || n.PagerDutyURL != "https://pd.example/v2/enqueue" || !n.NoCases || n.Pipeline.Environment != "prod" {
		t.Errorf("settings: %+v", n)
	}
	if s.telemetry.LogLevel != slog.LevelDebug {
		t.Errorf("level %v", s.telemetry.LogLevel)
	}
}

func TestSettings_NothingSaid_TakesTheFileBesideTheProgram(t *testing.T) {
	s, err := read(map[string]string{"LAMBDA_TASK_ROOT": filepath.Dir(resolved(t))})
	if err != nil {
		t.Fatal(err)
	}
	if s.notify.NoCases || s.notify.Pipeline.Product != "orders" {
		t.Errorf("settings: %+v", s.notify)
	}
}

func TestSettings_Bad_AreAllNamed(t *testing.T) {
	_, err := read(map[string]string{
		"PIPELINE_FILE": "none.json", "SLACK_API_URL": "slack", "PAGERDUTY_URL": "ftp://x", "CASES": "some", "LOG_LEVEL": "warn", "OTEL_TRACES_SAMPLER": "some",
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`PIPELINE_FILE="none.json": want`, `SLACK_API_URL="slack": want an address such as https://`, `PAGERDUTY_URL="ftp://x"`, `CASES="some": want true or false`,
		`LOG_LEVEL="warn": want debug or info`, "OTEL_TRACES_SAMPLER",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}
