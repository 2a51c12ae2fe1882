package simulator

import (
	"slices"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
)

// compositeAlarm is an alarm on the states of others, ready to be evaluated. The
// keys in its rule are those of the alarms, no names.
type compositeAlarm struct {
	rule       alarms.Rule
	keys       []string
	suppressor string
	wait       time.Duration
	extension  time.Duration
}

// evaluate returns the state by the rule. A composite is OK or ALARM: it has
// data as long as there are alarms.
func (a *compositeAlarm) evaluate(state func(key string) alarms.State) alarms.State {
	if a.rule.Holds(state) {
		return alarms.StateAlarm
	}
	return alarms.StateOK
}

// causes returns the alarms whose states put the composite into its state: as few
// as show it where one is enough, and all where it takes all of them.
func (a *compositeAlarm) causes(state func(key string) alarms.State) []string {
	var keys []string
	explain(a.rule, a.rule.Holds(state), state, func(key string) {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	})
	return keys
}

// explain visits the alarms that are the reason why a rule holds, or does not.
func explain(r alarms.Rule, holds bool, state func(string) alarms.State, visit func(key string)) {
	switch r.Op {
	case alarms.OpState:
		visit(r.Key)
	case alarms.OpNot:
		explain(r.Rules[0], !holds, state, visit)
	case alarms.OpAny, alarms.OpAll:
		for _, part := range r.Rules {
			// Of "any" those that hold are the reason why it holds, all are the
			// reason why it does not; of "all" it is the other way round.
			if part.Holds(state) == holds {
				explain(part, holds, state, visit)
			}
		}
	case alarms.OpTrue, alarms.OpFalse:
	}
}

// suppression holds back the actions of a composite. ("Composite alarm action
// suppression" in "Create a composite alarm", CloudWatch user guide: its examples
// are the tests.)
type suppression struct {
	phase phase
	until time.Time    // the end of a wait or an extension
	told  alarms.State // the last state for which actions were taken
}

type phase int

const (
	idle       phase = iota
	waiting          // for the suppressor, after a change of the composite
	suppressed       // the suppressor is in ALARM
	extending        // after the suppressor has left ALARM
)

// step moves on by an evaluation. It reports whether actions are taken.
//
//   - A change of the composite starts a wait, whatever state it goes into, and
//     discards a wait or an extension that runs (examples 1, 3 and 6).
//   - While the suppressor is in ALARM nothing is done, and a wait is discarded
//     (examples 2 and 4).
//   - An extension starts when the suppressor leaves ALARM (example 5).
//   - At the end of a wait, actions are taken by the current state.
//   - So they are at the end of an extension, if the state is another one than
//     the last for which actions were taken. The guide says nothing of a
//     composite that went on and off while it was suppressed, or that was on
//     before and after. Actions belong to changes ("An alarm invokes actions only
//     when the alarm changes state"), and here nothing has changed for those who
//     are told.
func (s *suppression) step(a *compositeAlarm, at time.Time, state alarms.State, changed, suppressorOn bool) bool {
	if suppressorOn {
		s.phase = suppressed
		return false
	}
	if s.phase == suppressed {
		s.phase, s.until = extending, at.Add(a.extension)
	}
	if changed {
		s.phase, s.until = waiting, at.Add(a.wait)
	}
	if s.phase == idle || at.Before(s.until) {
		return false
	}
	act := s.phase == waiting || state != s.told
	s.phase = idle
	if act {
		s.told = state
	}
	return act
}
