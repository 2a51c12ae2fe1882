//go:build unix

package snippet_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/alarms/internal/insights"
	"github.com/tracehaul/tracehaul/pipeline"
)

// writtenQuery is one of Logs Insights that people have written into a runbook.
type writtenQuery struct {
	file   string
	groups []string // as the runbook calls them, such as $SERVICE_LOGS
	text   string
}

var namedGroup = regexp.MustCompile(`\$[A-Z]+_LOGS`)

// written are the queries of all runbooks: blocks without a language, outside of
// what is generated. Each is for the log groups that are named last before it.
func written(t *testing.T) (list []writtenQuery) {
	t.Helper()
	files, err := filepath.Glob("../../docs/runbooks/*.md")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d runbooks, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, _ := strings.Cut(string(text), "<!-- queries -->")
		_, behind, _ := strings.Cut(rest, "<!-- /queries -->")
		var groups []string
		for i, part := range strings.Split(before+behind, "```") {
			if query := strings.TrimSpace(part); i%2 == 1 && strings.HasPrefix(part, "\n") {
				list = append(list, writtenQuery{filepath.Base(file), groups, query})
			}
			for line := range strings.Lines(part) {
				if named := namedGroup.FindAllString(line, -1); i%2 == 0 && named != nil {
					groups = named
				}
			}
		}
	}
	return list
}

// rare are the runbooks with queries of lines that are not written here, and why.
// Their fields and values are held against what is.
var rare = map[string]string{
	"dlq-arrivals.md":         "no letter is sent by the consumer while this runs",
	"database-connections.md": "no database is full here",
	"database-deadlocks.md":   "no two transactions wait for each other",
	"no-healthy-hosts.md":     "the service has room for every request",
	"service-cpu.md":          "the same",
	"service-memory.md":       "the same",
}

// byPostgres are codes that PostgreSQL gives. (PostgreSQL documentation, appendix A,
// "PostgreSQL Error Codes".)
var byPostgres = []string{
	"40001", // serialisation_failure
	"40P01", // deadlock_detected
	"53300", // too_many_connections
	"55P03", // lock_not_available
}

// writtenAreFound asks what the programs have written in the log groups that the
// runbooks name.
func (s *stage) writtenAreFound(list []writtenQuery) {
	s.t.Helper()
	if len(list) < 30 {
		s.t.Errorf("there are only %d queries in runbooks", len(list))
	}
	sources := programSources(s.t)
	s.until("queries in runbooks", func() error {
		var errs []error
		for _, q := range list {
			if err := s.findsWritten(q, sources); err != nil {
				errs = append(errs, fmt.Errorf("%s: %s: %w", q.file, q.text, err))
			}
		}
		return errors.Join(errs...)
	})

	// And it can fail.
	service, albspans := []string{"$SERVICE_LOGS"}, []string{"$ALBSPANS_LOGS"}
	for _, wrong := range []writtenQuery{
		{"", service, `filter msg = "refused" | stats count(*) by reasons`},
		{"", albspans, `filter msg = "bad lines in access log" | stats count(*) by error`},
		{"", albspans, `filter msg = "bad line in access log" | stats count(*) by error, route`},
		{"", albspans, `filter msg = "access log read" | stats sum(messages), sum(stored), sum(late)`},
		{"", albspans, `filter msg = "refused" | stats count(*) by code`},
		{"", service, `filter msg = "refused" and code in ["overloaded", "overload_ed"] or level = "ERROR" | stats count(*) by code`},
		{"database-deadlocks.md", service, `filter code = "no such code" | stats count(*) by code`},
		{"database-deadlocks.md", service, `filter code = "40P01" | stats count(*) by codes`},
		{"", nil, `filter msg = "refused" | stats count(*) by code`},
	} {
		if err := s.findsWritten(wrong, sources); err == nil {
			s.t.Errorf("%v: %s finds something", wrong.groups, wrong.text)
		}
	}
}

