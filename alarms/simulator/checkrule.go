package simulator

import (
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/alarms"
)

func (k *compiler) composite(c *alarms.Composite) *compositeAlarm {
	out := &compositeAlarm{wait: c.Wait, extension: c.Extension}
	out.rule = k.rule(c.Rule, 1)
	out.keys = out.rule.Keys()
	if c.Wait < 0 || c.Extension < 0 {
		k.say("Wait is %v and Extension %v, must not be negative", c.Wait, c.Extension)
	}
	if c.Suppressor == "" {
		return out
	}
	out.suppressor = k.refer(c.Suppressor)
	if c.Wait == 0 {
		out.wait = defaultWait
	}
	if c.Extension == 0 {
		out.extension = defaultExtension
	}
	return out
}

// rule checks a rule and returns it with the keys of the alarms that it names.
func (k *compiler) rule(r alarms.Rule, depth int) alarms.Rule {
	if depth > maxDepth {
		k.say("the rule nests deeper than %d levels", maxDepth)
		return alarms.Rule{Op: alarms.OpFalse}
	}
	out, want := alarms.Rule{Op: r.Op, Key: r.Key, State: r.State}, 0
	switch r.Op {
	case alarms.OpState:
		out.Key = k.refer(r.Key)
		if r.State.String() == "" {
			k.say("the rule wants %q in the state %d, which is none", r.Key, r.State)
		}
	case alarms.OpNot:
		want = 1
	case alarms.OpAny, alarms.OpAll:
		want = max(1, len(r.Rules))
	case alarms.OpTrue, alarms.OpFalse:
	default:
		k.say("the rule has a part of the unknown form %d", r.Op)
	}
	if len(r.Rules) != want {
		k.say("a part of the rule joins %d rules, want %d", len(r.Rules), want)
		return alarms.Rule{Op: alarms.OpFalse}
	}
	for _, part := range r.Rules {
		out.Rules = append(out.Rules, k.rule(part, depth+1))
	}
	return out
}

// refer returns the key of an alarm that is referred to by its key or name.
func (k *compiler) refer(to string) string {
	if key, ok := k.before[to]; ok {
		return key
	}
	key, ok := k.all[to]
	if !ok {
		k.say("it refers to %q, which is none of the alarms", to)
		return to
	}
	if way := k.way(key, k.key, map[string]struct{}{}); way != nil {
		k.say("it is part of a cycle: %s", strings.Join(append([]string{k.key}, way...), ", "))
	} else {
		k.say("it refers to %q, which stands behind it", to)
	}
	return key
}

// way returns the alarms on a way of references from one to another, both
// included, or nil. A cycle cannot be evaluated. (Note in "Create a composite
// alarm", CloudWatch user guide.)
func (k *compiler) way(from, to string, passed map[string]struct{}) []string {
	if from == to {
		return []string{from}
	}
	passed[from] = struct{}{}
	i := slices.IndexFunc(k.alarms, func(a alarms.Alarm) bool { return a.Key == from })
	if i < 0 || k.alarms[i].Composite == nil {
		return nil
	}
	c := k.alarms[i].Composite
	for _, next := range append(c.Rule.Keys(), c.Suppressor) {
		key, known := k.all[next]
		if _, twice := passed[key]; !known || twice {
			continue
		}
		if way := k.way(key, to, passed); way != nil {
			return append([]string{from}, way...)
		}
	}
	return nil
}
