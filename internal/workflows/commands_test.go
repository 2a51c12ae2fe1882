package workflows_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	scriptForm = regexp.MustCompile(`(?:^|[\s(])((?:\.github/scripts|build)/[\w-]+\.sh)\b`)
	makeForm   = regexp.MustCompile(`(?m)^\s*make ([a-z -]+)$`)
	toolForm   = regexp.MustCompile(`go tool -modfile=(\S+) (\w+)`)
	moduleForm = regexp.MustCompile(`terraform\.sh"? (\w[\w-]*)`)
	targetForm = regexp.MustCompile(`(?m)^([a-z-]+):`)
)

// missing says which of the things that a script calls are not in the repository.
func missing(t *testing.T, script string) (problems []string) {
	t.Helper()
	for _, m := range scriptForm.FindAllStringSubmatch(script, -1) {
		info, err := os.Stat(filepath.Join(root, m[1]))
		switch {
		case err != nil:
			problems = append(problems, "there is no "+m[1])
		case info.Mode()&0o111 == 0:
			problems = append(problems, m[1]+" is not executable")
		}
	}
	var targets []string
	for _, m := range targetForm.FindAllStringSubmatch(read(t, "Makefile"), -1) {
		targets = append(targets, m[1])
	}
	for _, m := range makeForm.FindAllStringSubmatch(script, -1) {
		for target := range strings.FieldsSeq(m[1]) {
			if !slices.Contains(targets, target) {
				problems = append(problems, "there is no target "+target+" in the Makefile")
			}
		}
	}
	for _, m := range moduleForm.FindAllStringSubmatch(script, -1) {
		if rootModules(t)[m[1]] == "" {
			problems = append(problems, "there is no root module "+m[1])
		}
	}
	for _, m := range toolForm.FindAllStringSubmatch(script, -1) {
		if !regexp.MustCompile(`(?m)^\s*(tool )?\S+/` + m[2] + `$`).MatchString(read(t, m[1])) {
			problems = append(problems, m[1]+" has no tool "+m[2])
		}
	}
	return problems
}

func TestScripts_WhatTheyCall_IsThere(t *testing.T) {
	t.Parallel()
	all := map[string]string{}
	for where, s := range runs(load(t)) {
		all[where] = s.Run
	}
	scripts, err := filepath.Glob(filepath.Join(root, ".github", "scripts", "*.sh"))
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		all[filepath.Base(script)] = read(t, ".github", "scripts", filepath.Base(script))
	}
	for _, where := range sorted(all) {
		for _, problem := range missing(t, all[where]) {
			t.Errorf("%s: %s", where, problem)
		}
	}
	for script, want := range map[string]string{
		"x\nbuild/none.sh prod":                        "there is no build/none.sh",
		"a=$(.github/scripts/none.sh)":                 "there is no .github/scripts/none.sh",
		"exec .github/scripts/terraform.sh date apply": "there is no root module date",
		"make ci nothing":                              "there is no target nothing",
		"go tool -modfile=tools/go.mod linter ./...":   "tools/go.mod has no tool linter",
	} {
		if got := missing(t, script); len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%q: %v, want %q", script, got, want)
		}
	}
}

// Every script in .github can be read by bash, stops at what fails, and is used.
func TestScripts_AreWellFormedAndUsed(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, ".github", "scripts", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	callers := map[string]string{}
	for where, s := range runs(load(t)) {
		callers[where] = s.Run
	}
	for _, file := range files {
		callers[file] = read(t, ".github", "scripts", filepath.Base(file))
	}
	for _, file := range append(files, filepath.Join(root, "build", "changed-modules.sh")) {
		name := filepath.Base(file)
		if out, err := exec.CommandContext(t.Context(), "bash", "-n", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "#!/usr/bin/env bash\n# ") || !strings.Contains(string(text), "\nset -euo pipefail\n") {
			t.Errorf("%s: want a line on bash, a comment on what it does, and set -euo pipefail", name)
		}
		used := false
		for where, script := range callers {
			used = used || where != file && strings.Contains(script, "/"+name)
		}
		if !used {
			t.Errorf("nothing calls %s", name)
		}
	}
}

var (
	settingForm = regexp.MustCompile(`\b(vars|secrets)\.([A-Z_]+)\b|vars\[format\('([A-Z_]+)\{0\}'`)
	rowForm     = regexp.MustCompile("(?m)^\\| `([A-Z_]+)(<ENV>)?`")
)

// docs/delivery.md has a row for each variable and secret that the workflows read,
// and for no other.
func TestSettings_AreDocumented(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, w := range load(t) {
		for _, m := range settingForm.FindAllStringSubmatch(w.text, -1) {
			used[m[2]+m[3]] = true
		}
	}
	rows := map[string]bool{}
	for _, m := range rowForm.FindAllStringSubmatch(read(t, "docs", "delivery.md"), -1) {
		rows[m[1]] = true
	}
	for _, name := range sorted(used) {
		if !rows[name] {
			t.Errorf("docs/delivery.md has no row for %s", name)
		}
	}
	for _, name := range sorted(rows) {
		if !used[name] {
			t.Errorf("docs/delivery.md has a row for %s, which no workflow reads", name)
		}
	}
}
