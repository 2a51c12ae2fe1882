//go:build unix

package snippet_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms/internal/insights"
	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/pipeline"
)

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
		if q.Group == notifier || q.Group == spansGroup || ofAWS(t, q) {
			continue // the first is tried in package notify
		}
		asked++
		s.until(q.Group+": "+q.Text, func() error { return insights.Try(q.Text, s.heard(q.Group)) })
	}
	if asked < 15 {
		t.Errorf("only %d queries of lines were asked", asked)
	}
	s.spansAreFound(all[snippet.LogsInsights])

	s.writtenAreFound(written(t))

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

// Whatever looks like a name of the pipeline's is one, in every environment, and
// every command is for the pipeline's region.
func TestSnippets_Names_AreThePipelines(t *testing.T) {
	for _, environment := range []string{"dev", "staging", "prod"} {
		p, err := pipeline.LoadEnvironment("../../pipeline/testdata/reference/tracehaul.yaml", environment)
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{p.Prefix() + "-": true, spansGroup: true}
		if p.Edge.WAF {
			known[firewallGroup(t, p)] = true
		}
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
				if calls := strings.Count(s.Text, "aws "); language == snippet.Shell && strings.Count(s.Text, "--region "+p.Region) != calls {
					t.Errorf("%s: another region, or none: %s", environment, s.Text)
				}
			}
		}
	}
}

// firewallGroup is the log group that Terraform makes for the firewall.
func firewallGroup(t *testing.T, p *pipeline.Pipeline) string {
	t.Helper()
	text, err := os.ReadFile("../../iac/terraform/service/firewall.tf")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`name += "(aws-waf-logs-)\$\{local\.names\.service\.name\}"`).FindSubmatch(text)
	if m == nil {
		t.Fatal("firewall.tf makes no log group aws-waf-logs-")
	}
	return string(m[1]) + p.ServiceName()
}
