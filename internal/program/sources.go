//go:build unix

package program

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// WatchSources makes the cached result of a test depend on the source of the
// whole module. Go's test cache knows what a test imports and which files it
// looks at, but not what goes into a program that the test lets the go command
// build. Tests that call [Build] or the go command call this; not TestMain, which
// runs before Go begins to note files.
func WatchSources() error {
	root, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(root, "go.mod")); missing == nil {
			break
		}
		if root == filepath.Dir(root) {
			return errors.New("watch sources: no go.mod above the working directory")
		}
		root = filepath.Dir(root)
	}
	if err != nil {
		return fmt.Errorf("watch sources: %w", err)
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.Type().IsRegular():
			_, err = os.Stat(path) // the go command notes this
		}
		return err
	})
}
