//go:build unix

package docs_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/program"
)

// session is a shell in a copy of the repository, in which programs that need an
// account are stand-ins.
type session struct {
	dir       string
	bin, home string
	env       []string
}

// standIns are the programs that are not there.
var standIns = []string{"aws", "curl", "docker", "git", "go", "sleep", "terraform"}

func newSession(t *testing.T) *session {
	t.Helper()
	if err := program.WatchSources(); err != nil {
		t.Fatal(err)
	}
	tracehaul, err := program.Build(t.Context(), t.TempDir(), "tracehaul")
	if err != nil {
		t.Fatal(err)
	}
	s := &session{dir: t.TempDir(), bin: t.TempDir(), home: t.TempDir()}
	standIn, err := filepath.Abs(filepath.Join("testdata", "standin.sh"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range standIns {
		if err := os.Symlink(standIn, filepath.Join(s.bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"alarms/scenarios", "build", "docs/runbooks", "iac"} {
		if err := os.CopyFS(filepath.Join(s.dir, filepath.FromSlash(name)), os.DirFS(filepath.Join(root, filepath.FromSlash(name)))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(s.dir, os.DirFS(filepath.Join(root, "pipeline", "testdata", "reference"))); err != nil {
		t.Fatal(err)
	}
	// What was copied is generated from the description at the top, which may be
	// another one.
	generate := exec.CommandContext(t.Context(), tracehaul[0], "generate")
	generate.Dir = s.dir
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.env = []string{
		"PATH=" + s.bin + ":/usr/local/bin:/usr/bin:/bin", "HOME=" + s.home, "TMPDIR=" + s.home, "CALLS=" + filepath.Join(s.home, "calls"), "TRACEHAUL=" + tracehaul[0],
		// Nobody is there: what asks AWS is refused at once.
		"AWS_ENDPOINT_URL=http://127.0.0.1:9", "AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none", "AWS_EC2_METADATA_DISABLED=true",
	}
	return s
}

func (s *session) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, filepath.FromSlash(name)), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// run runs commands as somebody does who stops at what fails and has every variable.
func (s *session) run(t *testing.T, commands string) (output string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", commands)
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// calls are those of the stand-ins.
func (s *session) calls(t *testing.T) (all []call) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.home, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		all = append(all, strings.Split(strings.TrimSuffix(line, "\n"), "\x1f"))
	}
	return all
}

func (s *session) must(t *testing.T, commands string) string {
	t.Helper()
	out, err := s.run(t, commands)
	if err != nil {
		t.Fatalf("%s: %v\n%s", commands, err, out)
	}
	return out
}
