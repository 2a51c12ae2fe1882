//go:build unix

package program_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/program"
)

func TestBuild_Twice_ProgramsRun(t *testing.T) {
	if err := program.WatchSources(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		paths, err := program.Build(t.Context(), t.TempDir(), "service", "consumer")
		if err != nil {
			t.Fatal(err)
		}
		if len(paths) != 2 || filepath.Base(paths[0]) != "service" || filepath.Base(paths[1]) != "consumer" {
			t.Fatalf("paths %v", paths)
		}
		for _, p := range paths {
			if info, err := os.Stat(p); err != nil || info.Mode()&0o100 == 0 {
				t.Errorf("%s: %v, not a program", p, err)
			}
		}
		if out, err := exec.CommandContext(t.Context(), paths[0], "version").CombinedOutput(); err != nil {
			t.Errorf("service version: %v: %s", err, out)
		}
	}
}

// The go command leaves its files when it is interrupted; Build does not.
func TestBuild_Interrupted_SaysSoAndLeavesNothing(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Setenv("GOCACHE", t.TempDir()) // so that there is something to compile
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	_, err := program.Build(ctx, t.TempDir(), "service")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the context's", err)
	}
	left, err := os.ReadDir(temporary)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestBuild_UnknownCommand_NamesIt(t *testing.T) {
	_, err := program.Build(t.Context(), t.TempDir(), "no-such-command")
	if err == nil || !strings.Contains(err.Error(), "no-such-command") {
		t.Errorf("error %v, want one that names the command", err)
	}
}

// Who has a module of their own runs the programs of the kit that it needs.
func TestBuild_ModuleThatReplacesTheKit_BuildsTheKits(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	own := t.TempDir()
	t.Chdir(own)
	mod := "module example.com/own\n\ngo 1.26.0\n\nrequire " + program.Module + " v0.0.0\n\nreplace " + program.Module + " => " + root + "\n"
	if err := os.WriteFile("go.mod", []byte(mod), 0o600); err != nil {
		t.Fatal(err)
	}
	paths, err := program.Build(t.Context(), t.TempDir(), "service")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), paths[0], "version").CombinedOutput(); err != nil {
		t.Errorf("service version: %v: %s", err, out)
	}
}

func TestBuild_OutsideOfTheModule_SaysWhatToDo(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := program.Build(t.Context(), t.TempDir(), "service")
	if err == nil || !strings.Contains(err.Error(), "clone") {
		t.Errorf("error %v, want one that says what to do", err)
	}
}
