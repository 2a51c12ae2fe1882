package alarms

import (
	"slices"

	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Set is the alarms of one pipeline, checked and complete.
type Set struct {
	Pipeline *pipeline.Pipeline
	Signals  *signal.Catalogue

	alarms []Alarm
	byKey  map[string]int
}

// Alarms returns all alarms, in a fixed order: what an alarm refers to stands
// before it.
func (s *Set) Alarms() []Alarm { return slices.Clone(s.alarms) }

// Find returns the alarm with that key.
func (s *Set) Find(key string) (Alarm, bool) {
	i, ok := s.byKey[key]
	if !ok {
		return Alarm{}, false
	}
	return s.alarms[i], true
}

// Rollback returns the names of the alarms that roll a deploy back.
func (s *Set) Rollback() []string {
	var names []string
	for _, a := range s.alarms {
		if a.Rollback {
			names = append(names, a.Name)
		}
	}
	return names
}

// Filters returns the metric filters that the signals of the set need.
func (s *Set) Filters() []signal.Signal {
	return slices.DeleteFunc(s.Signals.All(), func(x signal.Signal) bool { return x.Filter == nil })
}
