package generated

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const listHead = `# Files that are generated whole, of which the next run removes those that it makes no more. It removes no others.
# Generated, too: do not edit. In a merge, keep the paths of both sides.
`

// list names the files that are generated whole. Those outside of the root are
// not in it: they are never removed.
func (s Set) list() []byte {
	var lines []string
	for _, f := range s.Files {
		if clean(f.Path) {
			lines = append(lines, f.Path+"\n")
		}
	}
	slices.Sort(lines)
	return []byte(listHead + strings.Join(slices.Compact(lines), ""))
}

// made are the files that the last run has listed. Without a list there are none.
func (s Set) made(root string) (paths []string, err error) {
	text, err := os.ReadFile(below(root, s.List))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list of generated files: %w", err)
	}
	var wrong []error
	number := 0
	for line := range bytes.Lines(text) {
		number++
		file := string(bytes.TrimSpace(line))
		switch {
		case file == "" || strings.HasPrefix(file, "#"):
		case conflict.MatchString(file):
			wrong = append(wrong, fmt.Errorf("%s:%d: %q is of a merge that is not done: want the paths of both sides, and no such line", s.List, number, file))
		case !clean(file):
			wrong = append(wrong, fmt.Errorf("%s:%d: %q: want the path of a file below the description's directory, such as iac/grafana/local.env; remove the line", s.List, number, file))
		default:
			paths = append(paths, file)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), errors.Join(wrong...)
}

// conflict is a line that Git leaves in what two sides have changed.
var conflict = regexp.MustCompile(`^(<{7}|\|{7}|={7}|>{7})( |$)`)

// clean is whether a path is that of a file below the root, in its only spelling.
func clean(file string) bool {
	return file != "." && file == path.Clean(file) && filepath.IsLocal(filepath.FromSlash(file))
}
