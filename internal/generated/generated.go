// Package generated keeps generated files in step with what they are made
// from: it writes them, or says which are not up to date.
package generated

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// File is a generated file.
type File struct {
	Path    string // below the root, with slashes
	Content []byte
}

// Set is what one run generates.
type Set struct {
	Files []File

	// Owned are patterns, below the root, of files that nothing but the
	// generator makes: one of them that is not among Files is a leftover.
	Owned []string
}

// Write brings the files below root up to date and takes leftovers away. It
// returns the paths of those that changed, sorted. A file that is up to date is
// not touched.
func (s Set) Write(root string) (changed []string, err error) {
	changed, err = s.Stale(root)
	if err != nil {
		return nil, err
	}
	for _, path := range changed {
		full := filepath.Join(root, filepath.FromSlash(path))
		i := slices.IndexFunc(s.Files, func(f File) bool { return f.Path == path })
		if i < 0 {
			err = errors.Join(err, os.Remove(full))
			continue
		}
		if e := os.MkdirAll(filepath.Dir(full), 0o755); e != nil { //nolint:gosec // sources are for everybody to read
			return nil, e
		}
		err = errors.Join(err, os.WriteFile(full, s.Files[i].Content, 0o644)) //nolint:gosec // likewise
	}
	return changed, err
}

// Stale returns the paths of files that differ, are missing, or are left over,
// sorted.
func (s Set) Stale(root string) ([]string, error) {
	var stale []string
	wanted := make(map[string]struct{}, len(s.Files))
	for _, f := range s.Files {
		wanted[f.Path] = struct{}{}
		content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(f.Path)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("generated file: %w", err)
		}
		if err != nil || !bytes.Equal(content, f.Content) {
			stale = append(stale, f.Path)
		}
	}
	for _, pattern := range s.Owned {
		found, err := fs.Glob(os.DirFS(root), pattern)
		if err != nil {
			return nil, fmt.Errorf("generated files %s: %w", pattern, err)
		}
		for _, path := range found {
			if _, ok := wanted[path]; !ok {
				stale = append(stale, path)
			}
		}
	}
	slices.Sort(stale)
	return slices.Compact(stale), nil
}
