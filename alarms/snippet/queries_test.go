//go:build unix

package snippet_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/alarms/snippet/insights"
	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/pipeline"
)

// byLambda are the fields that CloudWatch makes, or finds in lines of Lambda
// itself.
// ("Supported logs and discovered fields", Amazon CloudWatch Logs user guide.)
var byLambda = []string{"@timestamp", "@message", "@logStream", "@type", "@initDuration", "@duration", "@maxMemoryUsed", "@memorySize", "@requestId"}

// The real programs are run, everything goes wrong once, and then each query must
// find lines, or spans, that they have really written, with every field that it
// names.
func TestQueries_RealLinesAndSpans_AreFound(t *testing.T) {
	p := described(t)
	s := startStage(t, p)
	s.trouble()
	all := used(t, p)
	notifier := pipeline.LogGroupName(pipeline.KindFunction, p.NotifierName())
	asked := 0
	for _, q := range all[snippet.LogsInsights] {
		if q.Group == notifier || q.Group == spansGroup || ofLambda(t, q.Text) {
			continue // the first is tried in package notify
		}
		asked++
		s.until(q.Group+": "+q.Text, func() error { return insights.Try(q.Text, s.heard(q.Group)) })
	}
	if asked < 15 {
		t.Errorf("only %d queries of lines were asked", asked)
	}
	s.spansAreFound(all[snippet.LogsInsights])

	// Those that people have written into the runbooks: they cannot all find
	// lines, but must name fields that lines have.
	for file, list := range written(t) {
		for _, text := range list {
			if err := s.names(text); err != nil {
				t.Errorf("%s: %s: %v", file, text, err)
			}
		}
	}
	if err := s.names(`filter msg = "refused" | stats count(*) by reasons`); err == nil {
		t.Error("a field that no line has is none that is missed")
	}

	// And it can fail: names that nobody writes are not found.
	group := pipeline.LogGroupName(pipeline.KindService, p.ServiceName())
	for _, wrong := range []string{`filter msg = "refused" | stats count(*) by reasons`, `filter message = "refused"`} {
		if err := insights.Try(wrong, s.heard(group)); err == nil {
			t.Errorf("%s finds something", wrong)
		}
	}
	if err := insights.Try(`filter status.code = "ERRORS"`, spanLines(s.Telemetry().Latest(5000))); err == nil {
		t.Error("a status that no span has is found")
	}
	if err := findSpan(`{ resource.service.name = "orders-intake" && span.http.status_code = 400 }`, s.Telemetry().Latest(5000)); err == nil {
		t.Error("an attribute that nobody sets is found")
	}
}

// notHere are fields of lines that no program has written here: of a task of ECS,
// and of the notifier, whose own tests have them.
var notHere = []string{"aws.ecs.task.id", "topic", "alarm", "state", "destination"}

// names says which field of a query no line of any program has.
func (s *stage) names(text string) error {
	q, err := insights.Parse(text)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range q.Fields() {
		has := slices.Contains(notHere, name) || slices.Contains(byLambda, name)
		for _, lines := range s.lines {
			has = has || slices.ContainsFunc(lines, func(line map[string]any) bool { return line[name] != nil })
		}
		if !has {
			return fmt.Errorf("no line has a field %s", name)
		}
	}
	return nil
}

// written are the queries of Logs Insights that people have written into the
// runbooks: blocks without a language, outside of what is generated.
func written(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("../../docs/runbooks/*.md")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d runbooks, %v", len(files), err)
	}
	list := map[string][]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, _ := strings.Cut(string(text), "<!-- queries -->")
		_, behind, _ := strings.Cut(rest, "<!-- /queries -->")
		for i, part := range strings.Split(before+behind, "```") {
			if query := strings.TrimSpace(part); i%2 == 1 && strings.HasPrefix(part, "\n") && !strings.HasPrefix(query, "{") {
				list[filepath.Base(file)] = append(list[filepath.Base(file)], query)
			}
		}
	}
	return list
}

// ofLambda tells whether a query asks lines of Lambda itself, of which there are
// none here; it checks their fields.
func ofLambda(t *testing.T, text string) bool {
	t.Helper()
	q, err := insights.Parse(text)
	if err != nil {
		t.Errorf("%s: %v", text, err)
		return true
	}
	for _, name := range q.Fields() {
		if strings.HasPrefix(name, "@") && !slices.Contains(byLambda, name) {
			t.Errorf("%s: Lambda's lines have no %s", text, name)
		}
	}
	return !slices.ContainsFunc(q.Fields(), func(name string) bool { return !strings.HasPrefix(name, "@") })
}

