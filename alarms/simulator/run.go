package simulator

import (
	"maps"
	"slices"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
)

// run is one simulation.
type run struct {
	result *Result
	alarms []alarmRun
	states map[string]alarms.State
	last   map[string]time.Time // of the last change
	names  map[string]string
	seen   func(Evaluation)
	at     time.Time
	minute int
}

// alarmRun is an alarm in a simulation.
type alarmRun struct {
	*alarm
	metricRun   *metricRun
	reason      string // of the last change
	suppression suppression
}

func (s *Simulator) start(h *History) *run {
	r := &run{
		result: newResult(s.states), states: maps.Clone(s.states),
		last: map[string]time.Time{}, names: map[string]string{},
	}
	r.seen = s.seen
	w, delays := newWindows(h), s.delays(h)
	for i := range s.alarms {
		a := &s.alarms[i]
		state := alarmRun{alarm: a, suppression: suppression{told: s.states[a.key]}}
		if a.metric != nil {
			state.metricRun = a.metric.run(w, delays, s.band)
		}
		r.alarms = append(r.alarms, state)
		r.names[a.key] = a.name
	}
	return r
}

// delays are how many minutes after its end a minute's samples can be seen, by the
// minute of the evaluation.
func (s *Simulator) delays(h *History) []int {
	all := make([]int, h.minutes+1)
	for minute := range all {
		at := h.start.Add(time.Duration(minute) * time.Minute)
		all[minute] = int((max(s.delay(at), 0) + time.Minute - 1) / time.Minute)
	}
	return all
}

func (r *run) evaluate(a *alarmRun) {
	if a.metric != nil {
		r.evaluateMetric(a)
	} else {
		r.evaluateComposite(a)
	}
}

func (r *run) evaluateMetric(a *alarmRun) {
	v := a.metricRun.evaluate(r.minute)
	if r.seen != nil && v.real+v.filled > 0 {
		e := Evaluation{At: r.at, Key: a.key, Values: a.metricRun.values, Breaching: v.bad}
		if a.metric.treatment == alarms.MissingBreaching {
			e.Filled = v.filled
		}
		r.seen(e)
	}
	if v.keep || v.state == r.states[a.key] {
		return
	}
	a.reason = a.metricRun.reason(v)
	c := Change{At: r.at, Key: a.key, From: r.states[a.key], To: v.state, Reason: a.reason}
	c.Value, c.HasValue = a.metricRun.newest()
	r.change(c)
	r.notify(a, nil)
}

// evaluateComposite evaluates a composite after the alarms that it is made of, in
// the same minute.
func (r *run) evaluateComposite(a *alarmRun) {
	state, from := a.composite.evaluate(r.state), r.states[a.key]
	if state != from {
		a.reason = r.composed(a, state)
		r.change(Change{At: r.at, Key: a.key, From: from, To: state, Reason: a.reason})
	}
	act := state != from
	if on := a.composite.suppressor; on != "" {
		act = a.suppression.step(a.composite, r.at, state, state != from, r.states[on] == alarms.StateAlarm)
	}
	if act {
		r.notify(a, a.composite.causes(r.state))
	}
}

// composed is the reason for a composite's state: an alarm that changed just now,
// rather one that its state is owed to.
func (r *run) composed(a *alarmRun, state alarms.State) string {
	for _, key := range slices.Concat(a.composite.causes(r.state), a.composite.keys) {
		if r.last[key].Equal(r.at) {
			return transitioned(r.names[key], r.states[key], r.at)
		}
	}
	return created(a.name, state)
}

func (r *run) state(key string) alarms.State { return r.states[key] }

func (r *run) change(c Change) {
	r.states[c.Key], r.last[c.Key] = c.To, c.At
	r.result.Changes = append(r.result.Changes, c)
}

// notify takes the actions of an alarm for its state. There are none for
// INSUFFICIENT_DATA. A first change into OK has them like any other: actions
// belong to changes. ("Alarm actions", CloudWatch user guide.)
func (r *run) notify(a *alarmRun, children []string) {
	state := r.states[a.key]
	if a.silent || state == alarms.StateInsufficientData {
		return
	}
	r.result.Notices = append(r.result.Notices, Notice{At: r.at, Key: a.key, State: state, Reason: a.reason, Children: children})
}
