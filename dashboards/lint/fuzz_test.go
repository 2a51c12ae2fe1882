package lint_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/dashboards/lint"
)

// FuzzDashboard checks that whatever is read, the linter comes back, says the
// same twice, and names rules that there are.
func FuzzDashboard(f *testing.F) {
	f.Add(good(f))
	for _, cases := range tables() {
		for _, c := range cases {
			f.Add([]byte(c.good))
			f.Add([]byte(c.bad))
		}
	}
	known := make(map[string]bool)
	for _, r := range lint.Rules() {
		known[r.Name] = true
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		o := options()
		found := lint.Dashboard("x.json", content, o)
		if len(found) > lint.MaxFindings {
			t.Fatalf("%d findings", len(found))
		}
		again := lint.Dashboard("x.json", content, o)
		if len(again) != len(found) {
			t.Fatalf("%d findings, then %d", len(found), len(again))
		}
		for i, finding := range found {
			if !known[finding.Rule] || finding.Message == "" || !strings.HasPrefix(finding.Path, "$") {
				t.Fatalf("finding %+v", finding)
			}
			if finding != again[i] {
				t.Fatalf("not the same twice: %v, then %v", finding, again[i])
			}
		}
		if !json.Valid(content) && len(found) != 1 {
			t.Fatalf("is no JSON, and %v", found)
		}
	})
}
