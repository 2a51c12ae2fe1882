package lint_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tracehaul/tracehaul/dashboards/lint"
)

// options are what is known beside the dashboard in testdata/good.json.
func options() lint.Options {
	runbooks := map[string]bool{"runbooks/edge-5xx.md": true, "runbooks/edge-latency.md": true, "runbooks/queue-age.md": true, "runbooks/dlq.md": true}
	return lint.Options{
		Dashboards: []string{"dev-orders-deploy"},
		Thresholds: map[string]lint.Threshold{
			"edge-5xx":         {Value: 2, Unit: "Percent"},
			"edge-latency":     {Value: 800, Unit: "Milliseconds"}, // the panel's are seconds
			"ledger-queue-age": {Value: 300, Unit: "Seconds"},
			"ledger-dlq":       {Value: 1, Unit: "Count"},
		},
		Exists: func(path string) bool { return runbooks[path] },
	}
}

// good is a dashboard as one is meant to be.
func good(tb testing.TB) []byte {
	tb.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "good.json"))
	if err != nil {
		tb.Fatal(err)
	}
	return content
}

func TestDashboard_Good_NothingFound(t *testing.T) {
	for _, f := range lint.Dashboard("good.json", good(t), options()) {
		t.Error(f)
	}
}
