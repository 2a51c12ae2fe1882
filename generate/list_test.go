package generate_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/generate"
)

// The list is found from the description alone: every directory may move.
func TestWrite_DirectoriesMove_NothingIsLeftBehind(t *testing.T) {
	dir, description := setup(t)
	if _, err := generate.Write(generate.Config{Description: description}); err != nil {
		t.Fatal(err)
	}
	moved := generate.Config{
		Description: description, Terraform: "infra/watch/alarms", Pipelines: "infra/pipelines", Dashboards: "infra/watch/dashboards", Grafana: "grafana", Queries: "pages",
	}
	changed, err := generate.Write(moved)
	if err != nil {
		t.Fatal(err)
	}
	if want := "tracehaul.generated.txt"; !slices.Contains(changed.Written, want) {
		t.Errorf("written: %q, want %s among them", changed.Written, want)
	}
	for _, was := range []string{"iac", "docs/queries"} {
		for _, file := range filesBelow(t, filepath.Join(dir, was)) {
			t.Errorf("left behind: %s", file)
		}
	}
}

// filesBelow are the files of a directory, at any depth.
func filesBelow(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A merge of the list may name anything. What people write is not taken away.
func TestWrite_ListNamesWhatPeopleWrite_ItStays(t *testing.T) {
	dir, description := setup(t)
	c := generate.Config{Description: description}
	if _, err := generate.Write(c); err != nil {
		t.Fatal(err)
	}
	mine := []string{"tracehaul.yaml", "environments/prod.yaml", "docs/runbooks/queue-age.md", "docs/runbooks/of-an-alarm-that-is-gone.md", "go.mod"}
	for _, file := range mine[3:] {
		if err := os.WriteFile(filepath.Join(dir, file), []byte("ours\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list := filepath.Join(dir, "tracehaul.generated.txt")
	if err := os.WriteFile(list, []byte(strings.Join(mine, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, err := generate.Write(c); err != nil || len(changed.Removed) > 0 {
		t.Errorf("removed %q, %v", changed.Removed, err)
	}
	for _, file := range mine {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Errorf("not generated, and gone: %v", err)
		}
	}
}
