package deploy

import (
	"strconv"
	"strings"
	"time"
)

// Output is a value for the steps of a job that come after.
type Output struct{ Name, Value string }

// Outputs are the report's values: what to give a verdict as --since, and whether
// the deploy is refused.
func (r *Report) Outputs() []Output {
	var on []string
	for _, a := range r.Alarms {
		if a.State == stateAlarm {
			on = append(on, a.Name)
		}
	}
	return []Output{
		{"refused", strconv.FormatBool(r.Refused)},
		{"alarms", strings.Join(on, ",")},
		{"since", r.Time.Format(time.RFC3339)},
	}
}

// Outputs are the verdict's values.
func (r *Result) Outputs() []Output {
	return []Output{
		{"outcome", string(r.Outcome)},
		{"cause", string(r.Cause)},
		{"alarms", strings.Join(r.AlarmNames(), ",")},
		{"unwatched", strconv.FormatBool(r.Unwatched)},
		{"text", oneLine(r.Text)},
	}
}
