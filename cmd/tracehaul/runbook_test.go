package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/pipeline"
)

var (
	shellUse    = regexp.MustCompile(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`)
	shellAssign = regexp.MustCompile(`(?m)(?:^|[\s;(])([A-Za-z_]\w*)=`)
	shellRead   = regexp.MustCompile(`\b(?:for|read -r|read) ((?:[A-Za-z_]\w* ?)+)`)
)

// Whoever pastes a command from a runbook has every name that is in it.
func TestRunbooks_Names_ArePrinted(t *testing.T) {
	p, err := pipeline.Load(description)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"DATABASE_URL": true}
	for _, v := range runbookVariables(p, &p.Consumers[0]) {
		known[v.name] = true
	}
	dir := filepath.Join("..", "..", "docs", "runbooks")
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil || len(files) < 40 {
		t.Fatalf("%d runbooks, %v", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		commands := strings.Join(shellBlocks(string(b)), "\n")
		own := map[string]bool{}
		for _, m := range shellAssign.FindAllStringSubmatch(commands, -1) {
			own[m[1]] = true
		}
		for _, m := range shellRead.FindAllStringSubmatch(commands, -1) {
			for name := range strings.FieldsSeq(m[1]) {
				own[name] = true
			}
		}
		for _, m := range shellUse.FindAllStringSubmatch(commands, -1) {
			if !known[m[1]] && !own[m[1]] {
				t.Errorf("%s: $%s is not a name that `tracehaul pipeline env` prints", filepath.Base(file), m[1])
			}
		}
	}
}

// shellBlocks are the blocks of a text that are commands.
func shellBlocks(text string) (blocks []string) {
	for i, part := range strings.Split(text, "```") {
		if block, ok := strings.CutPrefix(part, "sh\n"); ok && i%2 == 1 {
			blocks = append(blocks, block)
		}
	}
	return blocks
}
