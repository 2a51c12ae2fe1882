package story

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tracehaul/tracehaul/internal/trace"
)

func (p *writer) logs(t *Story) {
	if len(t.Logs) == 0 {
		return
	}
	p.section("log lines")
	begin, _ := t.Trace.Bounds()
	if begin.IsZero() {
		begin = t.Logs[0].Time
	}
	names := t.spanNames()
	for i := range t.Logs {
		l := &t.Logs[i]
		severity := fmt.Sprintf("%-5s", trace.Printable(l.Severity))
		if isBad(l.Severity) {
			severity = p.paint(red, severity)
		}
		in := names[l.SpanID]
		if in != "" {
			in = p.paint(dim, " in "+trace.Printable(in))
		}
		fmt.Fprintf(&p.b, "  %10s  %s %s  %s%s%s\n", l.after(begin), severity, trace.Printable(l.Service), trace.Printable(l.Text), trace.Printable(l.attributes()), in)
	}
}

func isBad(severity string) bool {
	s := strings.ToUpper(severity)
	return strings.HasPrefix(s, "ERR") || strings.HasPrefix(s, "FATAL") || strings.HasPrefix(s, "WARN")
}

// after is how long after the trace's beginning a line was written.
func (l *Log) after(begin time.Time) string {
	if l.Time.IsZero() || begin.IsZero() {
		return "-"
	}
	d := l.Time.Sub(begin)
	if d < 0 {
		return trace.FormatDuration(d)
	}
	return "+" + trace.FormatDuration(d)
}

// attributes are those of a line, in order of their names.
func (l *Log) attributes() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(l.Attributes)) {
		fmt.Fprintf(&b, "  %s=%s", name, clip(text(l.Attributes[name]), 300))
	}
	return b.String()
}

// spanNames are the names of spans by their ids.
func (t *Story) spanNames() map[string]string {
	names := map[string]string{}
	for i := range t.Spans {
		names[t.Spans[i].SpanID] = t.Spans[i].Name
	}
	for i := range t.Linked {
		names[t.Linked[i].SpanID] = t.Linked[i].Name
	}
	return names
}

func (p *writer) asked(t *Story) {
	p.section("asked")
	tw := tabwriter.NewWriter(&p.b, 0, 0, 2, ' ', 0)
	for _, r := range t.Asked {
		what := r.Found
		switch {
		case r.Problem != "":
			what = "could not be asked: " + r.Problem
		case r.Skipped != "":
			what = "not asked: " + r.Skipped
		}
		fmt.Fprintf(tw, "  %s\t%s\n", trace.Printable(r.Name), trace.Printable(strings.ReplaceAll(what, "\n", "; ")))
	}
	_ = tw.Flush() // into memory
	for _, s := range t.Skipped {
		p.line("  not configured: %s", s)
	}
}
