package scenario

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Text writes a report for people. details adds what every alarm did, and who
// was told of what.
func (r *Report) Text(w io.Writer, details bool) error {
	var b strings.Builder
	failed := 0
	for _, o := range r.Scenarios {
		if !o.OK() {
			failed++
		}
		if details || !o.OK() {
			o.text(&b)
		}
	}
	if details {
		r.alarms(&b)
	}
	for _, untried := range r.Untried {
		fmt.Fprintln(&b, untried)
	}
	fmt.Fprintf(&b, "%s, %d failed; %s; %s of normal traffic; %s\n",
		plural(len(r.Scenarios), "scenario"), failed, plural(len(r.Alarms), "alarm"), r.NormalFor, r.Took.Round(10*time.Millisecond))
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
	for _, m := range o.told() {
		fmt.Fprintf(b, "       %s\n", m)
	}
}

// told is who was told what, a line for each message that went to some
// destinations at once.
func (o *Outcome) told() []string {
	var lines []string
	for i := 0; i < len(o.Messages); {
		m := o.Messages[i]
		to := []string{m.Destination}
		for i++; i < len(o.Messages) && o.Messages[i].At == m.At && o.Messages[i].Alarm == m.Alarm && o.Messages[i].State == m.State; i++ {
			to = append(to, o.Messages[i].Destination)
		}
		lines = append(lines, fmt.Sprintf("%-6s %-5s %s -> %s", m.At, m.State, m.Alarm, strings.Join(to, ", ")))
	}
	return lines
}

// alarms writes the table of alarms.
func (r *Report) alarms(b *strings.Builder) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "fired\tquiet\trecovered\tdetected after\tmessages\tfalse\t alarm")
	for i := range r.Alarms {
		a := &r.Alarms[i]
		detected := "-"
		if len(a.detection) > 0 {
			detected = fmt.Sprintf("%s / %s / %s", a.Least, a.Median, a.Most)
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%s\t%d\t%d\t %s\n", a.Fired, a.Quiet, a.Recovered, detected, a.Messages, a.False, a.Alarm)
	}
	_ = w.Flush() // a strings.Builder takes everything
}
