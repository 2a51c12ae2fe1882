package snippet

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/tracehaul/tracehaul/pipeline"
)

// PageURL is the address of the environment's page of queries, at the section of
// a runbook: those in the runbook itself have the names of one environment, or,
// where it is the kit's, of another pipeline. The page is where tracehaul
// generate writes it: beside the runbooks, if they are in the repository, else in
// docs/queries on its main branch. It is empty without a repository.
func PageURL(p *pipeline.Pipeline, runbook string) string {
	if p.Repository == "" {
		return ""
	}
	docs, beside := strings.CutSuffix(p.Runbooks, "/runbooks")
	if !beside || !strings.HasPrefix(docs, p.Repository+"/") {
		docs = p.Repository + "/blob/main/docs"
	}
	return docs + "/queries/" + p.Environment + ".md#" + strings.TrimSuffix(runbook, ".md")
}

// InsightsURL is an address of CloudWatch's console that opens a query of Logs
// Insights over a log group with a time filled in. home is the console's own
// address, up to the #.
//
// AWS does not document the form. It is that of the addresses which the console
// itself makes: an object in the notation of JSURL
// (https://github.com/Sage/jsurl), behind a question mark and an equals sign that
// are escaped with $.
func InsightsURL(home, group, query string, from, to time.Time) string {
	const milliseconds = "2006-01-02T15:04:05.000Z"
	return home + "#logsV2:logs-insights$3FqueryDetail$3D~(" +
		"end~" + jsurlText(to.UTC().Format(milliseconds)) +
		"~start~" + jsurlText(from.UTC().Format(milliseconds)) +
		"~timeType~'ABSOLUTE~tz~'UTC~editorString~" + jsurlText(query) +
		"~source~(~" + jsurlText(group) + ")~lang~'CWLI)"
}

// jsurlText is a text in JSURL.
func jsurlText(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.':
			b.WriteRune(r)
		case r == '$':
			b.WriteByte('!')
		case r < 0x100:
			fmt.Fprintf(&b, "*%02x", r)
		default: // as JavaScript has it
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, "**%04x", unit)
			}
		}
	}
	return b.String()
}
