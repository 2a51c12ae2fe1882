//go:build unix

package docs_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/program"
	"github.com/tracehaul/tracehaul/pipeline"
)

// What add-a-consumer.md says is printed, is: with the edits that stand there.
func TestAddAConsumer_PrintsWhatThePageSays(t *testing.T) {
	t.Parallel()
	page := readPage(t, "add-a-consumer.md")
	s := newSession(t)
	before := s.must(t, "go run ./cmd/tracehaul alarms list")
	editConsumers(t, s.dir, page)

	for _, command := range []string{"pipeline check", "generate"} {
		printed := s.must(t, "go run ./cmd/tracehaul "+command)
		for _, line := range shown(t, page, "go run ./cmd/tracehaul "+command) {
			if count, ok := strings.CutPrefix(line, "..."); ok {
				files := strings.Count(printed, "\n")
				if !strings.Contains(count, fmt.Sprintf("%d files", files)) {
					t.Errorf("%s prints %d files, the page says %q", command, files, line)
				}
			} else if !strings.Contains(printed, line+"\n") {
				t.Errorf("%s does not print %q:\n%s", command, line, printed)
			}
		}
	}
	after := s.must(t, "go run ./cmd/tracehaul alarms list")
	if more := strings.Count(after, "\n") - strings.Count(before, "\n"); !strings.Contains(page, fmt.Sprintf("| alarms | %d in each environment", more)) {
		t.Errorf("there are %d alarms more: the page says something else", more)
	} else if !strings.Contains(page, fmt.Sprintf("\n    tracehaul: %d alarms have not been tried in full\n", more)) {
		t.Errorf("%d alarms have no scenario: the page says something else", more)
	}
	if more := dollars(t, after) - dollars(t, before); !strings.Contains(page, fmt.Sprintf("for %.2f a month", more)) {
		t.Errorf("the alarms cost %.2f more a month: the page says something else", more)
	}
	s.env = append(s.env, "TOPIC_ARN=t", "QUEUE_ARN=q")
	for _, block := range blocks(page, "sh") {
		s.must(t, block)
	}
	changed, err := os.ReadFile(filepath.Join(s.dir, "build", "lambda.sh"))
	if err != nil || !builtForm.Match(changed) {
		t.Errorf("build/lambda.sh does not build the mailer: %v", err)
	}
	if !kitsOwn(t) {
		return // scenarios follow the description at the top
	}
	if out := s.must(t, "go run ./cmd/tracehaul alarms test --quiet alarms/scenarios/mailer"); !strings.Contains(out, " scenarios, 0 failed; ") {
		t.Errorf("the copies of scenarios do not go well:\n%s", out)
	}
}

var builtForm = regexp.MustCompile(`(?m)^functions=\(.* mailer\)$`)

// editConsumers makes the page's edits of the description in a directory.
func editConsumers(t *testing.T, dir, page string) {
	t.Helper()
	examples := blocks(page, "yaml")
	for i, edit := range []struct{ file, before string }{{"tracehaul.yaml", "\ndatabase:\n"}, {"environments/prod.yaml", ""}} {
		file := filepath.Join(dir, filepath.FromSlash(edit.file))
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, consumer, ok := strings.Cut(examples[i], "consumers:\n")
		changed := strings.Replace(string(text), "\nconsumers:\n", "\nconsumers:\n"+consumer, 1)
		if edit.before != "" { // behind those that are there
			changed = strings.Replace(string(text), edit.before, consumer+edit.before, 1)
		}
		if !ok || changed == string(text) {
			t.Fatalf("the page has no consumer for %s, or that no place for it", edit.file)
		}
		if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// kitsOwn is whether the description at the top says what the kit's does, which its
// scenarios are for. Whoever copied the repository has scenarios of their own.
func kitsOwn(t *testing.T) bool {
	t.Helper()
	resolved := func(dir string) (text []byte) {
		all, err := pipeline.LoadAll(filepath.Join(root, filepath.FromSlash(dir), "tracehaul.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			b, err := p.Resolved()
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, b...)
		}
		return text
	}
	return bytes.Equal(resolved("."), resolved("pipeline/testdata/reference"))
}

// The program's commands run in a copy of everything, with the go command: what the
// page says is green, is, and so is the test of the page itself.
func TestAddAConsumer_Program_TestsStayGreen(t *testing.T) {
	t.Parallel()
	if os.Getenv(inCopy) != "" {
		t.Skip("it is the copy that is tested")
	}
	if err := program.WatchSources(); err != nil {
		t.Fatal(err)
	}
	page, dir := readPage(t, "add-a-consumer.md"), t.TempDir()
	run := func(commands string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", commands)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), inCopy+"=yes", "GOFLAGS=-buildvcs=false")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", commands, err, out)
		}
	}
	copyRepository(t, dir)
	if kitsOwn(t) {
		editConsumers(t, dir, page)
	}
	run("go run ./cmd/tracehaul generate")
	run("mkdir -p cmd/mailer && cp cmd/consumer/* cmd/mailer/ && sed -i 's/^\\/\\/ Command consumer /\\/\\/ Command mailer /' cmd/mailer/*.go")
	commands := blocks(page, "sh")[0]
	if !strings.Contains(commands, " ./internal/repo ./internal/supply/licence -update\n") {
		t.Fatalf("the first commands of the page are others:\n%s", commands)
	}
	run(commands)
	run("go test ./internal/repo ./internal/supply/licence")
	run("go test ./internal/docs -run AddAConsumer_Prints")
}

// inCopy is set in the tests of the copy.
const inCopy = "TRACEHAUL_TEST_IN_COPY"

// copyRepository copies what git knows of, as it is now.
func copyRepository(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", `git ls-files -z --cached --others --exclude-standard |
		while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done | xargs -0 cp --parents -t "$1"`, "bash", dir)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// shown is what a page says that a command prints: the lines behind "$ command".
func shown(t *testing.T, page, command string) (lines []string) {
	t.Helper()
	_, after, ok := strings.Cut(page, "    $ "+command+"\n")
	if !ok {
		t.Fatalf("the page does not show what %q prints", command)
	}
	for line := range strings.Lines(after) {
		line, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "    ")
		if !ok || strings.HasPrefix(line, "$") {
			break
		}
		lines = append(lines, line)
	}
	return lines
}

// dollars is what the last line of `alarms list` says that they cost.
func dollars(t *testing.T, list string) (amount float64) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(list), "\n")
	_, after, ok := strings.Cut(lines[len(lines)-1], ": ")
	if _, err := fmt.Sscanf(after, "%f USD", &amount); !ok || err != nil {
		t.Fatalf("%q has no amount", lines[len(lines)-1])
	}
	return amount
}
