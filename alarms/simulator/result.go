package simulator

import (
	"maps"
	"sort"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
)

// Change is a change of an alarm's state.
type Change struct {
	At       time.Time
	Key      string
	From, To alarms.State
	Reason   string // as CloudWatch words it
	Value    float64
	HasValue bool // false for a composite, and where the state changed for want of data
}

// Evaluation is what an evaluation of an alarm on a metric saw.
type Evaluation struct {
	At     time.Time
	Key    string
	Values []float64 // of the evaluation range, newest first; NaN where there is none. Valid during the call
	// Breaching are the breaching ones among the datapoints that were evaluated;
	// Filled those that were missing and were taken as breaching.
	Breaching, Filled int
}

// Notice is an action that was taken: CloudWatch told the topics of an alarm
// that it is in a state.
type Notice struct {
	At     time.Time
	Key    string
	State  alarms.State
	Reason string
	// Children are the alarms that put a composite into its state, by key.
	Children []string
}

// Result is what happened, in order of time.
type Result struct {
	Changes []Change
	Notices []Notice

	initial map[string]alarms.State
	byKey   map[string][]Change
}

// State returns the state of an alarm at a time: the one that it was evaluated to
// last, then or before. An alarm that is not known is in INSUFFICIENT_DATA.
func (r *Result) State(key string, at time.Time) alarms.State {
	changes := r.byKey[key]
	after := sort.Search(len(changes), func(i int) bool { return changes[i].At.After(at) })
	if after == 0 {
		return r.initial[key]
	}
	return changes[after-1].To
}

// index prepares for State.
func (r *Result) index() {
	r.byKey = map[string][]Change{}
	for _, c := range r.Changes {
		r.byKey[c.Key] = append(r.byKey[c.Key], c)
	}
}

func newResult(states map[string]alarms.State) *Result {
	return &Result{initial: maps.Clone(states)}
}
