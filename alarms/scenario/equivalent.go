package scenario

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// declarations are mutants that are no fault, each with the reason.
type declarations struct {
	file    string
	reasons map[string]string // by mutant
}

// loadDeclarations reads declarations, one a line:
//
//	queue-age: period 5m | the alarm's own statistic of five minutes is the same
//
// A file that is not there has none.
func loadDeclarations(file string) (declarations, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return declarations{}, nil
	}
	if err != nil {
		return declarations{}, fmt.Errorf("read equivalent mutants: %w", err)
	}
	return parseDeclarations(file, string(b))
}

func parseDeclarations(file, text string) (declarations, error) {
	e := declarations{file, map[string]string{}}
	var problems []error
	line := 0
	for text := range strings.Lines(text) {
		line++
		text = strings.TrimSpace(withoutComment(text))
		if text == "" {
			continue
		}
		mutant, reason, found := strings.Cut(text, " | ")
		mutant, reason = strings.TrimSpace(mutant), strings.TrimSpace(reason)
		_, twice := e.reasons[mutant]
		switch {
		case !found || reason == "" || !strings.Contains(mutant, ": "):
			problems = append(problems, &Error{file, line, fmt.Sprintf("%q is not \"ALARM: CHANGE | REASON\"", clip(text))})
		case twice:
			problems = append(problems, &Error{file, line, fmt.Sprintf("%q is declared twice", clip(mutant))})
		}
		e.reasons[mutant] = reason
	}
	return e, errors.Join(problems...)
}

func (e declarations) has(m mutant) bool {
	_, found := e.reasons[m.String()]
	return found
}

// unmatched are the declared mutants of an alarm that are not made.
func (e declarations) unmatched(key string, made []mutant) []string {
	var unmatched []string
	for _, declared := range slices.Sorted(maps.Keys(e.reasons)) {
		if of, _, _ := strings.Cut(declared, ": "); of == key && !slices.ContainsFunc(made, func(m mutant) bool { return m.String() == declared }) {
			unmatched = append(unmatched, declared)
		}
	}
	return unmatched
}

// unknown are the declared mutants of alarms that are not there.
func (e declarations) unknown(keys []string) []string {
	var unknown []string
	for _, mutant := range slices.Sorted(maps.Keys(e.reasons)) {
		if key, _, _ := strings.Cut(mutant, ": "); !slices.Contains(keys, key) {
			unknown = append(unknown, mutant)
		}
	}
	return unknown
}
