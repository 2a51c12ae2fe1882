package generated_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/generated"
)

// write writes files below root: their paths with their contents.
func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for path, content := range files {
		full := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// run writes a set, which must change what Stale says.
func run(t *testing.T, set generated.Set, root string, want generated.Changes) {
	t.Helper()
	if got, err := set.Stale(root); err != nil || !cmp.Equal(got, want) {
		t.Fatalf("stale: %q, %v, want %q", got, err, want)
	}
	if got, err := set.Write(root); err != nil || !cmp.Equal(got, want) {
		t.Fatalf("changed: %q, %v, want %q", got, err, want)
	}
	if got, err := set.Stale(root); err != nil || !cmp.Equal(got, generated.Changes{}) {
		t.Errorf("stale after writing: %q, %v", got, err)
	}
}

func TestSet_WriteThenStale_NothingLeft(t *testing.T) {
	root := t.TempDir()
	set := generated.Set{
		Files:  []generated.File{{"a/new.json", []byte("1")}, {"a/changed.json", []byte("2")}, {"a/same.json", []byte("3")}},
		Filled: []generated.File{{"b.md", []byte("4")}},
		List:   "made.txt",
	}
	write(t, root, map[string]string{"a/changed.json": "old", "a/same.json": "3"})
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(root, "a/same.json"), long, long); err != nil {
		t.Fatal(err)
	}
	run(t, set, root, generated.Changes{Written: []string{"a/changed.json", "a/new.json", "b.md", "made.txt"}})
	if info, err := os.Stat(filepath.Join(root, "a/same.json")); err != nil || !info.ModTime().Equal(long) {
		t.Errorf("a file that was up to date was written: %v, %v", info, err)
	}
}

// What the last run made is removed, and nothing that somebody else put beside it:
// not even what looks like it, or what people write and a run fills.
func TestSet_MadeNoMore_IsRemovedAlone(t *testing.T) {
	root := t.TempDir()
	before := generated.Set{
		Files:  []generated.File{{"a/one.json", []byte("1")}, {"a/gone.json", []byte("2")}, {"docs/gone.md", []byte("3")}, {"a/taken.json", []byte("4")}, {"a/deleted.json", nil}},
		Filled: []generated.File{{"book.md", []byte("5")}},
		List:   "made.txt",
	}
	if _, err := before.Write(root); err != nil {
		t.Fatal(err)
	}
	write(t, root, map[string]string{"a/copy.json": "2", "docs/guide.md": "mine", "package.json": "{}"})
	if err := os.Remove(filepath.Join(root, "a/deleted.json")); err != nil {
		t.Fatal(err)
	}
	after := generated.Set{
		Files:  []generated.File{{"a/one.json", []byte("1")}},
		Filled: []generated.File{{"a/taken.json", []byte("4")}},
		List:   "made.txt",
	}
	run(t, after, root, generated.Changes{Written: []string{"made.txt"}, Removed: []string{"a/gone.json", "docs/gone.md"}})
	for _, path := range []string{"a/copy.json", "docs/guide.md", "package.json", "book.md", "a/taken.json", "a/one.json"} {
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			t.Errorf("it was not left over, and is gone: %v", err)
		}
	}
	for _, path := range []string{"a/gone.json", "docs/gone.md"} {
		if _, err := os.Stat(filepath.Join(root, path)); err == nil {
			t.Errorf("%s was left over, and is still there", path)
		}
	}
}

// A list is kept with the sources, where anybody may have edited it.
func TestSet_ListNamesWhatIsOutside_NothingIsDone(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	set := generated.Set{Files: []generated.File{{"a.json", nil}, {"../c.json", nil}}, List: "made.txt"}
	write(t, root, map[string]string{"../b.json": "mine", "made.txt": "../b.json\n"})
	if _, err := set.Write(root); err == nil || !strings.Contains(err.Error(), `made.txt:1: "../b.json": want the path`) {
		t.Errorf("error %v, want one that names the line", err)
	}
	if _, err := os.Stat(filepath.Join(root, "a.json")); err == nil {
		t.Error("something was written all the same")
	}
	if err := os.Remove(filepath.Join(root, "made.txt")); err != nil {
		t.Fatal(err)
	}
	if _, err := set.Write(root); err != nil {
		t.Fatal(err)
	}
	if got, err := set.Stale(root); err != nil || !cmp.Equal(got, generated.Changes{}) {
		t.Errorf("stale: %q, %v: a list with files outside was not read again", got, err)
	}
}

// A merge that is not done is no list, and a path has one spelling: another would
// be a file that nobody knows as kept.
func TestSet_ListIsNoList_EachLineIsNamed(t *testing.T) {
	root := t.TempDir()
	set := generated.Set{Files: []generated.File{{"a.json", nil}}, List: "made.txt"}
	write(t, root, map[string]string{
		"b.json":   "made",
		"made.txt": "# head\n<<<<<<< HEAD\nb.json\n||||||| base\n=======\n.\n./b.json\nx//b.json\n>>>>>>> theirs\n",
	})
	_, err := set.Write(root)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`made.txt:2: "<<<<<<< HEAD" is of a merge`, `:4: "||||||| base"`, `:5: "======="`, `:6: ".": want`, `:7: "./b.json"`, `:8: "x//b.json"`, `:9: ">>>>>>> theirs"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q lacks %q", err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "b.json")); err != nil {
		t.Errorf("something was removed all the same: %v", err)
	}
}

func TestSet_ListNamesWhatIsKept_ItStays(t *testing.T) {
	root := t.TempDir()
	set := generated.Set{
		Files: []generated.File{{"a.json", nil}}, List: "made.txt",
		Kept: func(path string) bool { return path == "mine.yaml" },
	}
	write(t, root, map[string]string{"mine.yaml": "mine", "b.json": "made", "made.txt": "b.json\nmine.yaml\n"})
	run(t, set, root, generated.Changes{Written: []string{"a.json", "made.txt"}, Removed: []string{"b.json"}})
	if _, err := os.Stat(filepath.Join(root, "mine.yaml")); err != nil {
		t.Errorf("it is kept, and is gone: %v", err)
	}
}
