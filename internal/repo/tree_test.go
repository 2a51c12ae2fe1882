package repo_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const treeHeading = "\n## What is where\n\n"

// The tree in the README is the tree: a line for each program, and for each
// directory at the top. Those of programs follow by themselves with -update.
func TestREADME_Tree_IsTheTree(t *testing.T) {
	t.Parallel()
	dirs := directories(t)
	if *update {
		text := readFile(t, "README.md")
		if changed := withPrograms(text, dirs, func(dir string) string { return purpose(t, dir) }); changed != text {
			if err := os.WriteFile(filepath.Join(root, "README.md"), []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(dirs, slices.Sorted(slices.Values(treeOf(readFile(t, "README.md"))))); diff != "" {
		t.Errorf("the tree in the README is another one; go test ./internal/repo -update writes the lines of programs (-want +got):\n%s", diff)
	}
}

// treeOf are the directories that the README has a line for.
func treeOf(readme string) (said []string) {
	_, tree, _ := strings.Cut(readme, treeHeading)
	for line := range strings.Lines(tree) {
		entry, ok := strings.CutPrefix(line, "    ")
		if !ok {
			break
		}
		said = append(said, strings.Fields(entry)[0])
	}
	return said
}

// withPrograms is the README with a line for each program that is there, and none
// for others. New ones stand behind the old.
func withPrograms(readme string, dirs []string, purpose func(dir string) string) string {
	before, tree, ok := strings.Cut(readme, treeHeading)
	if !ok {
		return readme
	}
	said, at := treeOf(readme), 0
	var lines []string
	for i, line := range strings.SplitAfter(tree, "\n") {
		if i < len(said) && strings.HasPrefix(said[i], "cmd/") {
			if !slices.Contains(dirs, said[i]) {
				continue
			}
			at = len(lines) + 1
		}
		lines = append(lines, line)
	}
	for _, dir := range dirs {
		if strings.HasPrefix(dir, "cmd/") && !slices.Contains(said, dir) {
			lines = slices.Insert(lines, at, fmt.Sprintf("    %-15s %s\n", dir, purpose(dir)))
			at++
		}
	}
	return before + treeHeading + strings.Join(lines, "")
}

// purpose is what the comment of a program says first.
func purpose(t *testing.T, dir string) string {
	t.Helper()
	for _, p := range list(t, "./"+dir) {
		for _, file := range p.GoFiles {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if f.Doc != nil {
				return inShort(f.Doc.Text())
			}
		}
	}
	return "a program"
}

var commandForm = regexp.MustCompile(`^Command \S+( is)? `)

// inShort is the first thing that a program's comment says.
func inShort(comment string) string {
	first := commandForm.ReplaceAllString(strings.Join(strings.Fields(comment), " "), "")
	first, _, _ = strings.Cut(first, ": ")
	first, _, _ = strings.Cut(first, ". ")
	return strings.TrimSuffix(first, ".")
}

func TestWithPrograms_OneMoreAndOneLess_FollowTheTree(t *testing.T) {
	t.Parallel()
	const readme = "# X\n\n## What is where\n\n    cmd/a           one\n    cmd/b           two\n    docs            guides\n\nAnd so on.\n"
	got := withPrograms(readme, []string{"cmd/b", "cmd/c", "docs", "more"}, func(string) string { return "three" })
	want := "# X\n\n## What is where\n\n    cmd/b           two\n    cmd/c           three\n    docs            guides\n\nAnd so on.\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := inShort("Command consumer is the Lambda function that takes\nbatches: package consumer. See x.\n"); got != "the Lambda function that takes batches" {
		t.Errorf("got %q", got)
	}
}

// directories are those at the top that git keeps and shows, and those of programs
// instead of cmd.
func directories(t *testing.T) (names []string) {
	t.Helper()
	ignored := strings.Fields(readFile(t, ".gitignore"))
	for _, dir := range []string{"", "cmd"} {
		entries, err := os.ReadDir(filepath.Join(root, dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			name := strings.TrimPrefix(dir+"/"+e.Name(), "/")
			if e.IsDir() && name != "cmd" && !strings.HasPrefix(name, ".") && !slices.Contains(ignored, "/"+name+"/") && !slices.Contains(ignored, name+"/") {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}
