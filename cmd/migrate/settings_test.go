package main

import (
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/consumer/postgres"
)

func read(env map[string]string) (settings, error) {
	return settingsFrom(func(name string) string { return env[name] })
}

func TestSettings_Good_AreRead(t *testing.T) {
	s, err := read(map[string]string{
		"DATABASE_HOST": "db.example", "DATABASE_NAME": "orders", "DATABASE_AUTH": "secret", "DATABASE_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:000000000000:secret:rds",
		"MIGRATE_GRANT_ROLE": "consumer", "MIGRATE_LOCK_TIMEOUT": "2s", "DEADLINE_MARGIN": "9s", "LOG_LEVEL": "debug",
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := s.database; d.Host != "db.example" || d.Auth != postgres.AuthSecret || d.ApplicationName != "tracehaul-migrate" || d.ConnectTimeout != time.Minute {
		t.Errorf("database: %+v", d)
	}
	if m := s.migrate; m.GrantRole != "consumer" || m.LockTimeout != 2*time.Second || s.margin != 9*time.Second || s.telemetry.LogLevel != slog.LevelDebug {
		t.Errorf("settings: %+v, margin %v, level %v", m, s.margin, s.telemetry.LogLevel)
	}
}

func TestSettings_NothingSaid_HasDefaults(t *testing.T) {
	s, err := read(map[string]string{"DATABASE_URL": "postgres://u@h/d"})
	if err != nil {
		t.Fatal(err)
	}
	if s.migrate.GrantRole != "" || s.migrate.LockTimeout != s.migrate.WithDefaults().LockTimeout || s.margin != 5*time.Second {
		t.Errorf("settings: %+v, margin %v", s.migrate, s.margin)
	}
}

func TestSettings_Bad_AreAllNamed(t *testing.T) {
	_, err := read(map[string]string{
		"DATABASE_PORT": "0", "MIGRATE_GRANT_ROLE": "postgres", "MIGRATE_LOCK_TIMEOUT": "1us", "DEADLINE_MARGIN": "0s", "LOG_LEVEL": "loud", "OTEL_TRACES_SAMPLER": "some",
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"DATABASE_URL: want", `DATABASE_PORT="0"`, `MIGRATE_GRANT_ROLE="postgres": want a role of its own`, `MIGRATE_LOCK_TIMEOUT="1us": want 1ms or more`,
		`DEADLINE_MARGIN="0s"`, `LOG_LEVEL="loud"`, "OTEL_TRACES_SAMPLER",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
}

// The page that people read names every variable and its default.
func TestSettings_AreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/migrate.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variables {
		name, rest, found := strings.Cut(string(page), "| `"+v.Name+"` |")
		line, _, _ := strings.Cut(rest, "\n")
		if !found || name == "" || !strings.Contains(line, v.Fallback) {
			t.Errorf("docs/migrate.md has no line for %s with the default %q", v.Name, v.Fallback)
		}
	}
}
