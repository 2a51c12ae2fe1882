package generated_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/generated"
)

func TestSet_WriteThenStale_NothingLeft(t *testing.T) {
	root := t.TempDir()
	set := generated.Set{
		Files: []generated.File{{"a/new.json", []byte("1")}, {"a/changed.json", []byte("2")}, {"a/same.json", []byte("3")}, {"b.md", []byte("4")}},
		Owned: []string{"a/*.json"},
	}
	for path, content := range map[string]string{"a/changed.json": "old", "a/same.json": "3", "a/left.json": "x", "a/hand.md": "mine", "c.json": "mine"} {
		full := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(root, "a/same.json"), long, long); err != nil {
		t.Fatal(err)
	}
	want := []string{"a/changed.json", "a/left.json", "a/new.json", "b.md"}
	if got, err := set.Stale(root); err != nil || !slices.Equal(got, want) {
		t.Fatalf("stale: %q, %v, want %q", got, err, want)
	}
	if got, err := set.Write(root); err != nil || !slices.Equal(got, want) {
		t.Fatalf("changed: %q, %v, want %q", got, err, want)
	}
	if got, err := set.Stale(root); err != nil || len(got) > 0 {
		t.Errorf("stale after writing: %q, %v", got, err)
	}
	if info, err := os.Stat(filepath.Join(root, "a/same.json")); err != nil || !info.ModTime().Equal(long) {
		t.Errorf("a file that was up to date was written: %v, %v", info, err)
	}
	for _, path := range []string{"a/hand.md", "c.json"} {
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			t.Errorf("not ours, and gone: %v", err)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "a/left.json")); err == nil {
		t.Error("a leftover is still there")
	}
}
