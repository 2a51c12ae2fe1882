package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/routing"
	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline"
)

// story is what the alarms of a scenario did, compared with what they were
// expected to do.
type story struct {
	scenario *Scenario
	start    time.Time
	alarms   []alarms.Alarm
	changes  map[string][]simulator.Change // by key, in order
	shown    map[string]bool               // alarms whose changes are in a failure
	outcome  *Outcome
}

// tell makes an outcome of a result. judged says which alarms are compared with
// what is expected of them; nil stands for all.
func tell(s *Scenario, start time.Time, all []alarms.Alarm, routes pipeline.Routing, result *simulator.Result, judged map[string]bool) *Outcome {
	t := &story{
		scenario: s, start: start, alarms: all, changes: map[string][]simulator.Change{}, shown: map[string]bool{},
		outcome: &Outcome{File: s.File, Line: s.Line, Title: s.Title, Environment: s.Environment, scenario: s},
	}
	for _, c := range result.Changes {
		t.changes[c.Key] = append(t.changes[c.Key], c)
	}
	t.incidents()
	t.outcome.Messages = messages(start, all, routes, result.Notices)
	for i := range all {
		if judged == nil || judged[all[i].Key] {
			t.judge(&all[i])
		}
	}
	t.outcome.count()
	slices.SortStableFunc(t.outcome.Failures, func(a, b Failure) int { return a.Line - b.Line })
	return t.outcome
}

// messages are what people get: of the alarm's going on, who its routes lead
// to then; of its going off, who was told that it was on.
func messages(start time.Time, all []alarms.Alarm, routes pipeline.Routing, notices []simulator.Notice) []Message {
	byKey := make(map[string]*alarms.Alarm, len(all))
	for i := range all {
		byKey[all[i].Key] = &all[i]
	}
	told := map[string][]string{} // who knows that an alarm is on, by key
	var sent []Message
	for _, n := range notices {
		a := byKey[n.Key]
		if a == nil || n.At.Before(start) {
			continue
		}
		var to []string
		switch n.State {
		case alarms.StateAlarm:
			to = destinations(a, routes, n.At)
			told[n.Key] = to
		case alarms.StateOK:
			to = told[n.Key]
			delete(told, n.Key)
		case alarms.StateInsufficientData:
		}
		for _, d := range to {
			sent = append(sent, Message{Minutes(n.At.Sub(start)), d, n.Key, n.State, n.State.String()})
		}
	}
	return sent
}

// destinations are those who hear of an alarm at a time. A heartbeat is for
// nobody.
func destinations(a *alarms.Alarm, routes pipeline.Routing, at time.Time) []string {
	switch a.Notify {
	case alarms.NotifySeverity:
		return routing.Destinations(routes, a.Severity, a.Owner, at)
	case alarms.NotifyWatchdog:
		return []string{watchdog}
	case alarms.NotifyNobody, alarms.NotifyAll:
	}
	return nil
}

// incidents lists when alarms were on.
func (t *story) incidents() {
	var list []Incident
	for i := range t.alarms {
		key := t.alarms[i].Key
		open := false
		for _, c := range t.changes[key] {
			at := c.At.Sub(t.start)
			switch {
			case c.To == alarms.StateAlarm:
				open = true
				list = append(list, Incident{
					Alarm: key, On: Minutes(max(0, at)), Reason: c.Reason,
					Detection: Minutes(max(0, at-t.scenario.Onset())), Expected: t.mentioned(key),
					onPurpose: t.alarms[i].Notify == alarms.NotifyAll,
				})
			case open && at <= 0: // it was over when the scenario began
				open = false
				list = list[:len(list)-1]
			case open:
				open = false
				list[len(list)-1].Off = Minutes(at)
				list[len(list)-1].Recovered = c.To == alarms.StateOK
			case c.To == alarms.StateOK && len(list) > 0 && list[len(list)-1].Alarm == key:
				list[len(list)-1].Recovered = true // by way of INSUFFICIENT_DATA
			}
		}
	}
	t.outcome.Incidents = list
	slices.SortStableFunc(t.outcome.Incidents, func(a, b Incident) int { return int(a.On - b.On) })
}

// mentioned reports whether the scenario expects an alarm to be on at some
// time.
func (t *story) mentioned(key string) bool {
	return slices.ContainsFunc(t.scenario.Expectations, func(e Expectation) bool {
		return e.Alarm == key && (e.State == alarms.StateAlarm && (e.Kind == Enters || e.Kind == Is) || e.Kind == Told)
	})
}

