package corpus_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// fewest is how many inputs a target has at least: one as in real life, one that is
// nasty.
const fewest = 2

var targetForm = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

// check says which targets below a directory have too few inputs, which inputs
// nobody runs, and how many targets there are.
func check(tree fs.FS) (problems []string, targets int, err error) {
	have, want := map[string]int{}, map[string]bool{}
	err = fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); path != "." && strings.HasPrefix(name, ".") || name == "dist" {
				return fs.SkipDir
			}
			return nil
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		if strings.HasSuffix(filepath.ToSlash(filepath.Dir(dir)), "testdata/fuzz") {
			have[dir]++
		}
		if !strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata/") {
			return nil
		}
		text, err := fs.ReadFile(tree, path)
		for _, m := range targetForm.FindAllSubmatch(text, -1) {
			want[fmt.Sprintf("%s/testdata/fuzz/%s", dir, m[1])] = true
		}
		return err
	})
	for dir := range want {
		if have[dir] < fewest {
			problems = append(problems, fmt.Sprintf("%s has %d inputs, want %d at least: what is real, and what is nasty", dir, have[dir], fewest))
		}
	}
	for dir := range have {
		if !want[dir] {
			problems = append(problems, dir+" is of a target that is not there")
		}
	}
	slices.Sort(problems)
	return problems, len(want), err
}

func TestTargets_HaveACorpus(t *testing.T) {
	t.Parallel()
	problems, targets, err := check(os.DirFS(filepath.Join("..", "..", "..")))
	if err != nil {
		t.Fatal(err)
	}
	if targets < 40 {
		t.Errorf("there are %d targets, which cannot be all", targets)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

func TestCheck_FaultsOnPurpose_AreFound(t *testing.T) {
	t.Parallel()
	source := &fstest.MapFile{Data: []byte("package a\n\nfunc FuzzA(f *testing.F) {\n")}
	input := &fstest.MapFile{Data: []byte("go test fuzz v1\nstring(\"\")\n")}
	for name, test := range map[string]struct {
		tree fstest.MapFS
		want []string
	}{
		"as it should be":       {fstest.MapFS{"a/a_test.go": source, "a/testdata/fuzz/FuzzA/x": input, "a/testdata/fuzz/FuzzA/y": input}, nil},
		"none":                  {fstest.MapFS{"a/a_test.go": source}, []string{"a/testdata/fuzz/FuzzA has 0 inputs"}},
		"one":                   {fstest.MapFS{"a/a_test.go": source, "a/testdata/fuzz/FuzzA/x": input}, []string{"a/testdata/fuzz/FuzzA has 1 inputs"}},
		"in another package":    {fstest.MapFS{"a/a_test.go": source, "b/testdata/fuzz/FuzzA/x": input}, []string{"a/testdata/fuzz/FuzzA has 0 inputs", "b/testdata/fuzz/FuzzA is of a target"}},
		"of a target that went": {fstest.MapFS{"a/testdata/fuzz/FuzzA/x": input}, []string{"a/testdata/fuzz/FuzzA is of a target"}},
	} {
		got, targets, err := check(test.tree)
		if err != nil || len(got) != len(test.want) || targets > 1 {
			t.Errorf("%s: %q, %d targets, %v, want %q", name, got, targets, err, test.want)
			continue
		}
		for i, want := range test.want {
			if !strings.HasPrefix(got[i], want) {
				t.Errorf("%s: %q, want %q", name, got[i], want)
			}
		}
	}
}
