package signal

import (
	"encoding/json"
	"fmt"
)

// Matcher is a [LogFilter] that was understood. It is safe for concurrent use.
type Matcher struct {
	pattern condition
	value   func(event map[string]any) (float64, bool)
}

// condition says whether a decoded line matches.
type condition func(event map[string]any) bool

// Match reads a line as CloudWatch does and returns what it counts. ok is
// false for a line that is no match, is no JSON object or lacks the value. A
// filter that [LogFilter.Parse] refuses matches nothing.
func (f LogFilter) Match(line []byte) (value float64, ok bool) {
	m, err := f.Parse()
	if err != nil {
		return 0, false
	}
	return m.Match(line)
}

// Match is [LogFilter.Match].
func (m *Matcher) Match(line []byte) (value float64, ok bool) {
	var event map[string]any
	if json.Unmarshal(line, &event) != nil || !m.pattern(event) {
		return 0, false
	}
	return m.value(event)
}

// Parse reads the filter's pattern and value. It understands as much of
// CloudWatch's syntax as is needed here, and refuses the rest by name:
//
//	{ $.key = "text" && ($.a.b >= 1.5e3 || $.c != 0) && $.n = * }
//
// Keys are alphanumeric, with - and _. A text is compared with strings by = and
// !=, a number with numbers by = != < <= > >=, and = * is true for both. && binds
// closer than ||. What a key leads to must be a string or a number, and of the
// type that it is compared with: else no comparison is true, != neither.
//
// Sources: "Filter pattern syntax for metric filters", "Using filter patterns
// to match terms in JSON log events", CloudWatch Logs user guide; for the
// length, PutMetricFilter, CloudWatch Logs API reference.
func (f LogFilter) Parse() (*Matcher, error) {
	p := parser{text: f.Pattern}
	pattern, err := p.pattern()
	if err != nil {
		return nil, fmt.Errorf("pattern %q at %d: %w", f.Pattern, p.at, err)
	}
	m := &Matcher{pattern: pattern}
	if number, err := parseNumber(f.Value); err == nil {
		m.value = func(map[string]any) (float64, bool) { return number, true }
		return m, nil
	}
	v := parser{text: f.Value}
	path, err := v.selector()
	if err != nil || v.at < len(v.text) {
		return nil, fmt.Errorf("value %q: want a number, or a key such as $.items", f.Value)
	}
	m.value = func(event map[string]any) (float64, bool) {
		number, ok := lookup(event, path).(float64)
		return number, ok
	}
	return m, nil
}

// compare is a condition on a value of one type.
func compare[T any](path []string, holds func(T) bool) condition {
	return func(event map[string]any) bool {
		v, ok := lookup(event, path).(T)
		return ok && holds(v)
	}
}

// lookup returns the string or number that a path leads to, or nil.
func lookup(event map[string]any, path []string) any {
	var v any = event
	for _, key := range path {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[key]
	}
	switch v.(type) {
	case string, float64:
		return v
	}
	return nil
}
