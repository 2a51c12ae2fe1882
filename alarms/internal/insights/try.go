package insights

import (
	"fmt"
	"slices"
	"strings"
)

// Try asks lines that a program has really written, and says what is wrong with
// the query: it cannot be read, its filters let no line pass, or no line that
// passes has one of its fields. It is for tests. Fields that CloudWatch makes
// itself, such as @timestamp, are not looked for.
func Try(query string, lines []map[string]any) error {
	return TryFields(query, lines, func(name string) bool { return !strings.HasPrefix(name, "@") })
}

// TryFields is [Try] for the fields that are wanted of lines.
func TryFields(query string, lines []map[string]any, wanted func(name string) bool) error {
	q, err := Parse(query)
	if err != nil {
		return err
	}
	var passed []map[string]any
	for _, line := range lines {
		if q.Matches(line) {
			passed = append(passed, line)
		}
	}
	if len(passed) == 0 {
		return fmt.Errorf("none of %d lines passes its filters", len(lines))
	}
	for _, name := range q.Fields() {
		if wanted(name) && !slices.ContainsFunc(passed, func(line map[string]any) bool { return line[name] != nil }) {
			return fmt.Errorf("none of the %d lines that pass has a field %s", len(passed), name)
		}
	}
	return nil
}
