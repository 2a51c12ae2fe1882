package simulator_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
)

// scene makes a history of alarms that are on where their letters are X, and the
// alarms themselves.
func scene(scripts map[string]string) (*simulator.History, []alarms.Alarm) {
	length := 0
	for _, script := range scripts {
		length = max(length, len(script))
	}
	h := simulator.NewHistory(start, length)
	var all []alarms.Alarm
	for key, script := range scripts {
		for minute, letter := range script {
			switch letter {
			case 'X':
				h.Set(metric(key).Metric, minute, simulator.One(1))
			case '.':
				h.Set(metric(key).Metric, minute, simulator.One(0))
			}
		}
		all = append(all, alarms.Alarm{
			Key: key, Notify: alarms.NotifyNobody,
			Metric: &alarms.Metric{Inputs: []alarms.Input{{Signal: metric(key)}}, Missing: alarms.MissingMissing},
		})
	}
	slices.SortFunc(all, func(a, b alarms.Alarm) int { return strings.Compare(a.Key, b.Key) })
	return h, all
}

// TestRun_Suppression has the examples of "Composite alarm action suppression",
// CloudWatch user guide, with their times: "WaitPeriod is configured as 2 time
// units, and ExtensionPeriod is configured as 3 time units". And what the guide
// leaves open.
func TestRun_Suppression(t *testing.T) {
	for name, c := range map[string]struct {
		composite, suppressor string
		want                  string
	}{
		// "changes states from OK to ALARM at t2 ... takes its actions [at t4]"
		"example 1": {"..XXXXXX", "........", "4 ALARM"},
		// "gives the suppressor alarm time to change states from OK to ALARM at t3"
		"example 2": {"..XXXXXX", "...XXXXX", ""},
		// "changes back to OK at t3 ... After the new WaitPeriod expires at t5, the
		// composite alarm takes its actions"
		"example 3": {"..X.....", "........", "5 OK"},
		// "The suppressor alarm is already in ALARM"
		"example 4": {"..XXXXXX", ".XXXXXXX", ""},
		// "At t6, the suppressor alarm changes to OK. An ExtensionPeriod starts at t6
		// and ends at t9. After the ExtensionPeriod expires, the composite alarm
		// takes its actions"
		"example 5": {"..XXXXXXXXX", "...XXX.....", "9 ALARM"},
		// "When the composite alarm changes back to OK at t7 ... a new WaitPeriod
		// starts at t7 and ends at t9"
		"example 6": {"..XXXXX....", "...XXX.....", "9 OK"},

		"on and off while suppressed: nobody is told":      {"..XX........", "...XXXXX....", ""},
		"on before and after: told once":                   {"..XXXXXXXXXXX", ".....XXX.....", "4 ALARM"},
		"told, off while suppressed: told of the end":      {"..XXXX.......", ".....XXX.....", "4 ALARM, 11 OK"},
		"on during the extension: waits":                   {"......XXXXXX", ".XXXX.......", "8 ALARM"},
		"suppressor comes back in the extension":           {"..XXXXXXXXXX", "...XX..XX...", ""},
		"suppressor comes as the wait ends":                {"..XXXXXX", "....XXXX", ""},
		"suppressor without data suppresses nothing":       {"..XXXXXX", "..------", "4 ALARM"},
		"change as the suppressor leaves: waits":           {".....XXXXX", "..XXX.....", "7 ALARM"},
		"flapping: the wait begins anew with each change":  {"..X.X.X.....", "............", "9 OK"},
		"suppressed again and again, told when it is over": {"..XXXXXXXXXXXX", "..XXX..XX.....", "12 ALARM"},
	} {
		t.Run(name, func(t *testing.T) {
			h, all := scene(map[string]string{"child": c.composite, "suppressor": c.suppressor})
			all = append(all, alarms.Alarm{Key: "composite", Composite: &alarms.Composite{
				Rule: alarms.InAlarm("child"), Suppressor: "suppressor", Wait: 2 * time.Minute, Extension: 3 * time.Minute,
			}})
			ok := map[string]alarms.State{"child": alarms.StateOK, "suppressor": alarms.StateOK, "composite": alarms.StateOK}
			r := simulate(t, h, simulator.Config{Alarms: all, States: ok})
			if got := notices(r, h, "composite"); got != c.want {
				t.Errorf("composite  %s\nsuppressor %s\n got %q\nwant %q", c.composite, c.suppressor, got, c.want)
			}
		})
	}
}

