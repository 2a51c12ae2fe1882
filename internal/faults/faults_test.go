//go:build unix

package main

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/internal/program"
)

func TestScenarios_NamesAndWords_AreThere(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+/[a-z0-9-]+$`)
	seen := map[string]bool{}
	for _, s := range scenarios() {
		if !name.MatchString(s.name) || len(s.name) > nameWidth || seen[s.name] {
			t.Errorf("%q: want a name of its own such as database/restarted, %d characters at most", s.name, nameWidth)
		}
		seen[s.name] = true
		if !strings.HasSuffix(s.what, ".") || s.run == nil {
			t.Errorf("%s: want a sentence that says what goes wrong, and something that makes it so", s.name)
		}
	}
}

// realPrograms are the real programs, built once by the first who needs them.
var realPrograms struct {
	once sync.Once
	dir  string
	programs
	err error
}

func buildReal() {
	r := &realPrograms
	if r.dir, r.err = os.MkdirTemp("", "tracehaul-faults-test-"); r.err != nil {
		return
	}
	var built []string
	if built, r.err = program.Build(context.Background(), r.dir, "service", "consumer"); r.err == nil {
		r.programs = programs{service: built[0], consumer: built[1]}
	}
}

func TestMain(m *testing.M) {
	code := m.Run()
	if realPrograms.dir != "" {
		_ = os.RemoveAll(realPrograms.dir)
	}
	os.Exit(code)
}

// playReal runs a scenario with the real programs.
func playReal(t *testing.T, sc scenario) verdict {
	t.Helper()
	if err := program.WatchSources(); err != nil {
		t.Fatal(err)
	}
	realPrograms.once.Do(buildReal)
	if realPrograms.err != nil {
		t.Fatal(realPrograms.err)
	}
	s := &stage{description: "../../pipeline/testdata/reference/tracehaul.yaml", programs: realPrograms.programs, output: func() *output { return newOutput(nil) }}
	return s.play(t.Context(), sc, func(string) {})
}

func TestPlay_RealPrograms_BooksAreRight(t *testing.T) {
	sc := scenarioNamed("consumer/poison")
	sc.events = 44
	const stored = 44 + mixedEvents
	v := playReal(t, sc)
	if !v.ok() || v.account.accepted != stored+2*len(poisons) || len(v.account.rows) != stored || v.hits == 0 {
		v.print(testWriter{t})
		t.Errorf("%s: want %d rows, two dead letters for each kind of poison, and the fault met", sc.name, stored)
	}
}

func TestPlay_FaultNeverMet_Fails(t *testing.T) {
	sc := scenarioNamed("consumer/shuffled")
	sc.setup = func(*settings) {}
	sc.run = func(ctx context.Context, w *world) error { return w.send(ctx, 1) }
	v := playReal(t, sc)
	if v.ok() || len(v.errs) != 1 || !strings.Contains(v.errs[0].Error(), "never met") {
		t.Errorf("errors %v; want one that says that the fault was never met", v.errs)
	}
}

func TestVerdict_Says_FindsWhatIsWrong(t *testing.T) {
	v := verdict{errs: []error{errors.New("one thing")}, account: &account{findings: []finding{{lost, "event", "gone"}}}}
	for part, want := range map[string]string{"": "one thing", "thing": "one thing", "gone": "lost: event: gone"} {
		if said, err := v.says(part); err != nil || said != want {
			t.Errorf("it says %q of %q, want %q: %v", said, part, want, err)
		}
	}
	if said, err := v.says("else"); err == nil {
		t.Errorf("it says %q of what it does not say", said)
	}
	if said, err := new(verdict).says(""); err == nil {
		t.Errorf("all is well, but it says %q", said)
	}
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimRight(string(b), "\n"))
	return len(b), nil
}

func TestRun_Flags_AreChecked(t *testing.T) {
	for _, args := range [][]string{{"-runs", "0"}, {"-run", "("}, {"-run", "^none$"}, {"file"}, {"-parallel", "0"}} {
		if code := run(t.Context(), args, os.Stderr, testWriter{t}); code != harness.ExitUsage {
			t.Errorf("%v: exit code %d, want %d", args, code, harness.ExitUsage)
		}
	}
	var out strings.Builder
	if code := run(t.Context(), []string{"-list"}, &out, testWriter{t}); code != harness.ExitOK || !strings.Contains(out.String(), scenarios()[0].what) {
		t.Errorf("-list: exit code %d and %q", code, out.String())
	}
}
