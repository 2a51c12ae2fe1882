package notify

import (
	"net/url"
	"strings"

	"github.com/tracehaul/tracehaul/pipeline"
)

// Description is what the description of an alarm says: its meaning and, below,
// a line each, what belongs to it. All of it may be missing.
type Description struct {
	Meaning   string
	Title     string
	Condition string // when it is on, in words
	Severity  string // page, ticket or notice
	Owner     string
	Hop       string
	Runbook   string // an address, or a path in the repository
	Dashboard string // an address
	LogGroup  string
	Query     string // of CloudWatch Logs Insights
	Next      string // a command for a shell
}

// ParseDescription reads the description of an alarm: paragraphs, and after the
// first of them lines such as "owner: team-orders". A line that is none of them
// belongs to the meaning; so does all of a description that a team wrote in a
// way of its own.
func ParseDescription(text string) Description {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	var d Description
	meaning, rest, found := strings.Cut(text, "\n\n")
	if !found && d.takes(firstLine(text)) {
		meaning, rest = "", text
	}
	d = Description{}
	kept := []string{meaning}
	for line := range strings.Lines(rest) {
		if line = strings.TrimSpace(line); !d.takes(line) {
			kept = append(kept, line)
		}
	}
	d.Meaning = strings.TrimSpace(strings.Join(kept, "\n"))
	return d
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// takes reads one line and reports whether it is one of those that have a key.
func (d *Description) takes(line string) bool {
	key, value, _ := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	field, address := d.field(key)
	switch {
	case field == nil || value == "":
		return false
	case address && !isAddress(value):
		return false
	case key == "severity" && !isSeverity(value):
		return false
	}
	*field = value
	return true
}

func (d *Description) field(key string) (field *string, address bool) {
	switch key {
	case "title":
		return &d.Title, false
	case "condition":
		return &d.Condition, false
	case "severity":
		return &d.Severity, false
	case "owner":
		return &d.Owner, false
	case "hop":
		return &d.Hop, false
	case "runbook":
		return &d.Runbook, false
	case "dashboard":
		return &d.Dashboard, true
	case "logs":
		return &d.LogGroup, false
	case "query":
		return &d.Query, false
	case "next":
		return &d.Next, false
	}
	return nil, false
}

func isAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && !strings.ContainsAny(s, "<>| \t\"")
}

func isSeverity(s string) bool {
	return s == pipeline.SeverityPage || s == pipeline.SeverityTicket || s == pipeline.SeverityNotice
}
