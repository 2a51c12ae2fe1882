package deploy

import (
	"fmt"
	"strings"
)

// Markdown is the report as the summary of a job.
func (r *Report) Markdown() string {
	var b strings.Builder
	mark := "✅"
	if r.Refused {
		mark = "❌"
	}
	fmt.Fprintf(&b, "### %s %s\n\n", mark, escape(r.title()))
	if advice := r.advice(); advice != "" {
		fmt.Fprintf(&b, "%s\n\n", advice)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "- **%s** `%s`: %s", f.label(), f.Subject, escape(f.Text))
		if f.Runbook != "" && f.Refuses {
			fmt.Fprintf(&b, " (%s)", link("runbook", f.Runbook))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "- %s\n- %s\n\n", escape(r.states()), link("dashboard", r.Dashboard))
	return b.String()
}

// Markdown is the verdict as the summary of a job.
func (r *Result) Markdown() string {
	var b strings.Builder
	mark := "❌"
	switch r.Outcome {
	case OutcomeServing:
		if mark = "✅"; r.Unwatched {
			mark = "⚠️"
		}
	case OutcomeTimedOut:
		mark = "⏳"
	case OutcomeRolledBack, OutcomeStopped, OutcomeFailed, OutcomeSuperseded:
	}
	fmt.Fprintf(&b, "### %s %s: %s\n\n| | |\n| --- | --- |\n", mark, escape(r.Subject), escape(r.headline()))
	for _, row := range r.rows() {
		text := escape(row.text)
		if row.name == "runbook" || row.name == "dashboard" {
			text = link(row.name, row.text)
		}
		fmt.Fprintf(&b, "| %s | %s |\n", row.name, text)
	}
	b.WriteByte('\n')
	return b.String()
}

// link is a link, or a path where there is no address.
func link(text, address string) string {
	if !strings.Contains(address, "://") {
		return "`" + address + "`"
	}
	return "[" + text + "](" + address + ")"
}

// escape keeps what others wrote from being read as Markdown, or as HTML.
func escape(s string) string {
	return strings.NewReplacer(
		`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "|", `\|`, "#", `\#`, "@", "&#64;", "\n", " ", "\r", " ",
	).Replace(s)
}