// judge compares one alarm with the expectations about it.
func (t *story) judge(a *alarms.Alarm) {
	ordered := map[alarms.State][]Expectation{}
	quiet := !t.scenario.Loud && a.Notify != alarms.NotifyAll && !t.mentioned(a.Key) &&
		!slices.ContainsFunc(t.scenario.May, func(pattern string) bool { return matches(pattern, a.Key) })
	line := t.scenario.Line
	for _, e := range t.scenario.Expectations {
		if e.Alarm != a.Key || e.Kind == Messages {
			continue
		}
		switch e.Kind {
		case Quiet:
			quiet, line = true, e.Line
		case Enters:
			ordered[e.State] = append(ordered[e.State], e)
		case Is:
			if state := t.stateAt(a.Key, e.From); state != e.State {
				t.fail(e.Line, a.Key, "%s is %s at %s, expected %s", a.Key, state, short(e.From), e.State)
			}
		case Told:
			t.told(a.Key, e)
		case NotTold:
			for _, m := range t.outcome.Messages {
				if m.Alarm == a.Key && m.State == alarms.StateAlarm && (slices.Contains(e.Destinations, m.Destination) || e.Destinations[0] == anybody) {
					t.fail(e.Line, a.Key, "%s hears of %s at %s, expected that it does not", m.Destination, a.Key, m.At)
				}
			}
		case Messages:
		}
	}
	for _, state := range []alarms.State{alarms.StateAlarm, alarms.StateOK, alarms.StateInsufficientData} {
		if len(ordered[state]) > 0 {
			t.entered(a.Key, state, ordered[state])
		}
	}
	if on := t.entries(a.Key, alarms.StateAlarm); quiet && len(on) > 0 {
		t.fail(line, a.Key, "%s is ALARM at %s, expected that it stays quiet", a.Key, short(on[0]))
	}
}

// entries are when an alarm came into a state, on from the beginning.
func (t *story) entries(key string, state alarms.State) []time.Duration {
	var at []time.Duration
	if state == alarms.StateAlarm && t.stateAt(key, -1) == state {
		at = append(at, 0)
	}
	for _, c := range t.changes[key] {
		if rel := c.At.Sub(t.start); c.To == state && rel >= 0 {
			at = append(at, rel)
		}
	}
	return at
}

// stateAt is the state of an alarm at a time.
func (t *story) stateAt(key string, at time.Duration) alarms.State {
	state := alarms.StateInsufficientData
	for _, c := range t.changes[key] {
		if c.At.Sub(t.start) > at {
			break
		}
		state = c.To
	}
	return state
}

// entered compares when an alarm came into a state with when it should: as
// often, and each time within its time.
func (t *story) entered(key string, state alarms.State, expected []Expectation) {
	got := t.entries(key, state)
	for i, e := range expected {
		switch {
		case i >= len(got):
			t.fail(e.Line, key, "%s does not become %s, expected %s", key, state, e.when())
		case got[i] < e.From || got[i] > e.To:
			t.fail(e.Line, key, "%s becomes %s at %s, expected %s", key, state, short(got[i]), e.when())
		}
	}
	if len(got) > len(expected) {
		t.fail(expected[len(expected)-1].Line, key, "%s becomes %s once more at %s", key, state, short(got[len(expected)]))
	}
}

// told looks for the message of an alarm to each destination.
func (t *story) told(key string, e Expectation) {
	for _, d := range e.Destinations {
		var when []string
		found := false
		for _, m := range t.outcome.Messages {
			if m.Alarm != key || m.State != alarms.StateAlarm || m.Destination != d {
				continue
			}
			when = append(when, m.At.String())
			found = found || time.Duration(m.At) >= e.From && time.Duration(m.At) <= e.To
		}
		if found {
			continue
		}
		heard := "hears nothing of it"
		if len(when) > 0 {
			heard = "hears of it at " + strings.Join(when, ", ")
		}
		t.failPeople(e.Line, key, "%s is to hear of %s %s, but %s", d, key, e.when(), heard)
	}
}

// count compares how many messages destinations got.
func (o *Outcome) count() {
	for _, e := range o.scenario.Expectations {
		if e.Kind != Messages {
			continue
		}
		var got []string
		for _, m := range o.Messages {
			if m.Destination == e.Destinations[0] {
				got = append(got, fmt.Sprintf("%-6s %s of %s", m.At, m.State, m.Alarm))
			}
		}
		if n := len(got); n == e.Number || e.AtMost && n < e.Number {
			continue
		}
		most := ""
		if e.AtMost {
			most = "at most "
		}
		o.Failures = append(o.Failures, Failure{e.Line, fmt.Sprintf("%s gets %d messages, expected %s%d", e.Destinations[0], len(got), most, e.Number), got, true})
	}
}

// failPeople notes a failure that is about who was told.
func (t *story) failPeople(line int, key, format string, args ...any) {
	t.fail(line, key, format, args...)
	t.outcome.Failures[len(t.outcome.Failures)-1].people = true
}

// fail notes a failure, with what the alarm did if that was not said yet.
func (t *story) fail(line int, key, format string, args ...any) {
	const most = 6
	f := Failure{Line: line, Message: fmt.Sprintf(format, args...)}
	for _, c := range t.changes[key] {
		if c.At.Before(t.start) || t.shown[key] {
			continue
		}
		if len(f.Timeline) == most {
			f.Timeline = append(f.Timeline, "...")
			break
		}
		f.Timeline = append(f.Timeline, fmt.Sprintf("%-6s %s: %s", short(c.At.Sub(t.start)), c.To, brief(c.Reason)))
	}
	t.shown[key] = true
	t.outcome.Failures = append(t.outcome.Failures, f)
}

// brief leaves out what CloudWatch says at every change.
func brief(reason string) string {
	if i := strings.Index(reason, " (minimum "); i > 0 {
		reason = reason[:i]
	}
	return strings.TrimPrefix(strings.TrimPrefix(reason, "Threshold Crossed: "), "Thresholds Crossed: ")
}