var condition = regexp.MustCompile(`^(\S+) (=~|=|!=|>=|>|<) (nil|true|false|"[^"]*"|[\w.]+)$`)

// findSpan finds a span for a query that joins conditions with &&, or says which of
// them none fulfils beside those before.
func findSpan(query string, traces []*trace.Trace) error {
	inner, isSelection := strings.CutPrefix(query, "{ ")
	inner, closed := strings.CutSuffix(inner, " }")
	if !isSelection || !closed {
		return errors.New("want a selection { ... }")
	}
	var spans []trace.Span
	for _, t := range traces {
		spans = append(spans, t.Spans()...)
	}
	for text := range strings.SplitSeq(inner, " && ") {
		m := condition.FindStringSubmatch(text)
		if m == nil {
			return fmt.Errorf("%q is no condition that this test understands", text)
		}
		spans = slices.DeleteFunc(spans, func(s trace.Span) bool { return !fulfils(s, m[1], m[2], m[3]) })
		if len(spans) == 0 {
			return fmt.Errorf("no span fulfils %s", text)
		}
	}
	return nil
}

func fulfils(s trace.Span, name, sign, want string) bool {
	switch name {
	case "duration":
		d, err := time.ParseDuration(want)
		return err == nil && s.Duration() > d
	case "status":
		return strings.EqualFold(s.Status, want)
	case "kind":
		return strings.EqualFold(s.Kind, want)
	case "name":
		return strconv.Quote(s.Name) == want
	}
	var got any
	if key, ok := strings.CutPrefix(name, "resource."); ok {
		got = s.Resource[key]
	} else if key, ok := strings.CutPrefix(name, "span."); ok {
		got = s.Attributes[key]
	}
	switch n, isNumber := got.(int64); {
	case got == nil:
		return false
	case want == "nil":
		return sign == "!="
	case isNumber:
		limit, err := strconv.ParseInt(want, 10, 64)
		return err == nil && (sign == "=" && n == limit || sign == ">=" && n >= limit || sign == ">" && n > limit || sign == "<" && n < limit)
	}
	text := fmt.Sprint(got)
	if strings.HasPrefix(want, `"`) {
		text = strconv.Quote(text)
	}
	if sign == "=~" { // of the whole value
		pattern, err := regexp.Compile("^(?:" + strings.Trim(want, `"`) + ")$")
		return err == nil && pattern.MatchString(fmt.Sprint(got))
	}
	return sign == "=" && text == want
}

// Every query of rows is asked of the real schema, in a transaction that may not
// write.
func TestQueries_SQL_RunOnTheSchema(t *testing.T) {
	url := postgrestest.Database(t)
	if err := migrate.UpURL(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(t.Context()) }()
	list := used(t, described(t))[snippet.SQL]
	if len(list) < 9 {
		t.Errorf("there are only %d queries", len(list))
	}
	for _, q := range append(list, snippet.Snippet{Text: "SELECT sources FROM events"}) {
		tx, err := c.BeginTx(t.Context(), pgx.TxOptions{AccessMode: pgx.ReadOnly})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := tx.Query(t.Context(), q.Text)
		if err == nil {
			rows.Close()
			err = rows.Err()
		}
		if seeded := q.Language == ""; (err != nil) != seeded {
			t.Errorf("%s: %v", q.Text, err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// Whatever looks like a name of the pipeline's is one, in every environment, and
// every command is for the pipeline's region.
func TestSnippets_Names_AreThePipelines(t *testing.T) {
	for _, environment := range []string{"dev", "staging", "prod"} {
		p, err := pipeline.LoadEnvironment("../../pipeline/testdata/reference/tracehaul.yaml", environment)
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{p.Prefix() + "-": true, spansGroup: true}
		for _, n := range p.Names() {
			known[n.Value] = true
		}
		named := regexp.MustCompile(`\b` + environment + `-[a-z0-9-]*`)
		for language, list := range used(t, p) {
			for _, s := range list {
				for _, name := range named.FindAllString(s.Text, -1) {
					if !known[name] {
						t.Errorf("%s: there is no %s in: %s", environment, name, s.Text)
					}
				}
				if s.Group != "" && !known[s.Group] {
					t.Errorf("%s: there is no log group %s", environment, s.Group)
				}
				if language == snippet.Shell && strings.HasPrefix(s.Text, "aws ") && !strings.HasSuffix(s.Text, "--region "+p.Region) {
					t.Errorf("%s: another region, or none: %s", environment, s.Text)
				}
			}
		}
	}
}
