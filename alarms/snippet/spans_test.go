//go:build unix

package snippet_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/alarms/internal/insights"
	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/internal/trace"
)

const spansGroup = "aws/spans"

// spansAreFound asks the spans of the real programs, in the language of each place
// where they may be kept: the description's, and a Tempo.
func (s *stage) spansAreFound(described []snippet.Snippet) {
	s.t.Helper()
	asked := 0
	for _, q := range append(described, snippet.For(s.Pipeline()).Failing()) {
		if q.Group == spansGroup {
			asked++
			s.until(q.Text, func() error { return try(q.Text, spanLines(s.Telemetry().Latest(5000))) })
		}
	}
	other := *s.Pipeline()
	other.Telemetry.Export, other.Telemetry.Endpoint = "endpoint", "https://otlp.example.com"
	all := used(s.t, &other)[snippet.TraceQL]
	all = append(all, snippet.For(&other).Failing())
	for _, q := range all {
		s.until(q.Text, func() error { return findSpan(q.Text, s.Telemetry().Latest(5000)) })
	}
	if asked < 9 || asked != len(all) {
		s.t.Errorf("%d queries of spans in Logs Insights, %d in TraceQL", asked, len(all))
	}
}

var absent = regexp.MustCompile(`not ispresent\((\S+)\)`)

// try asks lines. Of a field that must not be there, others than those that pass
// have to have it: else its name may be wrong.
func try(query string, lines []map[string]any) error {
	m := absent.FindStringSubmatch(query)
	if m == nil {
		return insights.Try(query, lines)
	}
	without := slices.DeleteFunc(slices.Clone(lines), func(line map[string]any) bool { return line[m[1]] != nil })
	if len(without) == len(lines) {
		return fmt.Errorf("no line has a field %s", m[1])
	}
	return insights.Try(strings.Replace(query, m[0], "not (1 = 2)", 1), without)
}

// spanLines are spans as the log group aws/spans has them, with their fields as
// Logs Insights finds them.
func spanLines(traces []*trace.Trace) (lines []map[string]any) {
	for _, t := range traces {
		for _, span := range t.Spans() {
			line := map[string]any{}
			flatten(line, "", spanObject(span))
			lines = append(lines, line)
		}
	}
	return lines
}

func spanObject(s trace.Span) map[string]any {
	status := s.Status
	if status == "" {
		status = "UNSET"
	}
	return map[string]any{
		"traceId": s.TraceID, "spanId": s.SpanID, "name": s.Name, "kind": s.Kind,
		"startTimeUnixNano": float64(s.Start.UnixNano()), "endTimeUnixNano": float64(s.End.UnixNano()), "durationNano": float64(s.Duration()),
		"status": map[string]any{"code": status}, "attributes": s.Attributes, "resource": map[string]any{"attributes": s.Resource},
	}
}

// flatten names fields as Logs Insights does: by the way to them, members of lists
// by their numbers. ("Supported logs and discovered fields", Amazon CloudWatch
// Logs user guide.)
func flatten(line map[string]any, name string, v any) {
	within := func(key string) string {
		if name == "" {
			return key
		}
		return name + "." + key
	}
	switch v := v.(type) {
	case map[string]any:
		for key, one := range v {
			flatten(line, within(key), one)
		}
	case []any:
		for i, one := range v {
			flatten(line, within(strconv.Itoa(i)), one)
		}
	case []string:
		for i, one := range v {
			flatten(line, within(strconv.Itoa(i)), one)
		}
	case int64:
		line[name] = float64(v)
	default:
		line[name] = v
	}
}

// The lines that queries are tried on have the fields of recorded lines of
// aws/spans, and write kind and status as those do.
func TestSpanLines_AreAsRecorded(t *testing.T) {
	f, err := os.Open("../../internal/story/source/testdata/aws-spans.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	recorded, kinds, codes := map[string]struct{}{}, map[string]struct{}{}, map[string]struct{}{}
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		var object map[string]any
		if err := json.Unmarshal(scanner.Bytes(), &object); err != nil {
			t.Fatal(err)
		}
		for _, open := range []string{"attributes", "resource"} { // their keys are the program's
			object[open] = true
		}
		line := map[string]any{}
		flatten(line, "", object)
		for name := range line {
			recorded[name] = struct{}{}
		}
		kinds[line["kind"].(string)], codes[line["status.code"].(string)] = struct{}{}, struct{}{}
	}
	made := spanObject(trace.Span{Kind: "SERVER"})
	made["attributes"], made["resource"] = true, true
	line := map[string]any{}
	flatten(line, "", made)
	for name := range line {
		if _, ok := recorded[name]; !ok {
			t.Errorf("no recorded line has %s: they have %v", name, slices.Sorted(maps.Keys(recorded)))
		}
	}
	_, server := kinds["SERVER"]
	_, failed := codes["ERROR"]
	if _, unset := codes[line["status.code"].(string)]; !server || !failed || !unset {
		t.Errorf("recorded lines have the kinds %v and the codes %v", kinds, codes)
	}
}
