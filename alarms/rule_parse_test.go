package alarms_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms"
)

// rule writes a rule as nested lists, so that a test shows what binds what.
func rule(r alarms.Rule) string {
	parts := make([]string, len(r.Rules))
	for i, part := range r.Rules {
		parts[i] = rule(part)
	}
	switch r.Op {
	case alarms.OpState:
		return r.State.String() + " " + r.Key
	case alarms.OpAny:
		return "any[" + strings.Join(parts, ", ") + "]"
	case alarms.OpAll:
		return "all[" + strings.Join(parts, ", ") + "]"
	case alarms.OpNot:
		return "not[" + strings.Join(parts, ", ") + "]"
	case alarms.OpTrue:
		return "true"
	case alarms.OpFalse:
		return "false"
	}
	return "?"
}

// TestParseRule_Right has the examples of "Create a composite alarm", CloudWatch
// user guide, first.
func TestParseRule_Right(t *testing.T) {
	for text, want := range map[string]string{
		`ALARM(CPUUtilizationTooHigh) AND ALARM(DiskReadOpsTooHigh)`:                                            "all[ALARM CPUUtilizationTooHigh, ALARM DiskReadOpsTooHigh]",
		`ALARM(CPUUtilizationTooHigh) AND NOT ALARM(DeploymentInProgress)`:                                      "all[ALARM CPUUtilizationTooHigh, not[ALARM DeploymentInProgress]]",
		"(ALARM(\"CPUUtilizationTooHigh\") OR \nALARM(\"DiskReadOpsTooHigh\")) AND \nOK(\"NetworkOutTooHigh\")": "all[any[ALARM CPUUtilizationTooHigh, ALARM DiskReadOpsTooHigh], OK NetworkOutTooHigh]",
		`False`: "false",

		`TRUE`:                              "true",
		`INSUFFICIENT_DATA ( "a" )`:         "INSUFFICIENT_DATA a",
		`ALARM("a b, (c) \"d\" \\ \e")`:     `ALARM a b, (c) "d" \ \e`,
		`ALARM(arn:aws:cloudwatch:x:1:a/b)`: "ALARM arn:aws:cloudwatch:x:1:a/b",
		`ALARM(AND) OR OK(NOT)`:             "any[ALARM AND, OK NOT]",
		`ALARM(a) OR ALARM(b) AND OK(c)`:    "any[ALARM a, all[ALARM b, OK c]]",
		`ALARM(a) OR ALARM(b) OR ALARM(c)`:  "any[ALARM a, ALARM b, ALARM c]",
		`NOT ALARM(a) AND NOT NOT OK(b)`:    "all[not[ALARM a], not[not[OK b]]]",
		`NOT(ALARM(a)OR(ALARM(b)))`:         "not[any[ALARM a, ALARM b]]",
		`((ALARM(a) AND OK(b)) AND OK(c))`:  "all[all[ALARM a, OK b], OK c]",
	} {
		r, err := alarms.ParseRule(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := rule(r); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestParseRule_Wrong_SaysWhereAndWhatIsRight(t *testing.T) {
	const term = `want ALARM, OK, INSUFFICIENT_DATA, NOT, TRUE, FALSE or "("`
	for text, want := range map[string]string{
		``:                                  `column 1: the end is not expected here: ` + term,
		`alarm(a)`:                          `column 1: "alarm" is not expected here: ` + term,
		`ALARM(a) AND`:                      `column 13: the end is not expected here: ` + term,
		`ALARM(a) and OK(b)`:                `column 10: "and" is too much here: want AND, OR or the end`,
		`ALARM(a) OK(b)`:                    `column 10: "OK" is too much here: want AND, OR or the end`,
		`(ALARM(a)`:                         `column 10: the end is not expected here: want AND, OR or ")"`,
		`ALARM(a))`:                         `column 9: ")" is too much here: want AND, OR or the end`,
		`ALARM a`:                           `column 7: "a" is not expected after ALARM: want "("`,
		`ALARM()`:                           `column 7: ")" is not expected here: want the name of an alarm`,
		`ALARM("")`:                         `column 7: the name is empty: want the name of an alarm`,
		`ALARM("a`:                          `column 7: the quote is not closed`,
		`ALARM("a\"`:                        `column 7: the quote is not closed`,
		`ALARM(a b)`:                        `column 9: "b" is not expected after the name of an alarm: want ")", or the whole name in quotes`,
		`ALARM("é") AND`:                    `column 15: the end is not expected here: ` + term,
		`AT_LEAST(2, ALARM, (a, b))`:        `column 1: AT_LEAST is a function of CloudWatch that is not known here: write it out with AND and OR`,
		strings.Repeat("NOT ", 99) + "TRUE": `column 201: the rule nests deeper than 50 levels`,
		strings.Repeat("(", 99):             `column 51: the rule nests deeper than 50 levels`,
		`ALARM("` + strings.Repeat("a", 11000) + `")`: `the rule has 11009 characters, CloudWatch takes 10240`,
		"TRUE" + strings.Repeat(" OR TRUE", 500):      `the rule has 501 alarms, TRUE, FALSE and parentheses, CloudWatch takes 500 together`,
		"TRUE" + alarmsNamed(101):                     `the rule names 101 alarms, CloudWatch takes 100`,
	} {
		if r, err := alarms.ParseRule(text); err == nil || err.Error() != want {
			t.Errorf("%.60s\n got %v, %v\nwant %s", text, r, err, want)
		}
	}
	if _, err := alarms.ParseRule("TRUE" + alarmsNamed(100)); err != nil {
		t.Errorf("100 alarms: %v", err)
	}
}

func alarmsNamed(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " OR ALARM(a%d)", i)
	}
	return b.String()
}

// FuzzParseRule checks that a text is refused or understood, and that what was
// understood is written so that it is understood again.
func FuzzParseRule(f *testing.F) {
	for _, text := range []string{
		`(ALARM("a") OR OK(b)) AND NOT INSUFFICIENT_DATA("c d")`, `NOT NOT (TRUE AND False)`, `ALARM("a\"b\\")`, `((`, `ALARM(`, `ALARM("`, `OK(a,b)`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := alarms.ParseRule(text)
		if err != nil {
			if err.Error() == "" {
				t.Fatalf("%q is refused without a word", text)
			}
			return
		}
		r.Holds(func(string) alarms.State { return alarms.StateOK })
		quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
		written := r.Text(quote.Replace)
		again, err := alarms.ParseRule(written)
		if err != nil && !strings.Contains(err.Error(), "CloudWatch takes") && !strings.Contains(err.Error(), "nests deeper") { // more parentheses
			t.Fatalf("%q was written as %q: %v", text, written, err)
		}
		if diff := cmp.Diff(r, again); err == nil && diff != "" {
			t.Fatalf("%q was written as %q and understood otherwise:\n%s", text, written, diff)
		}
	})
}
