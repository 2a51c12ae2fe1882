package scenario

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Equivalents are mutants that are no fault, each with the reason.
type Equivalents struct {
	file    string
	reasons map[string]string // by mutant
}

// LoadEquivalents reads declarations, one a line:
//
//	queue-age: period 5m | the alarm's own statistic of five minutes is the same
//
// A file that is not there has none.
func LoadEquivalents(file string) (Equivalents, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return Equivalents{}, nil
	}
	if err != nil {
		return Equivalents{}, fmt.Errorf("read equivalent mutants: %w", err)
	}
	return parseEquivalents(file, string(b))
}

func parseEquivalents(file, text string) (Equivalents, error) {
	e := Equivalents{file, map[string]string{}}
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

func (e Equivalents) has(m mutant) bool {
	_, found := e.reasons[m.String()]
	return found
}

// unmatched are the declared mutants of an alarm that are not made.
func (e Equivalents) unmatched(key string, made []mutant) []string {
	var unmatched []string
	for _, declared := range slices.Sorted(maps.Keys(e.reasons)) {
		if of, _, _ := strings.Cut(declared, ": "); of == key && !slices.ContainsFunc(made, func(m mutant) bool { return m.String() == declared }) {
			unmatched = append(unmatched, declared)
		}
	}
	return unmatched
}

// unknown are the declared mutants of alarms that are not there.
func (e Equivalents) unknown(keys []string) []string {
	var unknown []string
	for _, mutant := range slices.Sorted(maps.Keys(e.reasons)) {
		if key, _, _ := strings.Cut(mutant, ": "); !slices.Contains(keys, key) {
			unknown = append(unknown, mutant)
		}
	}
	return unknown
}
