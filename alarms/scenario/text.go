package scenario

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tracehaul/tracehaul/internal/figure"
)

// Level says how much is written of a run.
type Level int

// Levels.
const (
	// LevelUsual writes who is told what in incidents, what each alarm did, and
	// what did not go as expected.
	LevelUsual Level = iota
	// LevelBrief writes what did not go as expected, and one line.
	LevelBrief
	// LevelFull writes who is told what in every scenario, and what each alarm
	// did.
	LevelFull
)

// Text writes a report for people.
func (r *Report) Text(w io.Writer, level Level) error {
	var b strings.Builder
	failed := 0
	if level == LevelUsual {
		r.incidents(&b)
	}
	if level == LevelFull {
		for _, o := range r.Scenarios {
			o.text(&b)
		}
	}
	if level != LevelBrief {
		r.alarms(&b)
	}
	for _, o := range r.Scenarios {
		if o.OK() {
			continue
		}
		failed++
		if level != LevelFull {
			o.text(&b)
		}
	}
	for _, untried := range r.Untried {
		fmt.Fprintln(&b, untried)
	}
	fmt.Fprintf(&b, "%s, %d failed; %s; %s of normal traffic; %s\n",
		figure.Counted(len(r.Scenarios), "scenario"), failed, figure.Counted(len(r.Alarms), "alarm"), r.NormalFor, r.Took.Round(10*time.Millisecond))
	_, err := io.WriteString(w, b.String())
	return err
}

// text writes one scenario.
func (o *Outcome) text(b *strings.Builder) {
	verdict := "ok  "
	if !o.OK() {
		verdict = "FAIL"
	}
	fmt.Fprintf(b, "%s %s:%d: %s\n", verdict, o.File, o.Line, o.Title)
	for _, f := range o.Failures {
		fmt.Fprintf(b, "       %s:%d: %s\n", o.File, f.Line, f.Message)
		for _, line := range f.Timeline {
			fmt.Fprintf(b, "         %s\n", line)
		}
	}
	for _, t := range o.told() {
		fmt.Fprintf(b, "       %-6s %-5s %s -> %s\n", t.at, t.state, t.alarm, strings.Join(t.to, ", "))
	}
}

// telling is a message that goes to some destinations at once.
type telling struct {
	at           Minutes
	alarm, state string
	to           []string
}

// told is who was told what, in order.
func (o *Outcome) told() []telling {
	var all []telling
	for _, m := range o.Messages {
		if n := len(all); n > 0 && all[n-1].at == m.At && all[n-1].alarm == m.Alarm && all[n-1].state == m.StateName {
			all[n-1].to = append(all[n-1].to, m.Destination)
			continue
		}
		all = append(all, telling{m.At, m.Alarm, m.StateName, []string{m.Destination}})
	}
	return all
}

// incidents writes who is told what in the scenarios that lie in a directory
// incidents.
func (r *Report) incidents(b *strings.Builder) {
	first := true
	for _, o := range r.Scenarios {
		if filepath.Base(filepath.Dir(o.File)) != "incidents" {
			continue
		}
		if first {
			fmt.Fprint(b, "Incidents: who is told what, and when\n\n")
			first = false
		}
		fmt.Fprintf(b, "%s: %s\n", o.Title, o.counts())
		for _, t := range o.told() {
			fmt.Fprintf(b, "  %-6s %-5s %s -> %s\n", t.at, t.state, t.alarm, strings.Join(t.to, ", "))
		}
	}
	if !first {
		fmt.Fprintln(b)
	}
}

// counts is how many messages each destination gets.
func (o *Outcome) counts() string {
	counts := map[string]int{}
	var order []string
	for _, m := range o.Messages {
		if counts[m.Destination] == 0 {
			order = append(order, m.Destination)
		}
		counts[m.Destination]++
	}
	if len(order) == 0 {
		return "nobody is told"
	}
	for i, d := range order {
		order[i] = figure.Counted(counts[d], "message") + " to " + d
	}
	return strings.Join(order, ", ")
}

// alarms writes the table of those alarms that did something, or were expected
// not to.
func (r *Report) alarms(b *strings.Builder) {
	const head = "fired\tquiet\trecovered\tdetected after\tmessages\tnoise\tnearest\t alarm\n"
	fmt.Fprint(b, "Alarms: in how many scenarios they went off as expected, stayed quiet in trouble and recovered; after how long\n"+
		"(least / median / most); how often they went off on normal days, and how near they came (100 % goes off)\n\n")
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, head)
	for i := range r.Alarms {
		a := &r.Alarms[i]
		if a.idle() {
			continue
		}
		detected, nearest := "-", "-"
		if a.Fired > 0 {
			detected = fmt.Sprintf("%s / %s / %s", a.Least, a.Median, a.Most)
		}
		if a.Nearest != nil {
			nearest = fmt.Sprintf("%.0f %%", *a.Nearest)
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%s\t%d\t%d\t%s\t %s\n", a.Fired, a.Quiet, a.Recovered, detected, a.Messages, a.False, nearest, a.Alarm)
	}
	_ = w.Flush() // a strings.Builder takes everything
	fmt.Fprintln(b)
}

// idle reports whether there is nothing to say of an alarm.
func (a *AlarmReport) idle() bool {
	return a.Fired+a.Quiet+a.Messages+a.False == 0 && a.Nearest == nil
}
