package unchecked_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/unchecked"
)

// recorder notes what a test is told, and goes on.
type recorder struct {
	testing.TB

	skipped, failed string
}

func (r *recorder) Helper()           {}
func (r *recorder) Skip(args ...any)  { r.skipped, _ = args[0].(string) }
func (r *recorder) Error(args ...any) { r.TB.Error(args...) }

func (r *recorder) Fatal(args ...any) {
	r.failed, _ = args[0].(string)
	panic(r)
}

// module is an empty module, and the test in a package of it.
func module(t *testing.T) (file string) {
	t.Helper()
	root := t.TempDir()
	within := filepath.Join(root, "a", "b")
	if err := os.MkdirAll(within, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "go.mod"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(within)
	t.Setenv("CI_REQUIRE", "")
	t.Setenv("GITHUB_ACTIONS", "")
	return filepath.Join(root, "dist", "skipped-jq")
}

func TestSkip_IsShownAtTheEnd_UntilItIsChecked(t *testing.T) {
	file := module(t)
	r := &recorder{TB: t}
	unchecked.Skip(r, "jq", "it is not here")
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "NOTHING WAS TRIED of jq: it is not here") || !strings.Contains(r.skipped, "it is not here") {
		t.Errorf("the file has %q (%v), the test was told %q", text, err, r.skipped)
	}
	unchecked.Checked(r, "jq")
	if _, err := os.Stat(file); err == nil {
		t.Error("what was checked is shown as if it were not")
	}
	unchecked.Checked(r, "jq")
}

func TestSkip_WhereEverythingHasToRun_Fails(t *testing.T) {
	for _, variable := range []string{"CI_REQUIRE", "GITHUB_ACTIONS"} {
		t.Run(variable, func(t *testing.T) {
			module(t)
			t.Setenv(variable, "true")
			r := &recorder{TB: t}
			func() {
				defer func() { _ = recover() }()
				unchecked.Skip(r, "jq", "it is not here")
			}()
			if r.failed == "" || r.skipped != "" {
				t.Errorf("failed with %q, skipped with %q", r.failed, r.skipped)
			}
		})
	}
}
