package repo_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The tree in the README is the tree: a line for each program, and for each
// directory at the top.
func TestREADME_Tree_IsTheTree(t *testing.T) {
	t.Parallel()
	_, tree, ok := strings.Cut(readFile(t, "README.md"), "\n## What is where\n\n")
	if !ok {
		t.Fatal("the README does not say what is where")
	}
	var said []string
	for line := range strings.Lines(tree) {
		entry, ok := strings.CutPrefix(line, "    ")
		if !ok {
			break
		}
		said = append(said, strings.Fields(entry)[0])
	}
	slices.Sort(said)
	if diff := cmp.Diff(directories(t), said); diff != "" {
		t.Errorf("the tree in the README is another one (-want +got):\n%s", diff)
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
