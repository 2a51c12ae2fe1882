// Package generated keeps generated files in step with what they are made
// from: it writes them, or says which are not up to date. A file among them,
// the list, names what it made, so that nothing else is ever taken away.
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
	// Files are made whole. The next run takes away those that it makes no more.
	Files []File

	// Filled are files of people's, of which a part is made. None is taken away.
	Filled []File

	// List is the path of the file that names Files, for the next run.
	List string

	// Kept is whether a path is people's, and stays whatever the list says: they
	// edit it, or merge it. Defaults to none.
	Kept func(path string) bool
}

// Changes are paths below the root, sorted.
type Changes struct {
	Written []string // they differed, or were missing
	Removed []string // they were left over
}

// Write brings the files below root up to date, takes leftovers away, and
// returns what it changed. A file that is up to date is not touched. What is
// left over is taken away first: the new list does not name it.
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
