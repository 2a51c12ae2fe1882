package scenario

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// trial tries the mutants of one alarm on all scenarios.
type trial struct {
	baseline *baseline
	key      string
	order    []int              // of the scenarios: first those that mention the alarm
	records  map[int]*record    // by scenario, as far back as the alarm looks
	usual    map[int][]entrance // what the alarm does alone, without a fault
}

// entrance is an alarm's coming into a state.
type entrance struct {
	at time.Time
	to alarms.State
}

func newTrial(b *baseline, key string) *trial {
	t := &trial{baseline: b, key: key, records: map[int]*record{}, usual: map[int][]entrance{}}
	for i := range b.suite.scenarios {
		if _, known := b.suite.of(b.suite.scenarios[i]).set.Find(key); known {
			t.order = append(t.order, i)
		}
	}
	mentions := func(i int) int {
		if slices.ContainsFunc(b.suite.scenarios[i].Expectations, func(e Expectation) bool { return e.Alarm == key }) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(t.order, func(i, j int) int { return mentions(i) - mentions(j) })
	return t
}

// catches reports whether some scenario notices a mutant.
func (t *trial) catches(m mutant) (bool, error) {
	for _, i := range t.order {
		caught, err := t.caughtBy(m, i)
		if caught || err != nil {
			return caught, err
		}
	}
	return false, nil
}

// caughtBy reports whether one scenario notices a mutant. What costs little
// comes first: an alarm that does what it did changes nothing else.
func (t *trial) caughtBy(m mutant, i int) (bool, error) {
	s := t.baseline.suite.scenarios[i]
	r := t.baseline.suite.of(s)
	a, _ := r.set.Find(t.key)
	mutated := m.of(a)
	if t.key != alarms.KeyHeartbeat && (mutated.Notify != a.Notify || mutated.Severity != a.Severity) {
		all := replace(r.alarms, mutated)
		return !r.tell(s, all, t.baseline.results[i], map[string]bool{t.key: true}).OK(), nil
	}
	if a.Metric != nil && mutated.Notify == a.Notify {
		changed, caught, err := t.alone(r, i, a, mutated)
		if !changed || caught || err != nil {
			return caught, err
		}
	} else if a.Composite != nil && !t.stirred(i, a, mutated) {
		return false, nil
	}
	return t.together(r, i, mutated)
}

// alone plays a metric alarm by itself. It reports whether it does something
// else than without the fault, and whether that is noticed already.
func (t *trial) alone(r *rig, i int, a, mutated alarms.Alarm) (changed, caught bool, err error) {
	s := t.baseline.suite.scenarios[i]
	start := r.model.clock(s.Start)
	if t.records[i] == nil {
		if t.records[i], err = r.record(s, max(lead([]alarms.Alarm{a}), 2*time.Hour), r.alarms); err != nil {
			return false, false, err
		}
		result, err := r.simulate(t.records[i], []alarms.Alarm{a})
		if err != nil {
			return false, false, err
		}
		t.usual[i] = entrances(result, start)
	}
	result, err := r.simulate(t.records[i], []alarms.Alarm{mutated})
	if err != nil {
		return false, false, err
	}
	if slices.Equal(entrances(result, start), t.usual[i]) {
		return false, false, nil
	}
	o := tell(s, start, []alarms.Alarm{mutated}, r.set.Pipeline.Routing, &simulator.Result{Changes: result.Changes}, nil)
	return true, slices.ContainsFunc(o.Failures, func(f Failure) bool { return !f.people }), nil
}

// entrances are the changes of state from a time on, after the state at that
// time.
func entrances(result *simulator.Result, start time.Time) []entrance {
	all := []entrance{{}}
	for _, c := range result.Changes {
		if c.At.Before(start) {
			all[0].to = c.To
			continue
		}
		all = append(all, entrance{c.At, c.To})
	}
	return all
}

// stirred reports whether anything happens to what a composite looks at.
func (t *trial) stirred(i int, a, mutated alarms.Alarm) bool {
	s := t.baseline.suite.scenarios[i]
	start := t.baseline.suite.of(s).model.clock(s.Start)
	keys := append(a.Composite.Rule.Keys(), a.Composite.Suppressor)
	if strings.Contains(mutated.Composite.Rule.String(), "NOT ") {
		return true
	}
	return slices.ContainsFunc(t.baseline.results[i].Changes, func(c simulator.Change) bool {
		return !c.At.Before(start) && slices.Contains(keys, c.Key)
	})
}

// together plays a mutant with the alarms that it bears upon, and those that
// these need.
func (t *trial) together(r *rig, i int, mutated alarms.Alarm) (bool, error) {
	s := t.baseline.suite.scenarios[i]
	all := replace(r.alarms, mutated)
	changed := map[string]bool{mutated.Key: true}
	if mutated.Key == alarms.KeyHeartbeat { // it reaches others by way of the notifier
		for i := range all {
			changed[all[i].Key] = changed[all[i].Key] || r.listens(&all[i])
		}
	}
	above := dependents(all, changed)
	needed := dependencies(all, above)
	played := slices.DeleteFunc(slices.Clone(all), func(a alarms.Alarm) bool { return !needed[a.Key] })
	rec, err := r.record(s, lead(played), all)
	if err != nil {
		return false, err
	}
	result, err := r.simulate(rec, played)
	if err != nil {
		return false, err
	}
	return !r.tell(s, all, merge(t.baseline.results[i], result, above), above).OK(), nil
}

// listens reports whether an alarm looks at what the notifier hears.
func (r *rig) listens(a *alarms.Alarm) bool {
	return a.Metric != nil && slices.ContainsFunc(a.Metric.Inputs, func(in alarms.Input) bool {
		return slices.ContainsFunc(r.set.Signals.AlarmPath.Heartbeats, func(h signal.Heartbeat) bool { return h.Received.ID == in.Signal.ID })
	})
}

// replace returns the alarms with one of them replaced.
func replace(all []alarms.Alarm, by alarms.Alarm) []alarms.Alarm {
	all = slices.Clone(all)
	for i := range all {
		if all[i].Key == by.Key {
			all[i] = by
		}
	}
	return all
}

// refers are the alarms that one looks at.
func refers(a *alarms.Alarm) []string {
	if a.Composite == nil {
		return nil
	}
	keys := a.Composite.Rule.Keys()
	if a.Composite.Suppressor != "" {
		keys = append(keys, a.Composite.Suppressor)
	}
	return keys
}

// dependents are some alarms and those that look at them, themselves or by way
// of others. What an alarm refers to stands before it.
func dependents(all []alarms.Alarm, of map[string]bool) map[string]bool {
	found := maps.Clone(of)
	for i := range all {
		if slices.ContainsFunc(refers(&all[i]), func(k string) bool { return found[k] }) {
			found[all[i].Key] = true
		}
	}
	return found
}

// dependencies are some alarms and those that they look at, themselves or by way
// of others.
func dependencies(all []alarms.Alarm, of map[string]bool) map[string]bool {
	found := map[string]bool{}
	for i := range slices.Backward(all) {
		a := &all[i]
		if !of[a.Key] && !found[a.Key] {
			continue
		}
		found[a.Key] = true
		for _, key := range refers(a) {
			found[key] = true
		}
	}
	return found
}

// merge is what happened, with some alarms' part of it from another result.
func merge(base, other *simulator.Result, keys map[string]bool) *simulator.Result {
	merged := &simulator.Result{}
	for _, c := range base.Changes {
		if !keys[c.Key] {
			merged.Changes = append(merged.Changes, c)
		}
	}
	for _, n := range base.Notices {
		if !keys[n.Key] {
			merged.Notices = append(merged.Notices, n)
		}
	}
	for _, c := range other.Changes {
		if keys[c.Key] {
			merged.Changes = append(merged.Changes, c)
		}
	}
	for _, n := range other.Notices {
		if keys[n.Key] {
			merged.Notices = append(merged.Notices, n)
		}
	}
	slices.SortStableFunc(merged.Notices, func(a, b simulator.Notice) int { return a.At.Compare(b.At) })
	return merged
}
