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
// before it. What they point to is the set's own, and not to be changed.
func (s *Set) Alarms() []Alarm { return slices.Clone(s.alarms) }

// Find returns the alarm with that key.
func (s *Set) Find(key string) (Alarm, bool) {
	i, ok := s.byKey[key]
	if !ok {
		return Alarm{}, false
	}
	return s.alarms[i], true
}

// Rollback returns the keys of the alarms that roll a component's deploys back,
// 10 at most: the service's or a consumer's, by its name.
func (s *Set) Rollback(component string) []string {
	var keys []string
	for i := range s.alarms {
		if s.alarms[i].Rollback == component {
			keys = append(keys, s.alarms[i].Key)
		}
	}
	return keys
}

// Filters returns the signals that metric filters make: those of the catalogue,
// then those that only an alarm names, each filter once.
func (s *Set) Filters() []signal.Signal {
	var filters []signal.Signal
	seen := map[string]struct{}{}
	add := func(x *signal.Signal) {
		if x.Filter == nil {
			return
		}
		if key := place(x.Filter); !has(seen, key) {
			seen[key] = struct{}{}
			filters = append(filters, *x)
		}
	}
	all := s.Signals.All()
	for i := range all {
		add(&all[i])
	}
	for i := range s.alarms {
		if m := s.alarms[i].Metric; m != nil {
			for j := range m.Inputs {
				add(&m.Inputs[j].Signal)
			}
		}
	}
	return filters
}

// components are what is deployed: the service and the consumers.
func (s *Set) components() []string {
	names := []string{s.Pipeline.Service.Name}
	for i := range s.Pipeline.Consumers {
		names = append(names, s.Pipeline.Consumers[i].Name)
	}
	return names
}

func has(set map[string]struct{}, key string) bool {
	_, ok := set[key]
	return ok
}
