package repo_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every module that go.mod asks for itself, and every module of a tool, has a line
// in docs/dependencies.md, which says which programs link it: that cell follows by
// itself with -update.
func TestDependencies_EachHasItsLine(t *testing.T) {
	t.Parallel()
	want := map[string]string{}
	direct := directModules(readFile(t, "go.mod"))
	for program, links := range linked(t) {
		for _, pkg := range links {
			if m := moduleOf(pkg, direct); m != "" && !strings.Contains(want[m]+",", program+",") {
				want[m] += program + ","
			}
		}
	}
	for _, m := range direct {
		want[m] = together(strings.Split(strings.TrimSuffix(want[m], ","), ","), len(linked(t)))
	}
	for _, dir := range []string{"tools", "tools/actionlint", "tools/cyclonedx"} {
		text := readFile(t, dir+"/go.mod")
		for _, m := range toolModules(text) {
			want[m] = "`" + dir + "`"
		}
	}
	page := readFile(t, "docs/dependencies.md")
	if changed := withLinks(page, want); *update && changed != page {
		if err := os.WriteFile(filepath.Join(root, "docs", "dependencies.md"), []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		page = changed
	}
	if diff := cmp.Diff(want, pageLines(page)); diff != "" {
		t.Errorf("docs/dependencies.md has other modules, or other programs that link them; go test ./internal/repo -update writes the latter (-want +got):\n%s", diff)
	}
}

func TestDependencies_EachSaysWhyAndWhatItCostsToLeave(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(readFile(t, "docs/dependencies.md")) {
		cells := strings.Split(line, "|")
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		if len(cells) != 6 || strings.TrimSpace(cells[3]) == "" || strings.TrimSpace(cells[4]) == "" {
			t.Errorf("%q has a cell too few, too many, or one that is empty", line)
		}
	}
}

func TestModuleOf_TheLongestWins(t *testing.T) {
	t.Parallel()
	modules := []string{"a.io/x", "a.io/x/sdk"}
	for pkg, want := range map[string]string{"a.io/x": "a.io/x", "a.io/x/y": "a.io/x", "a.io/x/sdk/y": "a.io/x/sdk", "a.io/xy": "", "a.io": ""} {
		if got := moduleOf(pkg, modules); got != want {
			t.Errorf("%s is of %q, want %q", pkg, got, want)
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// linked are the packages in each program's links.txt.
func linked(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "cmd", "*", "links.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no links.txt: %v", err)
	}
	all := map[string][]string{}
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		all[name] = strings.Fields(readFile(t, "cmd/"+name+"/links.txt"))
	}
	return all
}

// directModules are those that a go.mod requires without "// indirect".
func directModules(text string) (modules []string) {
	for line := range strings.Lines(text) {
		if words := strings.Fields(strings.TrimPrefix(line, "require ")); len(words) == 2 && strings.HasPrefix(words[1], "v") {
			modules = append(modules, words[0])
		}
	}
	return modules
}

// toolModules are those of the packages in a go.mod's tool lines.
func toolModules(text string) (modules []string) {
	var packages, required []string
	for line := range strings.Lines(text) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		switch {
		case len(words) == 2 && words[0] == "tool" && words[1] != "(":
			packages = append(packages, words[1])
		case len(words) == 1 && strings.Contains(words[0], "/"):
			packages = append(packages, words[0])
		case len(words) >= 2 && strings.HasPrefix(words[1], "v"):
			required = append(required, words[0])
		}
	}
	for _, pkg := range packages {
		modules = append(modules, moduleOf(pkg, required))
	}
	return modules
}

// moduleOf is which of the modules a package is in: the longest.
func moduleOf(pkg string, modules []string) (longest string) {
	for _, m := range modules {
		if strings.HasPrefix(pkg+"/", m+"/") && len(m) > len(longest) {
			longest = m
		}
	}
	return longest
}

// together is what the page says of the programs that link a module.
func together(programs []string, all int) string {
	slices.Sort(programs)
	switch {
	case len(programs) == all:
		return "all"
	case programs[0] == "":
		return "tests"
	}
	return strings.Join(programs, ", ")
}

// withLinks is the page with what links the modules that it has a line for.
func withLinks(page string, links map[string]string) string {
	var b strings.Builder
	for line := range strings.Lines(page) {
		cells := strings.Split(line, "|")
		if strings.HasPrefix(line, "| `") && len(cells) >= 3 {
			if linked, ok := links[strings.Trim(cells[1], " `")]; ok {
				cells[2] = " " + linked + " "
			}
		}
		b.WriteString(strings.Join(cells, "|"))
	}
	return b.String()
}

func TestWithLinks_OtherPrograms_FollowInTheirCell(t *testing.T) {
	t.Parallel()
	const page = "# X\n\n| module | linked into | why |\n|---|---|---|\n| `a.io/x` | service | for | `a | b` |\n| `a.io/y` | all | why |\n"
	want := strings.Replace(page, "| service |", "| mailer, service |", 1)
	if got := withLinks(page, map[string]string{"a.io/x": "mailer, service", "a.io/y": "all", "a.io/z": "tests"}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// pageLines are the modules in a page's tables, with the second cell of each.
func pageLines(page string) map[string]string {
	lines := map[string]string{}
	for line := range strings.Lines(page) {
		cells := strings.Split(line, "|")
		if !strings.HasPrefix(line, "| `") || len(cells) < 3 {
			continue
		}
		name := strings.Trim(cells[1], " `")
		if _, twice := lines[name]; twice {
			name += ", twice"
		}
		lines[name] = strings.TrimSpace(cells[2])
	}
	return lines
}
