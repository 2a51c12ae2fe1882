package lint

import (
	"strconv"
	"strings"

	"github.com/tracehaul/tracehaul/dashboards/internal/reference"
)

// logsCommands are the commands of Logs Insights. ("CloudWatch Logs Insights
// language query syntax", CloudWatch Logs user guide.)
var logsCommands = setOf([]string{
	"addtotals", "anomaly", "dedup", "diff", "display", "fields", "filter", "filterindex", "join", "limit", "lookup", "parse", "pattern", "sort",
	"source", "stats", "unmask", "unnest",
})

// maxLogLines is the most that a query returns.
const maxLogLines = 10000

func checkLogsInsights(c *checker) {
	for t := range c.of(kindCloudWatch) {
		if language := t.get("queryLanguage").text(); t.get("queryMode").text() != modeLogs || language != "" && language != "CWLI" {
			continue
		}
		at := t.get("expression")
		text, ok := c.query(at)
		if !ok {
			continue
		}
		blanked, err := logsDialect.blank(reference.Replace(text, func(reference.Variable) string { return "1" }))
		if err != nil {
			c.report(at, "the query is not right: %v", err)
			continue
		}
		for command := range strings.SplitSeq(blanked, "|") {
			c.checkLogsCommand(at, strings.Fields(command))
		}
	}
}

func (c *checker) checkLogsCommand(at *node, words []string) {
	if len(words) == 0 {
		c.report(at, "a command is empty: want one before and after every |")
		return
	}
	name, _, _ := strings.Cut(words[0], "(")
	if _, ok := logsCommands[strings.ToLower(name)]; !ok {
		c.report(at, "there is no command %q in Logs Insights%s", name, c.meant(name, keys(logsCommands)))
		return
	}
	if strings.EqualFold(name, "limit") {
		n := 0
		if len(words) == 2 {
			n, _ = strconv.Atoi(words[1]) // 0 when it is no number
		}
		if n < 1 || n > maxLogLines {
			c.report(at, "%q is no limit: want a number from 1 to %d", strings.Join(words, " "), maxLogLines)
		}
	}
}
