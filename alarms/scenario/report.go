package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/internal/figure"
)

// Report is what came of all scenarios.
type Report struct {
	Scenarios []*Outcome    `json:"scenarios"`
	Alarms    []AlarmReport `json:"alarms"`
	NormalFor Minutes       `json:"normal_for"` // how long normal traffic was played

	// Untried are the alarms that no scenario makes go off, stay quiet or
	// recover.
	Untried []string `json:"untried,omitempty"`

	Took time.Duration `json:"-"`
}

// AlarmReport is what one alarm did in all scenarios.
type AlarmReport struct {
	Alarm     string `json:"alarm"`
	Fired     int    `json:"fired"`     // scenarios in which it went off as expected
	Quiet     int    `json:"quiet"`     // scenarios that say that it stays quiet in trouble
	Recovered int    `json:"recovered"` // scenarios in which it went off and was OK again
	Messages  int    `json:"messages"`
	False     int    `json:"false"` // times that it went off on a normal day

	// Nearest is how near it came to that, in percent: the most that its values
	// had of the threshold, as often as it takes or, where that is none or one
	// of something, or a band, the datapoints that breached of those that have to. Nil for a
	// composite, which is as near as its parts, and without a normal day.
	Nearest *float64 `json:"nearest_percent,omitempty"`

	// Least, Median and Most are the times from the onset of trouble to its
	// going off, if it did.
	Least  Minutes `json:"detected_least,omitzero"`
	Median Minutes `json:"detected_median,omitzero"`
	Most   Minutes `json:"detected_most,omitzero"`

	detection []Minutes
}

// Failed lists what makes the run fail.
func (r *Report) Failed() error {
	failed := 0
	for _, o := range r.Scenarios {
		if !o.OK() {
			failed++
		}
	}
	var errs []error
	if failed > 0 {
		errs = append(errs, fmt.Errorf("%s did not go as expected", figure.Counted(failed, "scenario")))
	}
	if len(r.Untried) > 0 {
		errs = append(errs, fmt.Errorf("%s not been tried in full", countedHas(len(r.Untried), "alarm")))
	}
	return errors.Join(errs...)
}

func countedHas(n int, what string) string {
	if n == 1 {
		return figure.Counted(n, what) + " has"
	}
	return figure.Counted(n, what) + " have"
}

// normal reports whether a scenario is a normal time: nothing is expected, and no
// signal is changed. Deploys and bursts are normal.
func (s *Scenario) normal() bool {
	return len(s.Expectations) == 0 && !slices.ContainsFunc(s.Events, func(e Event) bool { return !e.Deploy && e.Signal != signalTraffic })
}

// report sums up outcomes. keys are all alarms, asked those that are listed if they
// were not tried.
func report(outcomes []*Outcome, keys, asked []string) *Report {
	r := &Report{Scenarios: outcomes}
	byKey := map[string]*AlarmReport{}
	r.Alarms = make([]AlarmReport, len(keys))
	for i, key := range keys {
		r.Alarms[i].Alarm = key
		byKey[key] = &r.Alarms[i]
	}
	for _, o := range outcomes {
		if o.scenario.normal() {
			r.NormalFor += Minutes(o.scenario.Length)
		}
		o.addTo(byKey)
	}
	for i := range r.Alarms {
		a := &r.Alarms[i]
		if n := len(a.detection); n > 0 {
			slices.Sort(a.detection)
			a.Least, a.Median, a.Most = a.detection[0], a.detection[n/2], a.detection[n-1]
		}
		if slices.Contains(asked, a.Alarm) {
			r.Untried = append(r.Untried, a.untried()...)
		}
	}
	return r
}

// addTo adds an outcome to the alarms.
func (o *Outcome) addTo(alarms map[string]*AlarmReport) {
	fired, recovered := map[string]bool{}, map[string]bool{}
	for _, in := range o.Incidents {
		a := alarms[in.Alarm]
		if a == nil {
			continue
		}
		if in.Expected {
			if !fired[in.Alarm] {
				a.detection = append(a.detection, in.Detection)
			}
			fired[in.Alarm] = true
			recovered[in.Alarm] = recovered[in.Alarm] || in.Recovered
		} else if o.scenario.normal() && !in.onPurpose {
			a.False++
		}
	}
	for key, near := range o.nearest {
		if a := alarms[key]; a != nil && (a.Nearest == nil || near > *a.Nearest) {
			a.Nearest = &near
		}
	}
	for key := range fired {
		alarms[key].Fired++
		if recovered[key] {
			alarms[key].Recovered++
		}
	}
	for _, e := range o.scenario.Expectations {
		if a := alarms[e.Alarm]; a != nil && e.Kind == Quiet && !o.scenario.normal() {
			a.Quiet++
		}
	}
	for _, m := range o.Messages {
		if a := alarms[m.Alarm]; a != nil {
			a.Messages++
		}
	}
}

// untried says what has not been seen of an alarm.
func (a *AlarmReport) untried() []string {
	var what []string
	if a.Fired == 0 {
		what = append(what, "go off")
	}
	if a.Quiet == 0 {
		what = append(what, "stay quiet in trouble")
	}
	if a.Recovered == 0 {
		what = append(what, "recover")
	}
	if len(what) == 0 {
		return nil
	}
	return []string{a.Alarm + " was not seen to " + strings.Join(what, ", ")}
}
