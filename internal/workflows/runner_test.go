package workflows_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// runner runs the steps of a job in a directory, as GitHub's does: conditions,
// expressions, outputs, a shell for each script. Actions are not run; actions has
// what they put out.
type runner struct {
	scope

	dir     string            // the work tree
	temp    string            // RUNNER_TEMP
	path    string            // what a script finds first
	env     map[string]string // of every script
	actions map[string]map[string]any

	outcomes []string // "step: outcome", of those that ran
	log      strings.Builder
}

const commit = "4f2a1c9d0e8b7a6f5e4d3c2b1a0f9e8d7c6b5a49"

// newRunner is for a job of a commit on main, in dir. Programs that need an account
// or a network are stand-ins.
func newRunner(t *testing.T, dir string) *runner {
	t.Helper()
	temp, bin := t.TempDir(), t.TempDir()
	for name, script := range map[string]string{
		"go": "go.sh", "aws": "standin.sh", "cosign": "standin.sh", "docker": "standin.sh", "curl": "standin.sh", "gh": "standin.sh", "oras": "standin.sh", "sudo": "standin.sh", "terraform": "standin.sh",
		"tracehaul": "standin.sh", // until a job has built the real one
	} {
		file, err := filepath.Abs(filepath.Join("testdata", script))
		if err == nil {
			err = os.Symlink(file, filepath.Join(bin, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return &runner{
		dir: dir, temp: temp, path: bin,
		scope: scope{contexts: map[string]any{
			"github": map[string]any{
				"sha": commit, "ref": "refs/heads/main", "event_name": "push", "actor": "octocat", "token": "t0ken", "repository": "tracehaul/tracehaul",
			},
			"runner": map[string]any{"temp": temp},
			"inputs": map[string]any{},
			"needs":  map[string]any{},
			"matrix": map[string]any{},
			"steps":  map[string]any{},
		}},
		env: map[string]string{
			"HOME": temp, "TMPDIR": temp, "RUNNER_TEMP": temp, "GITHUB_SHA": commit, "GITHUB_REPOSITORY": "tracehaul/tracehaul", "GITHUB_ACTOR": "octocat",
			"GITHUB_STEP_SUMMARY": filepath.Join(temp, "summary"), "CALLS": filepath.Join(temp, "calls"), "ANSWERS": t.TempDir(),
		},
	}
}

// run runs the job's steps, and reports whether it succeeds.
func (r *runner) run(t *testing.T, j *job) bool {
	t.Helper()
	steps := map[string]any{}
	r.contexts["steps"] = steps
	for _, s := range j.Steps {
		outcome, outputs := r.step(t, j, s)
		if s.ID != "" {
			steps[s.ID] = map[string]any{"outcome": outcome, "outputs": outputs}
		}
		if outcome != "skipped" {
			r.outcomes = append(r.outcomes, s.String()+": "+outcome)
		}
		if outcome == "failure" && !s.ContinueOnError {
			r.failed = true
		}
	}
	outputs := map[string]any{}
	for name, text := range j.Outputs {
		outputs[name] = r.text(t, text)
	}
	r.contexts["needs"].(map[string]any)["done"] = map[string]any{"outputs": outputs}
	return !r.failed
}

func (r *runner) text(t *testing.T, text string) string {
	t.Helper()
	out, err := r.interpolate(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (r *runner) step(t *testing.T, j *job, s *step) (outcome string, outputs map[string]any) {
	t.Helper()
	switch runs, err := r.holds(s.If); {
	case err != nil:
		t.Fatal(err)
	case !runs:
		return "skipped", nil
	case s.Uses != "":
		for _, text := range s.With {
			r.text(t, text)
		}
		name, _, _ := strings.Cut(s.Uses, "@")
		return "success", r.actions[name]
	}
	env := maps.Clone(r.env)
	for _, more := range []map[string]string{j.Env, s.Env} {
		for name, text := range more {
			env[name] = r.text(t, text)
		}
	}
	if env["VARIABLES"] != "" {
		env["VARIABLES"] = filepath.Join(r.temp, "variables") // of this test alone
	}
	env["GITHUB_OUTPUT"] = filepath.Join(r.temp, fmt.Sprintf("output-%d", len(r.outcomes)))
	env["PATH"] = filepath.Join(r.temp, "bin") + ":" + r.path + ":/usr/local/bin:/usr/bin:/bin"
	outcome = "success"
	if err := r.shell(t.Context(), s.Run, env); err != nil {
		outcome = "failure"
	}
	outputs = map[string]any{}
	written, _ := os.ReadFile(env["GITHUB_OUTPUT"]) // none, if nothing was put out
	for line := range strings.Lines(string(written)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		outputs[name] = value
	}
	return outcome, outputs
}

// shell runs a script as GitHub's shell: bash does.
func (r *runner) shell(ctx context.Context, script string, env map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	cmd.Dir = r.dir
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = &r.log, &r.log
	return cmd.Run()
}

var temporary = regexp.MustCompile(`/tmp\.\w+`) // of mktemp

// calls are what the stand-ins were called with, in order.
func (r *runner) calls(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile(r.env["CALLS"])
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	text := strings.NewReplacer(r.temp, "$RUNNER_TEMP", r.dir, "$PWD").Replace(string(b))
	return slices.Collect(strings.Lines(temporary.ReplaceAllString(text, "/tmp.XXX")))
}

// outcome is what became of a step.
func (r *runner) outcome(t *testing.T, step string) string {
	t.Helper()
	for _, line := range r.outcomes {
		if name, outcome, _ := strings.Cut(line, ": "); name == step {
			return outcome
		}
	}
	return "skipped"
}

func (r *runner) summary(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(r.env["GITHUB_STEP_SUMMARY"])
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(b)
}

// reference has what is made from a description, for the reference pipeline: the
// description at the top of the repository may be another one.
var reference string

func referenceTree(dir string) (string, error) {
	for from, to := range map[string]string{"pipeline/testdata/reference": ".", "iac": "iac", "docs/runbooks": "docs/runbooks"} {
		if err := os.CopyFS(filepath.Join(dir, to), os.DirFS(filepath.Join(root, from))); err != nil {
			return "", err
		}
	}
	generate := exec.Command(tracehaul, "generate")
	generate.Dir = dir
	if out, err := generate.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return dir, os.RemoveAll(filepath.Join(dir, "docs"))
}

// workTree makes a directory that has what the workflows read of the repository.
func workTree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for from, to := range map[string]string{reference: ".", filepath.Join(root, ".github"): ".github", filepath.Join(root, "build"): "build"} {
		if err := os.CopyFS(filepath.Join(dir, to), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func writeFile(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