// TestRun_SuppressionPeriods: what is not a number of minutes ends at the next
// evaluation, and the defaults are those of alarms.Composite.
func TestRun_SuppressionPeriods(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		time.Second: "3 ALARM", time.Minute: "3 ALARM", 61 * time.Second: "4 ALARM", 0: "4 ALARM",
	} {
		h, all := scene(map[string]string{"child": "..XXXXXX", "suppressor": "........"})
		all = append(all, alarms.Alarm{Key: "composite", Composite: &alarms.Composite{
			Rule: alarms.InAlarm("child"), Suppressor: "suppressor", Wait: wait,
		}})
		r := simulate(t, h, simulator.Config{Alarms: all, States: map[string]alarms.State{"composite": alarms.StateOK}})
		if got := notices(r, h, "composite"); got != want {
			t.Errorf("a wait of %v: %q, want %q", wait, got, want)
		}
	}
}

// TestRun_Rules: a composite is evaluated in the same minute as its children, and a
// notice names those that it is owed to.
func TestRun_Rules(t *testing.T) {
	h, all := scene(map[string]string{"a": "..XXX.-", "b": "...X...", "c": ".......", "d": "-------"})
	for key, rule := range map[string]alarms.Rule{
		"any":    alarms.Any("a", "b", "c"),
		"all":    alarms.All("a", "b"),
		"not":    {Op: alarms.OpAll, Rules: []alarms.Rule{alarms.InAlarm("a"), alarms.Not(alarms.InAlarm("b"))}},
		"silent": {Op: alarms.OpState, Key: "d", State: alarms.StateInsufficientData},
		"ok":     {Op: alarms.OpState, Key: "b", State: alarms.StateOK},
		"always": {Op: alarms.OpTrue},
		"never":  {Op: alarms.OpFalse},
	} {
		all = append(all, alarms.Alarm{Key: key, Composite: &alarms.Composite{Rule: rule}})
	}
	all = append(all, alarms.Alarm{Key: "nested", Composite: &alarms.Composite{Rule: alarms.All("all", "any")}})
	r := simulate(t, h, simulator.Config{Alarms: all})
	for key, want := range map[string]string{
		"any": "OOAAAOO", "all": "OOOAOOO", "not": "OOAOAOO", "silent": "AAAAAAA", "ok": "AAAOAAA", "always": "AAAAAAA", "never": "OOOOOOO",
		"nested": "OOOAOOO",
	} {
		if got := states(r, h, key); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
	children := map[string][]string{}
	for _, n := range r.Notices {
		children[n.Key] = append(children[n.Key], strings.Join(n.Children, "+"))
	}
	for key, want := range map[string]string{
		"any": "a+b+c, a, a+b+c", "all": "a+b, a+b, b", "not": "a, a+b, b, a+b, a", "silent": "d", "ok": "b, b, b", "always": "", "never": "",
		"nested": "all+any, all+any, all",
	} {
		if got := strings.Join(children[key], ", "); got != want {
			t.Errorf("children of %s: %s, want %s", key, got, want)
		}
	}
}

// TestRun_NamesInRules: a rule may name an alarm as CloudWatch does.
func TestRun_NamesInRules(t *testing.T) {
	h, all := scene(map[string]string{"a": ".X"})
	all[0].Name = "prod-orders-a"
	all = append(all, alarms.Alarm{Key: "composite", Composite: &alarms.Composite{Rule: alarms.InAlarm("prod-orders-a"), Suppressor: "prod-orders-a"}})
	r := simulate(t, h, simulator.Config{Alarms: all})
	if got := states(r, h, "composite"); got != "OA" {
		t.Errorf("states %s, want OA", got)
	}
}
