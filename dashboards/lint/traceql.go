package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/dashboards/internal/reference"
)

var (
	// bareFraction is a number such as .95, which TraceQL reads as an attribute.
	bareFraction = regexp.MustCompile(`(^|[\s(,=<>+*/-])(\.\d+)`)

	// comparison is an operator and what follows it.
	comparison = regexp.MustCompile(`(=~|!~|!=|>=|<=|=|>|<)\s*([A-Za-z_][\w.:-]*)`)

	traceID = regexp.MustCompile(`^[0-9a-fA-F]{16,32}$`)

	duration = regexp.MustCompile(`^\d`)
)

// traceWords are the values that stand without quotes. ("Construct a TraceQL
// query", Grafana Tempo documentation.)
var traceWords = setOf([]string{
	"error", "ok", "unset", "unspecified", "internal", "server", "client", "producer", "consumer", "true", "false", "nil",
	"duration", "name", "status", "kind", "statusMessage", "rootName", "rootServiceName", "traceDuration", "nestedSetParent",
})

// traceScopes begin the names of attributes.
var traceScopes = []string{"span.", "resource.", "parent.", "event.", "link.", "instrumentation.", "trace:", "span:", "event:", "link:", "instrumentation:"}

func checkTraceQL(c *checker) {
	for t := range c.of(kindTempo) {
		switch t.get("queryType").text() {
		case "":
			c.report(t.get("queryType"), "queryType is not set: want traceql, or another of Tempo's")
		case "traceql", "traceqlSearch", "traceId":
			at := t.get("query")
			if strings.TrimSpace(at.text()) == "" && t.get("queryType").text() == "traceqlSearch" {
				continue // made of filters
			}
			if text, ok := c.query(at); !ok {
				continue
			} else if fault := traceFault(text); fault != "" {
				c.report(at, "the query is no TraceQL: %s", fault)
			}
		}
	}
}

// traceFault says what is wrong with a query of TraceQL, or nothing.
func traceFault(text string) string {
	text = strings.TrimSpace(text)
	whole := reference.Find(text)
	if traceID.MatchString(text) || len(whole) == 1 && whole[0].Start == 0 && whole[0].End == len(text) {
		return "" // a trace's id
	}
	text = reference.Replace(text, func(reference.Variable) string { return "1" })
	blanked, err := traceDialect.blank(text)
	if err != nil {
		return err.Error()
	}
	if !strings.Contains(blanked, "{") {
		return "want a selection of spans such as { status = error }"
	}
	if m := bareFraction.FindStringSubmatch(blanked); m != nil {
		return m[2] + " is an attribute's name: want 0" + m[2]
	}
	for _, m := range comparison.FindAllStringSubmatch(blanked, -1) {
		value := m[2]
		if _, ok := traceWords[value]; ok || strings.Trim(value, "_") == "" || duration.MatchString(value) {
			continue
		}
		if !slices.ContainsFunc(traceScopes, func(scope string) bool { return strings.HasPrefix(value, scope) }) {
			return value + ` has no quotes: want "` + value + `"`
		}
	}
	return ""
}
