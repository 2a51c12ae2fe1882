package main

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/consumer/postgres"
	"github.com/tracehaul/tracehaul/internal/memory"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

func read(env map[string]string) (settings, error) {
	return settingsFrom(func(name string) string { return env[name] })
}

func TestSettings_Good_AreRead(t *testing.T) {
	s, err := read(map[string]string{
		"DATABASE_HOST": "db.example", "DATABASE_USER": "consumer", "DEAD_LETTER_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/000000000000/dlq",
		"WAIT_SPANS": "false", "DEADLINE_MARGIN": "1500ms", "FRESHNESS": "2m", "LOG_LEVEL": "debug", "AWS_LAMBDA_MAX_CONCURRENCY": "64",
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.database.Host != "db.example" || s.database.MaxConns != maxConns || !strings.HasSuffix(s.consumer.DeadLetterQueueURL, "/dlq") {
		t.Errorf("database %+v, consumer %+v", s.database, s.consumer)
	}
	if s.consumer.Freshness != 2*time.Minute {
		t.Errorf("freshness %v", s.consumer.Freshness)
	}
	if !s.lambda.NoWaitSpan || s.lambda.DeadlineMargin != 1500*time.Millisecond || s.telemetry.LogLevel != slog.LevelDebug {
		t.Errorf("lambda %+v, level %v", s.lambda, s.telemetry.LogLevel)
	}
}

func TestSettings_SpanQueue_HoldsABatchUnlessSaidOtherwise(t *testing.T) {
	for name, test := range map[string]struct {
		env          map[string]string
		queue, batch int
	}{
		"nothing said": {nil, spanQueue, spanBatch},
		"a queue":      {map[string]string{"OTEL_BSP_MAX_QUEUE_SIZE": "1000"}, 1000, 1000},
		"both":         {map[string]string{"OTEL_BSP_MAX_QUEUE_SIZE": "1000", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "100"}, 1000, 100},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := read(test.env)
			if b := s.telemetry.Traces.Batch; b.QueueSize != test.queue || b.BatchSize != test.batch {
				t.Errorf("queue %d, batch %d, want %d and %d", b.QueueSize, b.BatchSize, test.queue, test.batch)
			}
		})
	}
}

// The defaults that help names are those of the packages.
func TestSettings_NothingSaid_TakesThePackagesDefaults(t *testing.T) {
	s, err := read(map[string]string{"DATABASE_URL": "postgres://u@h/d", "DEAD_LETTER_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/000000000000/dlq"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.consumer.Freshness, (consumer.Config{}).WithDefaults().Freshness; got != want {
		t.Errorf("FRESHNESS is %v, want %v", got, want)
	}
	if got, want := s.lambda, (awslambda.Config{}).WithDefaults(); got.DeadlineMargin != want.DeadlineMargin || got.NoWaitSpan != want.NoWaitSpan {
		t.Errorf("DEADLINE_MARGIN is %v, NoWaitSpan %t, want %v and %t", got.DeadlineMargin, got.NoWaitSpan, want.DeadlineMargin, want.NoWaitSpan)
	}
	if s.telemetry.LogLevel.Level() != slog.LevelInfo || s.database.MaxConns != 0 {
		t.Errorf("LOG_LEVEL is %v, connections %d", s.telemetry.LogLevel, s.database.MaxConns)
	}
}

func TestSettings_Bad_AreAllNamed(t *testing.T) {
	_, err := read(map[string]string{
		"DATABASE_PORT": "0", "DEADLINE_MARGIN": "-1s", "FRESHNESS": "60", "LOG_LEVEL": "loud", "AWS_LAMBDA_MAX_CONCURRENCY": "x", "OTEL_BSP_MAX_QUEUE_SIZE": "-5",
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"DATABASE_URL: want", `DATABASE_PORT="0"`, "DEAD_LETTER_QUEUE_URL: want", `DEADLINE_MARGIN="-1s"`, `FRESHNESS="60"`, `LOG_LEVEL="loud"`,
		`AWS_LAMBDA_MAX_CONCURRENCY="x"`, "OTEL_BSP_MAX_QUEUE_SIZE",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
}

// The page for operators has a row for each variable that is read, and no other,
// with what it defaults to.
func TestDocs_EveryVariable_IsInTheTable(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "consumer.md"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	fallbacks := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\| (.*?) \\|").FindAllStringSubmatch(string(text), -1) {
		rows = append(rows, m[1])
		fallbacks[m[1]] = m[2]
	}
	asked := map[string]struct{}{}
	getenv := func(name string) string {
		asked[name] = struct{}{}
		return map[string]string{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "GOMEMLIMIT": "1GiB"}[name] // which leave the memory alone
	}
	memory.TuneFunction(getenv)
	_, _ = postgres.ConfigFromEnv(getenv) // what is required is missing
	for _, v := range variables {
		asked[v.Name] = struct{}{}
	}
	slices.Sort(rows)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(asked)), rows); diff != "" {
		t.Errorf("docs/consumer.md (-want +got):\n%s", diff)
	}
	for _, v := range variables {
		if v.Fallback != "" && fallbacks[v.Name] != v.Fallback {
			t.Errorf("docs/consumer.md says that %s defaults to %s, and it is %s", v.Name, fallbacks[v.Name], v.Fallback)
		}
	}
}
