package doctor_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tracehaul/tracehaul/internal/doctor"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

func write(t *testing.T, r *doctor.Report, style doctor.Style) string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteText(&b, style); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// It reads without colours, and what comes from outside does nothing to a
// terminal.
func TestReport_Text_WordsSayAll(t *testing.T) {
	a := healthy(t)
	a.orders()["RawMessageDelivery"] = "\x1b[31mno\nyes"
	r := examine(t, a, false)
	plain := write(t, r, doctor.Style{})
	wantAll(t, plain, "\n  ✗ FAULT    raw-delivery "+queueName+": RawMessageDelivery is \uFFFD[31mno yes\n", "               want  true\n", "               mend  apply iac/terraform/events\n",
		"               see   https://github.com/tracehaul/tracehaul/blob/main/docs/doctor.md#raw-delivery\n", "\nNot healthy: 1 fault, ", "(raw-delivery).\n")
	if strings.Contains(plain, "\x1b") {
		t.Errorf("escapes in %q", plain)
	}
	coloured := write(t, r, doctor.Style{Colour: true})
	wantAll(t, coloured, "\x1b[31;1m✗ FAULT  \x1b[0m", "\x1b[32m✓ ok     \x1b[0m", "\x1b[1mTopic\x1b[0m")
	narrow := write(t, r, doctor.Style{Width: 72})
	for line := range strings.Lines(narrow) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 72 && strings.Contains(strings.TrimLeft(line, " "), " ") && !strings.Contains(line, "://") {
			t.Errorf("a line of %d characters: %s", n, line)
		}
	}
	if strings.Join(strings.Fields(narrow), " ") != strings.Join(strings.Fields(plain), " ") {
		t.Errorf("other words in lines of 72 characters:\n%s", narrow)
	}
	quiet := write(t, r, doctor.Style{Quiet: true})
	if strings.Contains(quiet, "✓") || !strings.Contains(quiet, "raw-delivery") || strings.Contains(quiet, "Queue\n") {
		t.Errorf("quiet is\n%s", quiet)
	}
}

func TestReport_Findings_InTheOrderOfTheWay(t *testing.T) {
	a := healthy(t)
	a.orders()["RawMessageDelivery"] = "false"
	r := examine(t, a, false)
	last, hops := 0, signal.Hops()
	for i, f := range r.Findings {
		at := slices.Index(hops, f.Hop)
		if at < last {
			t.Errorf("finding %d is of %s, after %s", i, f.Hop, hops[last])
		}
		if at > last && f.Hop == signal.HopTopic && f.Verdict != doctor.Fault {
			t.Errorf("the first of %s is %s: want the fault first", f.Hop, f.Verdict)
		}
		last = at
	}
}

// What a report advises is about the environment that was examined.
func TestReport_Commands_AreOfTheEnvironment(t *testing.T) {
	for want, local := range map[string]bool{"tracehaul trace -e prod 4bf9 shows": false, "tracehaul trace 4bf9 shows": true} {
		r := &doctor.Report{Environment: "prod", Local: local, Event: &doctor.Event{ID: "doctor-1", TraceID: "4bf9"}}
		wantAll(t, write(t, r, doctor.Style{}), "event doctor-1, which "+want)
	}
}
