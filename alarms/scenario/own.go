package scenario

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// ownSignals are the signals that only the alarms of a set know: those of a team,
// which are not in the catalogue. Each metric is there once, by the ID that
// scenarios name it by.
func ownSignals(set *alarms.Set) []signal.Signal {
	seen := map[string]bool{}
	for _, s := range set.Signals.All() {
		seen[s.Metric.Key()] = true
	}
	var own []signal.Signal
	for _, a := range set.Alarms() {
		if a.Metric == nil {
			continue
		}
		for _, in := range a.Metric.Inputs {
			if key := in.Signal.Metric.Key(); !seen[key] {
				seen[key] = true
				own = append(own, in.Signal)
			}
		}
	}
	return own
}

// addOwn adds signals that the model knows nothing of. A signal whose gap is a
// fault is reported every minute: as 0, if nobody says what is normal. Others get
// no data but what is said.
func (m *model) addOwn(own []signal.Signal, normal map[string]float64) error {
	m.own = own
	for _, s := range m.all() {
		m.byMetric[s.Metric.Key()] = s
	}
	for _, id := range slices.Sorted(maps.Keys(normal)) {
		if !slices.ContainsFunc(own, func(s signal.Signal) bool { return s.ID == id }) {
			return fmt.Errorf("Config.Normal: no alarm of your own looks at a signal %q", id)
		}
	}
	for _, s := range own {
		if value, said := normal[s.ID]; said || s.Absent == signal.AbsentFault {
			m.add(s, func(*minute) simulator.Samples { return simulator.One(value) })
		}
	}
	return nil
}

// all are the signals that a scenario can name.
func (m *model) all() []signal.Signal { return append(m.signals.All(), m.own...) }

// find returns the signal with an ID.
func (m *model) find(id string) (signal.Signal, bool) {
	if s, ok := m.signals.Find(id); ok {
		return s, true
	}
	if i := slices.IndexFunc(m.own, func(s signal.Signal) bool { return s.ID == id }); i >= 0 {
		return m.own[i], true
	}
	return signal.Signal{}, false
}
