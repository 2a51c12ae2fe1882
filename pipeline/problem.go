package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/internal/spelling"
)

// Problem is one thing that is wrong with a description.
type Problem struct {
	File   string
	Line   int // from 1; 0 if the file as a whole is meant
	Column int // from 1, in characters

	// Setting is the path of the setting, such as "consumers.ledger.batch_size".
	Setting string

	// Message says what is wrong and what would be right.
	Message string
}

// String returns "file:line:column: setting: message".
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Setting != "" {
		b.WriteString(p.Setting + ": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// Error lists everything that is wrong with a description, in the order of
// files, lines and columns; of very many problems the first 200 found.
type Error struct {
	Problems []Problem
}

// Error returns the problems, one a line.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// place is where a setting stands.
type place struct {
	file         string
	line, column int
}

// places maps the path of each setting that was given to its place.
type places map[string]place

// of returns the place of a setting, or of the nearest one around it.
func (p places) of(path string) place {
	for {
		if at, ok := p[path]; ok || path == "" {
			return at
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
}

func comparePlaces(a, b Problem) int {
	return cmp.Or(
		cmp.Compare(a.Line, b.Line),
		cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.Setting, b.Setting),
		cmp.Compare(a.Message, b.Message),
	)
}

// sortProblems orders the problems by files as they were read, then by place,
// and drops those that are there twice.
func sortProblems(problems []Problem, files []string) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(slices.Index(files, a.File), slices.Index(files, b.File)),
			comparePlaces(a, b),
		)
	})
	return slices.Compact(problems)
}

// suggest returns the known word that is meant by one that isn't known, as
// " (did you mean x?)", or nothing.
func suggest(word string, known []string) string {
	best := spelling.Nearest(word, known)
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}
