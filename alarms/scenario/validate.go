package scenario

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/internal/spelling"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// watchdog is the destination of alarms that go past the notifier.
const watchdog = "watchdog"

// anybody stands for all destinations where nobody is to be told.
const anybody = "anybody"

// validator compares a scenario with the pipeline that it is played against:
// the names in it have to be there.
type validator struct {
	scenario     *Scenario
	pipeline     *pipeline.Pipeline
	others       []other // once they are asked for
	signals      []string
	alarms       []string
	destinations []string
	problems     []error
}

// validate returns all unknown names at once, each an [*Error].
func validate(s *Scenario, p *pipeline.Pipeline, signals []signal.Signal, all []alarms.Alarm) error {
	v := &validator{scenario: s, pipeline: p, destinations: append(slices.Sorted(maps.Keys(p.Routing.Destinations)), watchdog)}
	for _, x := range signals {
		v.signals = append(v.signals, x.ID)
	}
	for i := range all {
		v.alarms = append(v.alarms, all[i].Key)
	}
	for _, pattern := range s.May {
		v.known(s.Line, "alarm", pattern, v.alarms)
	}
	for _, e := range v.events() {
		if e.Deploy || e.Signal == signalTraffic {
			continue
		}
		v.known(e.Line, "signal", e.Signal, v.signals)
		if e.Value.Op == OpPercent {
			v.known(e.Line, "signal", e.Value.Of, v.signals)
		}
	}
	v.circles()
	for _, e := range s.Expectations {
		if e.Kind != Messages {
			v.known(e.Line, "alarm", e.Alarm, v.alarms)
		}
		for _, d := range e.Destinations {
			if e.Kind == NotTold && d == anybody {
				continue
			}
			v.known(e.Line, "destination", d, v.destinations)
		}
	}
	return errors.Join(v.problems...)
}

// events are all lines that say what a signal is.
func (v *validator) events() []Event { return slices.Concat(v.scenario.Normal, v.scenario.Events) }

func (v *validator) fail(line int, format string, args ...any) {
	v.problems = append(v.problems, &Error{v.scenario.File, line, fmt.Sprintf(format, args...)})
}

func (v *validator) known(line int, what, name string, all []string) {
	if slices.ContainsFunc(all, func(x string) bool { return matches(name, x) }) {
		return
	}
	if setting := v.without(what, name); setting != "" {
		v.fail(line, "there is no %s %q without %s: set that, or leave out what names it", what, clip(name), setting)
		return
	}
	if near := spelling.Nearest(name, all); near != "" {
		v.fail(line, "there is no %s %q: is it %s?", what, clip(name), near)
		return
	}
	v.fail(line, "there is no %s %q", what, clip(name))
}

// circles finds signals that are a part of themselves.
func (v *validator) circles() {
	parts := map[string][]string{} // of what a signal is a part
	for _, e := range v.events() {
		for _, id := range v.signals {
			if e.Value.Op == OpPercent && e.touches(id) {
				parts[id] = append(parts[id], e.Value.Of)
			}
		}
	}
	for _, e := range v.events() {
		if e.Value.Op != OpPercent {
			continue
		}
		seen, next := map[string]bool{}, []string{e.Value.Of}
		for len(next) > 0 {
			id := next[0]
			next = next[1:]
			if e.touches(id) {
				v.fail(e.Line, "%s is a part of itself", id)
				break
			}
			if !seen[id] {
				seen[id] = true
				next = append(next, parts[id]...)
			}
		}
	}
}
