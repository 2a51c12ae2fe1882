package doctor_test

import (
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/doctor"
)

// examine examines an account, and Grafana where that is what it is about: six
// dashboards take longer than all the rest.
func examine(t *testing.T, a *account, grafana bool) *doctor.Report {
	t.Helper()
	c := a.start(t)
	if !grafana {
		c.GrafanaToken = ""
	}
	r, err := doctor.Examine(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// bad are the findings that are not well.
func bad(r *doctor.Report) (findings []doctor.Finding) {
	for _, f := range r.Findings {
		if f.Verdict != doctor.OK {
			findings = append(findings, f)
		}
	}
	return findings
}

func text(t *testing.T, r *doctor.Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteText(&b, doctor.Style{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestExamine_AsTerraformMakesIt_Healthy(t *testing.T) {
	r := examine(t, healthy(t), true)
	for _, f := range bad(r) {
		t.Errorf("%+v", f)
	}
	seen := map[string]bool{}
	for _, f := range r.Findings {
		seen[f.Check] = true
	}
	for _, c := range doctor.Checks() {
		if !seen[c.ID] {
			t.Errorf("%s found nothing, not even that all is well", c.ID)
		}
	}
	if r.Worst() != doctor.OK || r.OK != len(r.Findings) {
		t.Errorf("worst is %s, %d of %d are well", r.Worst(), r.OK, len(r.Findings))
	}
}
