package alarms_test

import (
	"testing"

	"github.com/tracehaul/tracehaul/alarms"
)

func TestRule_Text(t *testing.T) {
	ok := alarms.Rule{Op: alarms.OpState, Key: "c", State: alarms.StateOK}
	for want, rule := range map[string]alarms.Rule{
		`ALARM("a")`:                             alarms.InAlarm("a"),
		`ALARM("a") OR ALARM("b")`:               alarms.Any("a", "b"),
		`NOT (ALARM("a") AND ALARM("b"))`:        alarms.Not(alarms.All("a", "b")),
		`NOT ALARM("a")`:                         alarms.Not(alarms.InAlarm("a")),
		`(ALARM("a") OR ALARM("b")) AND OK("c")`: {Op: alarms.OpAll, Rules: []alarms.Rule{alarms.Any("a", "b"), ok}},
		`TRUE`:                                   {Op: alarms.OpTrue},
		`FALSE`:                                  {Op: alarms.OpFalse},
		`ALARM("a") AND NOT (TRUE OR ALARM("b"))`: {Op: alarms.OpAll, Rules: []alarms.Rule{alarms.InAlarm("a"), alarms.Not(alarms.Rule{Op: alarms.OpAny, Rules: []alarms.Rule{{Op: alarms.OpTrue}, alarms.InAlarm("b")}})}},
	} {
		if got := rule.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestRule_Holds(t *testing.T) {
	states := map[string]alarms.State{"on": alarms.StateAlarm, "off": alarms.StateOK}
	state := func(key string) alarms.State { return states[key] }
	for name, test := range map[string]struct {
		rule alarms.Rule
		want bool
	}{
		"on":       {alarms.InAlarm("on"), true},
		"off":      {alarms.InAlarm("off"), false},
		"unknown":  {alarms.InAlarm("new"), false},
		"ok":       {alarms.Rule{Op: alarms.OpState, Key: "off", State: alarms.StateOK}, true},
		"no data":  {alarms.Rule{Op: alarms.OpState, Key: "new", State: alarms.StateInsufficientData}, true},
		"any":      {alarms.Any("off", "on"), true},
		"any none": {alarms.Any("off", "new"), false},
		"all":      {alarms.All("on", "on"), true},
		"all not":  {alarms.All("on", "off"), false},
		"not":      {alarms.Not(alarms.InAlarm("off")), true},
		"not none": {alarms.Rule{Op: alarms.OpNot}, false},
		"true":     {alarms.Rule{Op: alarms.OpTrue}, true},
		"false":    {alarms.Rule{Op: alarms.OpFalse}, false},
	} {
		if got := test.rule.Holds(state); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// What is not complete yet can be printed, and what is printed is no rule.
func TestRule_NotOfNothing_CanBePrinted(t *testing.T) {
	text := alarms.Rule{Op: alarms.OpNot}.String()
	if rule, err := alarms.ParseRule(text); err == nil {
		t.Errorf("%q is read as %+v", text, rule)
	}
}
