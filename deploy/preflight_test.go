package deploy_test

import (
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/deploy"
)

func TestPreflight_Cases(t *testing.T) {
	for name, test := range map[string]struct {
		components []string
		refused    bool
		fails      string // a part of the error
	}{
		"preflight-clean":                 {},
		"preflight-alarm-firing":          {components: []string{"intake"}, refused: true},
		"preflight-alarm-missing":         {components: []string{"intake"}, refused: true},
		"preflight-actions":               {components: []string{"intake"}},
		"preflight-in-progress":           {components: []string{"intake"}, refused: true},
		"preflight-deleted":               {components: []string{"intake"}},
		"preflight-first":                 {components: []string{"intake"}},
		"preflight-unwatched":             {components: []string{"intake"}},
		"preflight-stops-only":            {components: []string{"intake"}},
		"preflight-consumer-moving":       {components: []string{"ledger"}, refused: true},
		"preflight-consumer-many":         {components: []string{"ledger"}, refused: true},
		"preflight-consumer-by-hand":      {components: []string{"ledger"}},
		"preflight-consumer-unwatched":    {components: []string{"ledger"}},
		"preflight-consumer-stops-only":   {components: []string{"ledger"}},
		"preflight-consumer-rollback-off": {components: []string{"ledger"}},
		"preflight-throttled":             {components: []string{"intake"}},
		"preflight-access-denied":         {components: []string{"intake"}, fails: "cloudwatch:DescribeAlarms"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, name)
			r, err := deploy.Preflight(t.Context(), b.Config, test.components...)
			if (err != nil) != (test.fails != "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Fatalf("error %v, want one with %q", err, test.fails)
			}
			if err == nil && r.Refused != test.refused {
				t.Errorf("refused: %t, want %t", r.Refused, test.refused)
			}
			b.golden(t, name, r, err)
		})
	}
}

func TestPreflight_UnknownComponents_AllNamed(t *testing.T) {
	b := setup(t, "usual")
	_, err := deploy.Preflight(t.Context(), b.Config, "intake", "ledgre", "x")
	if err == nil || !strings.Contains(err.Error(), `"ledgre": want one of intake, ledger`) || !strings.Contains(err.Error(), `"x"`) {
		t.Errorf("error %v", err)
	}
	if calls := b.aws.Calls(); len(calls) > 0 {
		t.Errorf("AWS was asked: %v", calls)
	}
}
