package workflows_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// fuzzed is a repository of a module with these targets and build/fuzz.sh, of one
// commit, in a directory of its own.
func fuzzed(t *testing.T, targets string) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, dir, "go.mod", "module example.com/fuzzed\n\ngo 1.24\n")
	writeFile(t, dir, "event/fuzz_test.go", "package event\n\nimport \"testing\"\n\n"+targets)
	writeFile(t, dir, "build/fuzz.sh", read(t, "build", "fuzz.sh"))
	if err := os.Chmod(filepath.Join(dir, "build", "fuzz.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	inClone(t, dir, "git", "init", "--quiet")
	inClone(t, dir, "git", "add", ".")
	commitIn(t, dir, 0)
	return dir
}

// commitIn makes a commit whose hash is the same each time.
func commitIn(t *testing.T, dir string, n int) {
	t.Helper()
	when := fmt.Sprintf("2026-01-01T00:00:%02dZ", n)
	inClone(t, dir, "env", "GIT_AUTHOR_DATE="+when, "GIT_COMMITTER_DATE="+when,
		"git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "--allow-empty", "-m", strconv.Itoa(n))
}

func inClone(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// GitHub fetches the last commit alone: there, too, another one has its turn with
// another commit.
func TestFuzz_Turn_OfShallowClones_Changes(t *testing.T) {
	t.Parallel()
	var targets strings.Builder
	for n := range 8 {
		fmt.Fprintf(&targets, "func FuzzTarget%d(f *testing.F) {}\n", n)
	}
	dir := fuzzed(t, targets.String())
	seen := map[string]int{}
	for n := range 8 {
		commitIn(t, dir, n+1)
		clone := filepath.Join(t.TempDir(), "clone")
		inClone(t, dir, "git", "clone", "--quiet", "--depth", "1", "file://"+dir, clone)
		turn := inClone(t, clone, "env", "SHARD=turn/8", "build/fuzz.sh", "-list")
		if strings.Count(turn, "Fuzz") != 1 {
			t.Errorf("a turn is %q, want one of 8 targets", turn)
		}
		seen[turn]++
	}
	if len(seen) < 3 {
		t.Errorf("8 commits took turns %v, want several", seen)
	}
}

// Go calls it a success that a parser never returns.
func TestFuzz_Hang_Fails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		says string
		fail bool
	}{
		"hangs":   {body: "if len(b) > 12 { select {} }", says: "an input takes for ever", fail: true},
		"returns": {body: "_ = len(b)", says: "nothing broke"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := fuzzed(t, "func FuzzIt(f *testing.F) {\n\tf.Add([]byte{1})\n\tf.Fuzz(func(_ *testing.T, b []byte) { "+test.body+" })\n}\n")
			cmd := exec.CommandContext(t.Context(), "env", "SHARD=1/1", "FUZZTIME=2s", "FUZZPARALLEL=1", "build/fuzz.sh")
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			if (err != nil) != test.fail || !strings.Contains(string(out), test.says) {
				t.Errorf("error %v, want one: %v; want it to say %q:\n%s", err, test.fail, test.says, out)
			}
		})
	}
}
