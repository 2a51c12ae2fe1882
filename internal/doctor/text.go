package doctor

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Style is how a report is written.
type Style struct {
	// Colour adds ANSI colours. Nothing is said by them alone. Defaults to false.
	Colour bool

	// Width is how many characters a line may have. Defaults to any number.
	Width int

	// Quiet leaves out what is well. Defaults to false.
	Quiet bool
}

var hopTitles = map[signal.Hop]string{
	signal.HopEdge: "Load balancer", signal.HopService: "Service", signal.HopTopic: "Topic", signal.HopQueue: "Queue", signal.HopConsumer: "Consumer",
	signal.HopDatabase: "Database", signal.HopAlarmPath: "Alarms, logs and dashboards",
}

// mark is a verdict's sign, word and colour.
type mark struct{ sign, word, colour string }

var marks = map[Verdict]mark{
	OK:      {"✓", "ok", "\x1b[32m"},
	Unknown: {"?", "unknown", "\x1b[36m"},
	Warning: {"!", "warning", "\x1b[33m"},
	Fault:   {"✗", "FAULT", "\x1b[31;1m"},
}

const reset, bold = "\x1b[0m", "\x1b[1m"

// WriteText writes the report for people: by hop, in the order of the way.
func (r *Report) WriteText(w io.Writer, style Style) error {
	t := &text{Writer: bufio.NewWriter(w), Style: style}
	where := "in AWS, " + r.Region
	if r.Local {
		where = "on this machine"
	}
	if r.Address != "" {
		where += ": " + r.Address
	}
	t.line("%s %s", r.Pipeline, where)
	t.event(r)
	for _, hop := range signal.Hops() {
		t.hop(hop, r)
	}
	t.leftOut(r.LeftOut)
	t.line("")
	t.line("%s", r.summary())
	return t.Flush()
}

// text writes lines of a report.
type text struct {
	*bufio.Writer
	Style
}

// line writes values as what they are to a terminal: text.
func (t *text) line(format string, args ...any) {
	for i, v := range args {
		if s, ok := v.(string); ok {
			args[i] = printable(s)
		}
	}
	fmt.Fprintf(t, format+"\n", args...)
}

func (t *text) paint(colour, s string) string {
	if !t.Colour || s == "" {
		return s
	}
	return colour + s + reset
}

func (t *text) title(s string) { fmt.Fprintln(t, t.paint(bold, s)) }

func (t *text) event(r *Report) {
	e := r.Event
	if e == nil {
		return
	}
	t.line("event %s, which %s shows", e.ID, r.TraceCommand())
	if len(e.Steps) > 0 {
		t.line("")
		t.title("The way of the event")
	}
	for _, s := range e.Steps {
		t.line("  %-26s %10s", s.Name, trace.FormatDuration(s.Took))
	}
	if e.Left != "" {
		t.line("")
		t.line("Left behind: %s.", e.Left)
		t.line("  %s", e.Remove)
	}
}

func (t *text) hop(hop signal.Hop, r *Report) {
	titled := false
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Hop != hop || t.Quiet && f.Verdict == OK {
			continue
		}
		if !titled {
			titled = true
			t.line("")
			t.title(hopTitles[hop])
		}
		t.finding(f)
	}
}

// findingIndent is where what a finding says begins.
const findingIndent = 13

func (t *text) finding(f *Finding) {
	m := marks[f.Verdict]
	about := f.Check
	if f.Subject != "" {
		about += " " + f.Subject
	}
	t.wrapped("  "+t.paint(m.colour, fmt.Sprintf("%s %-7s", m.sign, m.word))+"  ", findingIndent, printable(about)+": "+printable(f.Found))
	for _, more := range []struct{ label, text string }{{"want", f.Want}, {"why", f.Why}, {"mend", f.Mend}, {"see", f.Page}} {
		if more.text != "" {
			t.wrapped(fmt.Sprintf("%*s%-5s ", findingIndent+2, "", more.label), findingIndent+8, printable(more.text))
		}
	}
}

// wrapped writes a text behind its head, in lines of the width. Those after the
// first begin with as many spaces.
func (t *text) wrapped(head string, indent int, s string) {
	fmt.Fprint(t, head)
	used := indent // which is how wide the head is, colours aside
	for i, word := range strings.Split(s, " ") {
		switch n := utf8.RuneCountInString(word); {
		case i == 0:
			used += n
		case t.Width > 0 && used+1+n > t.Width:
			fmt.Fprintf(t, "\n%*s", indent, "")
			used = indent + n
		default:
			fmt.Fprint(t, " ")
			used += 1 + n
		}
		fmt.Fprint(t, word)
	}
	fmt.Fprintln(t)
}

// printable is a text from outside in one line, fit for a terminal.
func printable(s string) string { return trace.Printable(strings.ReplaceAll(s, "\n", " ")) }

func (t *text) leftOut(list []LeftOut) {
	if len(list) > 0 {
		t.line("")
	}
	for _, l := range list {
		t.wrapped("", 2, "Left out, as "+printable(l.Why)+": "+strings.Join(l.Checks, ", ")+".")
	}
}

// summary is the last line: what is worst, by name, and how much there is.
func (r *Report) summary() string {
	var worst []string
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Verdict == r.Worst() && f.Verdict != OK && !slices.Contains(worst, f.Check) {
			worst = append(worst, f.Check)
		}
	}
	parts := []string{}
	for _, p := range []struct {
		n    int
		what string
	}{{r.Faults, "fault"}, {r.Warnings, "warning"}} {
		if p.n > 0 {
			parts = append(parts, trace.Counted(p.n, p.what))
		}
	}
	if r.Unknown > 0 {
		parts = append(parts, fmt.Sprintf("%d could not be looked at", r.Unknown))
	}
	parts = append(parts, fmt.Sprintf("%d ok", r.OK))
	return map[Verdict]string{OK: "Healthy", Unknown: "Not all could be looked at", Warning: "It works, with warnings", Fault: "Not healthy"}[r.Worst()] + ": " + strings.Join(parts, ", ") + named(worst) + "."
}

func named(checks []string) string {
	if len(checks) == 0 {
		return ""
	}
	return " (" + few(checks) + ")"
}
