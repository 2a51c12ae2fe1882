package probe

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/dashboards/internal/reference"
)

// lookup finds the value of a variable. Without one, known is false: Grafana
// leaves the name as it is.
type lookup func(name string) (v value, known bool, err error)

// fill puts values in the place of variables.
func fill(text string, find lookup, usual language) (string, error) {
	var failed error
	filled := reference.Replace(text, func(r reference.Variable) string {
		v, known, err := find(r.Name)
		if err == nil && known {
			var out string
			if out, err = v.format(r.Format, usual); err == nil {
				return out
			}
		}
		if err != nil && failed == nil {
			failed = fmt.Errorf("$%s: %w", r.Name, err)
		}
		return text[r.Start:r.End]
	})
	return filled, failed
}

// within finds Grafana's own variables about the time, and then the others.
func (s span) within(others lookup) lookup {
	return func(name string) (value, bool, error) {
		switch name {
		case "__from":
			return value{at: s.from}, true, nil
		case "__to":
			return value{at: s.to}, true, nil
		}
		if text, ok := s.own(name); ok {
			return value{raw: &text}, true, nil
		}
		return others(name)
	}
}

func (s span) own(name string) (string, bool) {
	seconds := int64((s.length() + time.Second/2) / time.Second)
	switch name {
	case "__interval":
		return formatInterval(s.interval), true
	case "__interval_ms":
		return milliseconds(s.interval), true
	case "__rate_interval":
		return s.rate.String(), true // 1m0s, as Grafana has it, too
	case "__rate_interval_ms":
		return milliseconds(s.rate), true
	case "__range":
		return strconv.FormatInt(seconds, 10) + "s", true
	case "__range_s":
		return strconv.FormatInt(seconds, 10), true
	case "__range_ms":
		return milliseconds(s.length()), true
	}
	return "", false
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// repetition finds the value that a panel is repeated for, and then the others.
func repetition(values map[string]string, others lookup) lookup {
	if len(values) == 0 {
		return others
	}
	return func(name string) (value, bool, error) {
		v, known, err := others(name)
		if one, ok := values[name]; ok {
			return value{values: []string{one}, many: v.many}, true, nil
		}
		return v, known, err
	}
}

// plain fills a title or a setting: what is wrong there is no query's fault.
func plain(find lookup) func(string) string {
	return func(text string) string {
		if !strings.Contains(text, "$") && !strings.Contains(text, "[[") {
			return text
		}
		filled, _ := fill(text, find, textValue)
		return filled
	}
}
