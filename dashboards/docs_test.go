package dashboards_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

var (
	needed    = regexp.MustCompile(`(?s)queries select by them: (.*?)\.\s+[A-Z]`)
	attribute = regexp.MustCompile("`([a-z.]+)`")
	resource  = regexp.MustCompile(`^(service|deployment|cloud|host|container|faas)_`)
)

// The page names the attributes of the resource that a store must make labels
// of: those that queries select or count by, and no others.
func TestDocs_LabelsOfTheResource_AreThoseOfTheQueries(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/dashboards.md")
	if err != nil {
		t.Fatal(err)
	}
	sentence := needed.FindSubmatch(page)
	if sentence == nil {
		t.Fatal("the page has no such sentence")
	}
	var named []string
	for _, m := range attribute.FindAllSubmatch(sentence[1], -1) {
		named = append(named, strings.ReplaceAll(string(m[1]), ".", "_"))
	}
	slices.Sort(named)
	used := make(map[string]bool)
	fill := strings.NewReplacer("$__rate_interval_ms", "60000", "$__rate_interval", "1m", "$__range", "1h")
	for _, environment := range environments {
		boards := boardsOf(t, load(t, environment))
		for i := range boards {
			for _, p := range decode(t, &boards[i]).Panels {
				for _, q := range p.Targets {
					if q.Expr != "" && q.Datasource.Type == "prometheus" {
						addLabels(t, fill.Replace(q.Expr), used)
					}
				}
			}
		}
	}
	if got := slices.Sorted(maps.Keys(used)); !slices.Equal(got, named) {
		t.Errorf("queries use %q, the page names %q", got, named)
	}
}

// addLabels notes the labels of the resource in a query.
func addLabels(t *testing.T, query string, used map[string]bool) {
	t.Helper()
	e, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil {
		t.Errorf("%s: %v", query, err)
		return
	}
	var names []string
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			for _, m := range n.LabelMatchers {
				names = append(names, m.Name)
			}
		case *parser.AggregateExpr:
			names = append(names, n.Grouping...)
		}
		return nil
	})
	for _, name := range names {
		if resource.MatchString(name) {
			used[name] = true
		}
	}
}