// findsWritten says what is wrong with a query of a runbook.
func (s *stage) findsWritten(q writtenQuery, sources string) error {
	if _, err := insights.Parse(q.text); err != nil {
		return err
	}
	if len(q.groups) == 0 {
		return errors.New("no log group is named before it")
	}
	if ofLambda(s.t, q.text) {
		return tryLambda(q.text, lambdaLines(s.t))
	}
	var errs []error
	for _, name := range q.groups {
		if name == "$NOTIFIER_LOGS" { // it is not on this stage: its lines are those of its source
			errs = append(errs, knowsValues(q.text, nil, sources))
			continue
		}
		errs = append(errs, q.findsIn(s.heard(s.groupOf(name)), sources))
	}
	if slices.Contains(errs, nil) {
		return nil
	}
	return errors.Join(errs...)
}

// findsIn says what is wrong with a query of some lines, whichever trace it is
// asked for.
func (q writtenQuery) findsIn(lines []map[string]any, sources string) (err error) {
	for _, id := range complaining(lines) {
		text := strings.ReplaceAll(q.text, "TRACE_ID", id)
		text = strings.ReplaceAll(text, "`aws.ecs.task.id`, ", "")    // no task of ECS runs here
		text = strings.ReplaceAll(text, "not ispresent(msg) or ", "") // what Go writes when it dies
		err = knowsValues(text, lines, sources)
		switch {
		case err != nil:
		case rare[q.file] != "":
			err = hasFields(text, lines)
		default:
			err = insights.Try(text, lines)
		}
		if err == nil {
			return nil
		}
	}
	return err
}

// groupOf is the log group that a runbook calls by a name.
func (s *stage) groupOf(name string) string {
	p := s.Pipeline()
	switch name {
	case "$SERVICE_LOGS":
		return pipeline.LogGroupName(pipeline.KindService, p.ServiceName())
	case "$FUNCTION_LOGS":
		return pipeline.LogGroupName(pipeline.KindFunction, p.Consumers[0].FunctionName())
	case "$ALBSPANS_LOGS":
		return pipeline.LogGroupName(pipeline.KindFunction, p.ALBSpansName())
	}
	return ""
}

// complaining are the traces of lines that complain, of which each may lack what
// another has.
func complaining(lines []map[string]any) []string {
	ids := []string{"none"}
	for _, line := range lines {
		if id, ok := line["trace_id"].(string); ok && line["level"] != "INFO" && line["error"] != nil && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// hasFields says which field of a query no line has.
func hasFields(query string, lines []map[string]any) error {
	q, err := insights.Parse(query)
	if err != nil {
		return err
	}
	for _, name := range q.Fields() {
		if !strings.HasPrefix(name, "@") && !slices.ContainsFunc(lines, func(line map[string]any) bool { return line[name] != nil }) {
			return fmt.Errorf("no line has a field %s", name)
		}
	}
	return nil
}

var queryText = regexp.MustCompile(`"([^"]*)"`)

// knowsValues says which text that a query compares with is in no line and no
// source of a program, each of those that it may be among.
func knowsValues(query string, lines []map[string]any, sources string) error {
	values := map[string]struct{}{}
	for _, line := range lines {
		for v := range maps.Values(line) {
			if text, ok := v.(string); ok {
				values[text] = struct{}{}
			}
		}
	}
	for _, m := range queryText.FindAllStringSubmatch(query, -1) {
		if _, written := values[m[1]]; !written && !slices.Contains(byPostgres, m[1]) && !strings.Contains(sources, m[0]) {
			return fmt.Errorf("no program writes %s", m[0])
		}
	}
	for _, m := range either.FindAllStringSubmatch(query, -1) {
		for alternative := range strings.SplitSeq(m[1], "|") {
			if ok, err := regexp.MatchString(`"[^"\n]*`+alternative+`[^"\n]*"`, sources); err != nil || !ok {
				return fmt.Errorf("no program writes %s, %w", alternative, err)
			}
		}
	}
	return nil
}

// programSources is the Go of what writes lines, without its tests.
func programSources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, dir := range []string{"service", "consumer", "telemetry", "alarms/notify", "cmd/service", "cmd/consumer", "cmd/albspans", "cmd/notifier"} {
		err := filepath.WalkDir(filepath.Join("../..", dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			all.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}
