//go:build unix

package program_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/program"
)

func TestBuild_Twice_ProgramsRun(t *testing.T) {
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

func TestBuild_UnknownCommand_NamesIt(t *testing.T) {
	_, err := program.Build(t.Context(), t.TempDir(), "no-such-command")
	if err == nil || !strings.Contains(err.Error(), "no-such-command") {
		t.Errorf("error %v, want one that names the command", err)
	}
}

func TestBuild_OutsideOfTheModule_SaysWhatToDo(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := program.Build(t.Context(), t.TempDir(), "service")
	if err == nil || !strings.Contains(err.Error(), "clone") {
		t.Errorf("error %v, want one that says what to do", err)
	}
}
