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
	// Files are generated whole. The next run removes those that it no longer
	// generates.
	Files []File

	// Filled are files that people write and of which a part is generated. None is
	// ever removed.
	Filled []File

	// List is the path of the file that names Files, for the next run.
	List string

	// Kept reports whether people write the file at a path: it stays, even if the
	// list names it after a wrong edit or merge. Defaults to no file.
	Kept func(path string) bool
}

// Changes are paths below the root, sorted.
type Changes struct {
	Written []string // they differed, or were missing
	Removed []string // they were left over
}

// Write brings the files below root up to date, removes what is left over, and
// returns what it changed. A file that is up to date is not touched. It removes
// first: the new list no longer names what is left over.
func (s Set) Write(root string) (done Changes, err error) {
	due, err := s.Stale(root)
	if err != nil {
		return Changes{}, err
	}
	for _, path := range due.Removed {
		if err := os.Remove(below(root, path)); err != nil {
			return done, err
		}
		done.Removed = append(done.Removed, path)
	}
	content := map[string][]byte{}
	for _, f := range s.all() {
		content[f.Path] = f.Content
	}
	for _, path := range due.Written {
		full := below(root, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil { //nolint:gosec // sources are for everybody to read
			return done, err
		}
		if err := os.WriteFile(full, content[path], 0o644); err != nil { //nolint:gosec // likewise
			return done, err
		}
		done.Written = append(done.Written, path)
	}
	return done, nil
}

// Stale returns what Write would change.
func (s Set) Stale(root string) (due Changes, err error) {
	wanted := map[string]struct{}{}
	for _, f := range s.all() {
		wanted[f.Path] = struct{}{}
		content, err := os.ReadFile(below(root, f.Path))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Changes{}, fmt.Errorf("generated file: %w", err)
		}
		if err != nil || !bytes.Equal(content, f.Content) {
			due.Written = append(due.Written, f.Path)
		}
	}
	made, err := s.made(root)
	if err != nil {
		return Changes{}, err
	}
	for _, path := range made {
		if _, ok := wanted[path]; ok || s.Kept != nil && s.Kept(path) {
			continue
		}
		if info, err := os.Lstat(below(root, path)); err == nil && !info.IsDir() {
			due.Removed = append(due.Removed, path)
		}
	}
	slices.Sort(due.Written)
	slices.Sort(due.Removed)
	return due, nil
}

// all are the files with the list of them.
func (s Set) all() []File {
	return append(slices.Concat(s.Files, s.Filled), File{s.List, s.list()})
}

func below(root, path string) string { return filepath.Join(root, filepath.FromSlash(path)) }
