package alarms

import (
	"strings"
)

// State is the state of an alarm.
type State int

// States, by CloudWatch's names.
const (
	StateInsufficientData State = iota // not known, or not known yet
	StateOK
	StateAlarm
)

// String returns CloudWatch's name of the state.
func (s State) String() string {
	switch s {
	case StateInsufficientData:
		return "INSUFFICIENT_DATA"
	case StateOK:
		return "OK"
	case StateAlarm:
		return "ALARM"
	}
	return ""
}

// Op is what a [Rule] is.
type Op int

// Forms of a rule.
const (
	OpState Op = iota // an alarm is in a state
	OpAny             // one of the rules holds
	OpAll             // all of them hold
	OpNot             // the only one does not hold
	OpTrue            // it always holds
	OpFalse           // it never holds
)

// Rule is the rule of a composite alarm, as the tree that CloudWatch's text
// stands for. ("Create a composite alarm", CloudWatch user guide.) One that
// lacks a part, such as an OpNot without its rule, is refused by [For]; such
// an OpNot does not hold.
type Rule struct {
	Op    Op
	Key   string // of the alarm, for OpState
	State State  // for OpState
	Rules []Rule // for OpAny, OpAll and OpNot
}

// InAlarm holds while the alarm is on.
func InAlarm(key string) Rule { return Rule{Op: OpState, Key: key, State: StateAlarm} }

// Any holds while one of the alarms is on.
func Any(keys ...string) Rule { return Rule{Op: OpAny, Rules: inAlarm(keys)} }

// All holds while all of the alarms are on.
func All(keys ...string) Rule { return Rule{Op: OpAll, Rules: inAlarm(keys)} }

// Not holds while the rule does not.
func Not(r Rule) Rule { return Rule{Op: OpNot, Rules: []Rule{r}} }

func inAlarm(keys []string) []Rule {
	rules := make([]Rule, len(keys))
	for i, key := range keys {
		rules[i] = InAlarm(key)
	}
	return rules
}

// Keys returns the alarms that the rule names, each once, as they come.
func (r Rule) Keys() []string {
	var keys []string
	seen := map[string]struct{}{}
	r.walk(func(key string) {
		if _, ok := seen[key]; !ok {
			seen[key] = struct{}{}
			keys = append(keys, key)
		}
	})
	return keys
}

func (r Rule) walk(visit func(key string)) {
	if r.Op == OpState {
		visit(r.Key)
	}
	for _, part := range r.Rules {
		part.walk(visit)
	}
}

// Holds reports whether the rule holds, given the states of alarms.
func (r Rule) Holds(state func(key string) State) bool {
	switch r.Op {
	case OpState:
		return state(r.Key) == r.State
	case OpAny:
		for _, part := range r.Rules {
			if part.Holds(state) {
				return true
			}
		}
		return false
	case OpAll:
		for _, part := range r.Rules {
			if !part.Holds(state) {
				return false
			}
		}
		return true
	case OpNot:
		return len(r.Rules) == 1 && !r.Rules[0].Holds(state)
	case OpTrue:
		return true
	case OpFalse:
	}
	return false
}

// String writes the rule as CloudWatch reads it, with the keys as they are.
func (r Rule) String() string { return r.Text(func(key string) string { return key }) }

// Text writes the rule as CloudWatch reads it. name makes a key a name.
func (r Rule) Text(name func(key string) string) string {
	var b strings.Builder
	r.write(&b, name, false)
	return b.String()
}

func (r Rule) write(b *strings.Builder, name func(string) string, nested bool) {
	switch r.Op {
	case OpState:
		b.WriteString(r.State.String() + `("` + name(r.Key) + `")`)
	case OpAny:
		r.join(b, name, " OR ", nested)
	case OpAll:
		r.join(b, name, " AND ", nested)
	case OpNot:
		b.WriteString("NOT ")
		r.join(b, name, "", true)
	case OpTrue:
		b.WriteString("TRUE")
	case OpFalse:
		b.WriteString("FALSE")
	}
}

func (r Rule) join(b *strings.Builder, name func(string) string, word string, nested bool) {
	if nested && len(r.Rules) > 1 {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	for i, part := range r.Rules {
		if i > 0 {
			b.WriteString(word)
		}
		part.write(b, name, nested || len(r.Rules) > 1)
	}
}
