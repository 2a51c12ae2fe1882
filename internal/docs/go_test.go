//go:build unix

package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/docs"
)

// goCommands are those that documents may tell people to use.
var goCommands = []string{"build", "doc", "get", "install", "mod", "run", "test", "tool", "version"}

// absentGo looks for the packages of a go command, for the flags of a program that
// it runs, and for the tests, benchmarks and flags of packages that it tests.
func absentGo(t *testing.T, c docs.Command) string {
	t.Helper()
	if !slices.Contains(goCommands, c.Words[1]) {
		return "go has no " + c.Words[1] + ", or none that documents should need"
	}
	program := ""
	var packages []string
	for _, word := range c.Words[2:] {
		if program != "" && strings.HasPrefix(word, "-") {
			if !declaresFlag(t, program, strings.TrimLeft(word, "-")) {
				return program + " has no flag " + word
			}
			continue
		}
		if !strings.HasPrefix(word, "./") {
			continue
		}
		dir := strings.TrimSuffix(word, "...")
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(dir))); err != nil {
			return "there is no " + word
		}
		packages = append(packages, word)
		if c.Words[1] == "run" {
			program = dir
		}
	}
	if c.Words[1] == "test" {
		return absentTest(t, packages, c.Words[2:])
	}
	return ""
}

// testFlags are go test's own that documents use.
var testFlags = []string{"bench", "benchtime", "count", "cpuprofile", "p", "race", "run", "short", "tags", "timeout", "v"}

// absentTest says which test, benchmark or flag packages do not have.
func absentTest(t *testing.T, packages, words []string) string {
	t.Helper()
	for i, word := range words {
		name, ok := strings.CutPrefix(word, "-")
		switch {
		case !ok || name == "":
			continue
		case !slices.Contains(testFlags, name):
			if !slices.ContainsFunc(packages, func(dir string) bool { return declaresFlag(t, dir, name) }) {
				return "neither go test nor a test in " + strings.Join(packages, ", ") + " has a flag " + word
			}
		case (name == "run" || name == "bench") && i+1 < len(words):
			kind := map[string]string{"run": "Test", "bench": "Benchmark"}[name]
			if !hasTest(t, packages, kind, words[i+1]) {
				return "no " + kind + " in " + strings.Join(packages, ", ") + " matches " + words[i+1]
			}
		}
	}
	return ""
}

var testForm = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Example|Fuzz)\w*)\(`)

// hasTest is whether a test of packages matches a pattern, up to its first slash; "-"
// and "^$" are for none.
func hasTest(t *testing.T, packages []string, kind, pattern string) bool {
	t.Helper()
	pattern, _, _ = strings.Cut(pattern, "/")
	if pattern == "-" || pattern == "^$" || strings.HasPrefix(pattern, "$") { // or what a variable says
		return true
	}
	form, err := regexp.Compile(pattern)
	if err != nil {
		t.Errorf("%q is no pattern: %v", pattern, err)
		return false
	}
	for _, file := range testFiles(t, packages) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testForm.FindAllStringSubmatch(string(text), -1) {
			if (kind == "Test" || strings.HasPrefix(m[1], kind)) && form.MatchString(m[1]) {
				return true
			}
		}
	}
	return false
}

// testFiles are those of packages, of "./x/..." all below.
func testFiles(t *testing.T, packages []string) (files []string) {
	t.Helper()
	for _, pkg := range packages {
		dir, all := strings.CutSuffix(pkg, "...")
		top := filepath.Join(root, filepath.FromSlash(dir))
		err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() && path != top && (!all || strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
				return filepath.SkipDir
			}
			if strings.HasSuffix(path, "_test.go") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// declaresFlag is whether the source of a program declares a flag.
func declaresFlag(t *testing.T, program, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(program), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`\.(?:Bool|Int|String|Duration|Float64)(?:Var)?\((?:&[\w.]+, )?"` + regexp.QuoteMeta(name) + `"`)
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		return err == nil && form.Match(text)
	})
}
