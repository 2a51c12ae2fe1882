//go:build unix

package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What add-a-consumer.md says is printed, is: with the edit that stands there.
func TestAddAConsumer_PrintsWhatThePageSays(t *testing.T) {
	t.Parallel()
	page := readPage(t, "add-a-consumer.md")
	s := newSession(t)
	before := s.must(t, "go run ./cmd/tracehaul alarms list")

	text, err := os.ReadFile(filepath.Join(s.dir, "tracehaul.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, consumer, ok := strings.Cut(blocks(page, "yaml")[0], "consumers:\n")
	if !ok || !strings.Contains(string(text), "\ndatabase:\n") {
		t.Fatal("the page has no consumer, or the description no place for it")
	}
	s.write(t, "tracehaul.yaml", strings.Replace(string(text), "\ndatabase:\n", consumer+"\ndatabase:\n", 1))

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
	if err != nil || !strings.Contains(string(changed), "albspans mailer)") {
		t.Errorf("build/lambda.sh does not build the mailer: %v", err)
	}
	if copies, err := filepath.Glob(filepath.Join(s.dir, "alarms", "scenarios", "*-mailer.scenario")); err != nil || len(copies) != 6 {
		t.Errorf("copies of scenarios are %v, %v", copies, err)
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
