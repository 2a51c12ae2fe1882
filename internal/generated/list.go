package generated

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const listHead = `# Files that are generated whole, of which the next run removes those that it makes no more. It removes no others.
# Generated, too: do not edit.
`

// list names the files that are made whole. Those outside of the root are not
// in it: they stay.
func (s Set) list() []byte {
	var lines []string
	for _, f := range s.Files {
		if filepath.IsLocal(filepath.FromSlash(f.Path)) {
			lines = append(lines, f.Path+"\n")
		}
	}
	slices.Sort(lines)
	return []byte(listHead + strings.Join(slices.Compact(lines), ""))
}

// made are the files that the list names: those of the run before. Without a
// list there are none.
func (s Set) made(root string) (paths []string, err error) {
	text, err := os.ReadFile(below(root, s.List))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list of generated files: %w", err)
	}
	for line := range bytes.Lines(text) {
		path := string(bytes.TrimSpace(line))
		switch {
		case path == "" || strings.HasPrefix(path, "#"):
		case !filepath.IsLocal(filepath.FromSlash(path)):
			return nil, fmt.Errorf("%s names %q: want paths of files below the description's directory; remove the line", s.List, path)
		default:
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}
