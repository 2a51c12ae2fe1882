//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
	"github.com/tracehaul/tracehaul/internal/program"
)

// output is what the function wrote.
type output struct {
	mu    sync.Mutex
	lines []string
}

func (o *output) add(l lambda.Line) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, l.Text)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.lines, "\n")
}

// function is the program as a Lambda function. Its spans go to its own output.
func function(t *testing.T, timeout time.Duration, env map[string]string) (*lambda.Function, *output) {
	t.Helper()
	if err := program.WatchSources(); err != nil {
		t.Fatal(err)
	}
	paths, err := program.Build(t.Context(), t.TempDir(), "migrate")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{
		"AWS_EC2_METADATA_DISABLED": "true", "OTEL_TRACES_EXPORTER": "console", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none",
	}
	maps.Copy(all, env)
	o := new(output)
	f, err := lambda.New(lambda.Config{Name: "dev-orders-migrate", Binary: paths[0], Env: all, Timeout: timeout, Output: o.add})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, f) })
	return f, o
}

// closed ends the function, so that all of its output is there.
func closed(t *testing.T, f *lambda.Function) {
	t.Helper()
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// invoke returns the answer to a payload.
func invoke(t *testing.T, f *lambda.Function, payload string) answer {
	t.Helper()
	result, err := f.Invoke(t.Context(), []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	var out answer
	if err := json.Unmarshal(result.Payload, &out); err != nil || out.Applied == nil {
		t.Fatalf("%v in %s", err, result.Payload)
	}
	return out
}

// refused returns what the function says of a payload that it fails on.
func refused(t *testing.T, f *lambda.Function, payload string) string {
	t.Helper()
	result, err := f.Invoke(t.Context(), []byte(payload))
	failed, ok := errors.AsType[*lambda.InvocationError](err)
	if !ok {
		t.Fatalf("%s gave %s, %v, want an error", payload, result.Payload, err)
	}
	return failed.Message
}

// migrations are the names of all there are.
func migrations(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("../../consumer/postgres/migrate/sql")
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d migrations: %v", len(entries), err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func connect(t *testing.T, url string, statements ...string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	for _, statement := range statements {
		if _, err := pool.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return pool
}

func says(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}

func same(t *testing.T, got answer, from, to int64, applied ...string) {
	t.Helper()
	if got.From != from || got.To != to || !slices.Equal(got.Applied, applied) {
		t.Errorf("answer is %+v, want from %d to %d by %v", got, from, to, applied)
	}
}
