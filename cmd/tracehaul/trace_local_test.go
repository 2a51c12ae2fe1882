package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/localstate"
	"github.com/tracehaul/tracehaul/internal/story"
)

// Of several pipelines on this machine one is asked: what others have under the
// same id is another event.
func TestTrace_SeveralLocalPipelines_TheDescribedOneIsAsked(t *testing.T) {
	runtime := t.TempDir()
	now := time.Now()
	for i, s := range []localstate.State{
		{Prefix: "dev-orders", Addresses: localpipeline.Addresses{Web: "http://127.0.0.1:1"}},
		{Prefix: "dev-orders", Addresses: localpipeline.Addresses{Web: "http://127.0.0.1:2"}},
		{Prefix: "dev-other", Addresses: localpipeline.Addresses{Web: "http://127.0.0.1:3"}},
	} {
		s.Started, s.File = now.Add(time.Duration(i)*time.Second), description
		remove, err := localstate.Write(filepath.Join(runtime, "tracehaul"), s)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = remove() })
	}
	env := environment{getenv: func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": runtime}[name] }}
	p, err := loadPipeline(description, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		prefix string // "" without a description
		asked  string
		others []string
	}{
		"described":     {"dev-orders", "127.0.0.1:2", []string{"127.0.0.1:1", "127.0.0.1:3"}},
		"not described": {"", "127.0.0.1:3", []string{"127.0.0.1:1", "127.0.0.1:2"}},
		"another":       {"dev-shop", "", []string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"}},
	} {
		t.Run(name, func(t *testing.T) {
			described := *p
			if product, ok := strings.CutPrefix(tt.prefix, "dev-"); ok {
				described.Environment, described.Product = "dev", product
			}
			of := &described
			if tt.prefix == "" {
				of = nil
			}
			var config story.Config
			found := traceCmd{traceSources: traceSources{Local: true}}.addLocal(env, &config, of)
			if found != (tt.asked != "") {
				t.Fatalf("found %t", found)
			}
			if found && (len(config.Backends) != 2 || !strings.Contains(config.Backends[0].Name(), tt.asked)) {
				t.Errorf("%d are asked, %s first; want %s and its database", len(config.Backends), config.Backends[0].Name(), tt.asked)
			}
			wantAll(t, strings.Join(config.Skipped, "\n"), tt.others...)
		})
	}
}

// What is expected of a pipeline on this machine is what its environment makes,
// whichever the description's own is.
func TestTrace_LocalPipelineOfAnEnvironment_ItsQueuesAreExpected(t *testing.T) {
	runtime := t.TempDir()
	s := localstate.State{Prefix: "prod-orders", File: description, Addresses: localpipeline.Addresses{Web: "http://127.0.0.1:1"}}
	remove, err := localstate.Write(filepath.Join(runtime, "tracehaul"), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = remove() })
	env := environment{getenv: func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": runtime}[name] }}
	var config story.Config
	if found := (traceCmd{traceSources: traceSources{Local: true}}).addLocal(env, &config, nil); !found {
		t.Fatal("it is not found")
	}
	if e := config.Expect; e.Pipeline != "prod-orders" || e.RowQueue != "prod-intake-order-ledger" || e.SamplePercent != 100 {
		t.Errorf("expected is %+v", e)
	}
}

// A variable is of another database than that of the pipeline on this machine: a
// flag alone says that it is to be asked, too.
func TestTrace_LocalPipeline_VariableIsOfAnotherDatabase(t *testing.T) {
	for name, tt := range map[string]struct {
		local, given bool
		asked        int
		say          string
	}{
		"a variable, and a pipeline here": {true, false, 0, "DATABASE_URL is of another one; --database-url asks it, too"},
		"a flag, and a pipeline here":     {true, true, 1, ""},
		"a variable":                      {false, false, 1, ""},
	} {
		var config story.Config
		traceCmd{traceSources: traceSources{DatabaseURL: "postgres://localhost/x"}}.addDatabase(&config, tt.local, tt.given)
		if said := strings.Join(config.Skipped, "\n"); len(config.Backends) != tt.asked || !strings.Contains(said, tt.say) {
			t.Errorf("%s: %d databases are asked, want %d; %q", name, len(config.Backends), tt.asked, said)
		}
	}
}

// The command itself knows which of the two it was.
func TestTrace_LocalPipelineAndDatabaseURL_FlagAloneIsAsked(t *testing.T) {
	runtime := t.TempDir()
	const own, another = "postgres://u@127.0.0.1:1/own", "postgres://u@127.0.0.1:1/another"
	remove, err := localstate.Write(filepath.Join(runtime, "tracehaul"), localstate.State{
		Prefix: "dev-orders", File: description, Addresses: localpipeline.Addresses{Web: "http://127.0.0.1:1", DatabaseURL: own},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = remove() })
	t.Setenv("DATABASE_URL", another)
	for name, tt := range map[string]struct {
		args  []string
		asked bool
	}{
		"variable": {nil, false},
		"flag":     {[]string{"--database-url", another}, true},
	} {
		var out, errs strings.Builder
		env := environment{&out, &errs, func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": runtime}[name] }}
		code := run(t.Context(), append([]string{"trace", awsTrace, "-f", description, "--no-aws", "--json"}, tt.args...), env)
		if asked := strings.Contains(out.String(), `"PostgreSQL another at`); code != exitFailed || asked != tt.asked || !strings.Contains(out.String(), `"PostgreSQL own at`) {
			t.Errorf("%s: exit code %d, the other database is asked: %t, want %t\n%s%s", name, code, asked, tt.asked, out.String(), errs.String())
		}
	}
}

// JSON is all that is printed with --json, also beside a file.
func TestTrace_HTMLFileAndJSON(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"trace":{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"` + awsTrace + `","spanId":"00f067aa0ba902b7","name":"send \u202e\u009b31m","kind":4,"startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}}`))
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "story.html")
	code, out, errs := command(t.Context(), t, "trace", awsTrace, "-f", description, "--no-local", "--no-aws", "--tempo-url", server.URL, "--html", file, "--json")
	if code != exitNotArrived {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	var s tracedJSON
	if err := json.Unmarshal([]byte(out), &s); err != nil || len(s.Spans) != 1 || s.Spans[0].Name != "send \u202e\u009b31m" {
		t.Errorf("it is no JSON of the story, %v: %q", err, out)
	}
	if strings.ContainsAny(out, "\u202e\u009b") {
		t.Errorf("what moves a terminal's cursor is printed as it is: %q", out)
	}
	if page, err := os.ReadFile(file); err != nil || !strings.Contains(string(page), "<!doctype html>") {
		t.Errorf("the file: %v", err)
	}
}
