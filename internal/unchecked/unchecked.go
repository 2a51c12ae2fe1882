// Package unchecked is for tests of what cannot be had on every machine.
package unchecked

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Skip skips a test, loudly: the reason is written to dist/skipped-NAME as well,
// which `make ci` shows at its end. Where everything has to run, on GitHub and with
// CI_REQUIRE, the test fails instead.
func Skip(tb testing.TB, name, reason string) {
	tb.Helper()
	text := fmt.Sprintf("NOTHING WAS TRIED of %s: %s", name, reason)
	if os.Getenv("CI_REQUIRE") != "" || os.Getenv("GITHUB_ACTIONS") != "" { //nolint:forbidigo // for tests alone, which may
		tb.Fatal(text)
	}
	if err := write(name, "\n!! "+text+"\n!! With CI_REQUIRE=1 this fails.\n\n"); err != nil {
		tb.Error(err)
	}
	tb.Skip(text)
}

// Checked takes back what an earlier [Skip] of the name has left.
func Checked(tb testing.TB, name string) {
	tb.Helper()
	file, err := path(name)
	if err == nil {
		err = os.Remove(file)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		tb.Error(err)
	}
}

func write(name, text string) error {
	file, err := path(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o600)
}

// path is below the directory of go.mod: tests run in that of their package.
func path(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "dist", "skipped-"+name), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("there is no go.mod above the working directory")
		}
		dir = parent
	}
}
