package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
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
	best, least := "", 1+min(len(word), 12)/3
	for _, k := range known {
		if d := distance(word, k, least); d < least || d == least && best == "" {
			best, least = k, d
		}
	}
	if i := slices.IndexFunc(known, func(k string) bool { return strings.HasPrefix(k, word+"_") }); best == "" && i >= 0 && word != "" {
		best = known[i] // the unit is missing, more often than not
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}

// distance is the number of letters to add, drop, change or swap with their
// neighbour to get from a to b; anything beyond limit is limit+1.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, previous, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			change := previous[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			current[j] = min(previous[j]+1, current[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous, current = previous, current, before
	}
	return min(previous[len(b)], limit+1)
}
