package alarms

import (
	"strings"

	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/pipeline"
)

// describe writes the text that CloudWatch sends along with every message: the
// meaning, an empty line, and then what a person, or the notifier, needs next,
// one line each.
func (a *Alarm) describe(p *pipeline.Pipeline) string {
	var b strings.Builder
	b.Grow(maxDescription)
	b.WriteString(a.Meaning)
	b.WriteByte('\n')
	line := func(key, value string) {
		if value != "" {
			b.WriteByte('\n')
			b.WriteString(key)
			b.WriteString(": ")
			b.WriteString(value)
		}
	}
	line("title", a.Title)
	if a.Metric != nil {
		line("condition", a.Condition())
	}
	line("severity", a.Severity)
	line("owner", a.Owner)
	line("hop", string(a.Hop))
	line("runbook", RunbookURL(p, a.Runbook))
	line("dashboard", p.DashboardURL(a.Board))
	line("logs", a.Logs.Group)
	line("query", a.Logs.Text)
	if next := a.command(); b.Len()+len("\nnext: ")+len(next) <= maxDescription {
		line("next", next)
	}
	return b.String()
}

// command is the first of what comes next that is for a shell. One that needs a
// trace's id is none: the message that it stands in has no id.
func (a *Alarm) command() string {
	for _, s := range a.Next {
		if s.Language == snippet.Shell && s.Ready() {
			return s.Text
		}
	}
	return ""
}

// RunbookURL is the address of a runbook, by its file name: below the address
// in the description, or its path in the repository.
func RunbookURL(p *pipeline.Pipeline, file string) string {
	if file == "" {
		return ""
	}
	if p.Runbooks == "" {
		return "docs/runbooks/" + file
	}
	return p.Runbooks + "/" + file
}
