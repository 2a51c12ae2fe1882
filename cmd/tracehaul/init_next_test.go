//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/program"
)

// beginner is a machine of somebody who begins a pipeline: the tool is not in PATH.
type beginner struct {
	bin, gobin string
	env        []string
}

func newBeginner(t *testing.T) beginner {
	t.Helper()
	if err := program.WatchSources(); err != nil {
		t.Fatal(err)
	}
	b := beginner{bin: t.TempDir(), gobin: t.TempDir()}
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	if goCommand, err = filepath.EvalSymlinks(goCommand); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(goCommand, filepath.Join(b.bin, "go")); err != nil {
		t.Fatal(err)
	}
	b.env = append(os.Environ(), "PATH="+b.bin+":/usr/bin:/bin", "GOBIN="+b.gobin, "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0")
	return b
}

// run runs commands in a directory, as somebody does who stops at what fails.
func (b beginner) run(t *testing.T, dir, commands string, env ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", commands)
	cmd.Dir, cmd.Env = dir, slices.Concat(b.env, env)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", commands, err, out)
	}
	return string(out)
}

// next are the commands that init prints. All scenarios take a minute; that they go
// well is seen in examples/own-signal, so that some are enough here.
func next(t *testing.T, printed string) string {
	t.Helper()
	_, after, ok := strings.Cut(printed, "\nNext:\n\n")
	commands, _, end := strings.Cut(after, "\n\n")
	if !ok || !end || !strings.Contains(commands, "\n  tracehaul alarms test ") {
		t.Fatalf("init does not say what comes next:\n%s", printed)
	}
	return strings.Replace(commands, "tracehaul alarms test ", "tracehaul alarms test --quiet alarms/scenarios/40-queue.scenario ", 1)
}

func wantDemo(t *testing.T, out string) {
	t.Helper()
	for _, want := range []string{"environments/prod.yaml:", "edge.domain, edge.hosted_zone", ", 0 failed; ", "process dev-intake-event-ledger", "the row in events"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not printed:\n%s", want, out)
		}
	}
}

// What init prints works as it stands: of a tool that runs from a clone, and then of
// the one that is installed from it.
func TestInit_Next_OfAClone_Runs(t *testing.T) {
	t.Parallel()
	b := newBeginner(t)
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "with spaces")
	printed := b.run(t, root, "go run ./cmd/tracehaul init --product returns '"+dir+"'")
	wantDemo(t, b.run(t, root, next(t, printed)))

	dir = t.TempDir()
	installed := "PATH=" + b.gobin + ":" + b.bin + ":/usr/bin:/bin"
	printed = b.run(t, dir, "tracehaul init returns", installed)
	if strings.Contains(printed, "install") {
		t.Errorf("the tool is in PATH:\n%s", printed)
	}
	wantDemo(t, b.run(t, dir, next(t, printed), installed))
}

// A program that knows no source says where it is.
func TestInit_Next_WithoutSource_FetchesIt(t *testing.T) {
	t.Parallel()
	b := newBeginner(t)
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	programs, err := program.Build(t.Context(), t.TempDir(), "tracehaul")
	if err != nil {
		t.Fatal(err)
	}
	git := fmt.Sprintf("#!/bin/sh\n[ \"$1 $2\" = 'clone %s' ] && ln -s '%s' \"$3\"\n", kitAddress, root)
	if err := os.WriteFile(filepath.Join(b.bin, "git"), []byte(git), 0o700); err != nil {
		t.Fatal(err)
	}
	cache := strings.TrimSpace(b.run(t, root, "go env GOCACHE"))
	dir := t.TempDir()
	printed := b.run(t, dir, programs[0]+" init returns")
	wantDemo(t, b.run(t, dir, next(t, printed), "GOCACHE="+cache, "XDG_CACHE_HOME="+t.TempDir())) // where programs of each source are kept
}

func TestNext_Surroundings_DecideOnTheWords(t *testing.T) {
	t.Parallel()
	const install = "go install github.com/tracehaul/tracehaul/cmd/tracehaul@v1.2.3"
	clone := "git clone " + kitAddress + " ../tracehaul"
	for name, test := range map[string]struct {
		surroundings
		reach, demo []string
	}{
		"installed release":       {surroundings{inPath: true, release: "v1.2.3", builds: true, bin: "/b"}, nil, []string{"tracehaul demo"}},
		"release by go run":       {surroundings{release: "v1.2.3", builds: true, bin: "/b"}, []string{install, `export PATH=/b:"$PATH"`}, []string{"tracehaul demo"}},
		"downloaded release":      {surroundings{program: "/o/it's/tracehaul", release: "v1.2.3", builds: true}, []string{`export PATH='/o/it'\''s':"$PATH"`}, []string{"tracehaul demo"}},
		"installed from a clone":  {surroundings{inPath: true, clone: "/c", dir: "/p"}, nil, []string{"(cd /c && tracehaul demo -f /p/tracehaul.yaml)"}},
		"by go run, in the clone": {surroundings{clone: "/c", builds: true, bin: "/b"}, []string{"go -C /c install ./cmd/tracehaul", `export PATH=/b:"$PATH"`}, []string{"tracehaul demo"}},
		"no source": {
			surroundings{bin: "/b", dir: "/p"},
			[]string{clone, "go -C ../tracehaul install ./cmd/tracehaul", `export PATH=/b:"$PATH"`},
			[]string{"[ -d ../tracehaul ] || " + clone, "(cd ../tracehaul && tracehaul demo -f /p/tracehaul.yaml)"},
		},
	} {
		if diff := cmp.Diff([][]string{test.reach, test.demo}, [][]string{test.surroundings.reach(), test.surroundings.demo()}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Every setting with an example's address in a new description is marked.
func TestInit_Placeholders_AreMarked(t *testing.T) {
	t.Parallel()
	files, err := described(initCmd{Product: "returns", Environment: "dev", Region: "eu-west-1", Consumer: "archive", Owner: "team-returns"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		marks := 0
		for line := range strings.Lines(string(f.Content)) {
			if strings.Contains(line, "# TODO ") {
				marks++
				continue
			}
			setting, _, _ := strings.Cut(line, " # ")
			for _, sign := range []string{"example", "secret:", "channel:", "time_zone:"} {
				if !strings.HasPrefix(strings.TrimSpace(line), "#") && strings.Contains(setting, sign) {
					t.Errorf("%s: %q is not marked TODO", f.Path, line)
				}
			}
		}
		if marks < 5 {
			t.Errorf("%s has %d marks", f.Path, marks)
		}
	}
}
