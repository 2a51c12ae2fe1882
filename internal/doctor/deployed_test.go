package doctor_test

import (
	"os"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/internal/doctor"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
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
	return write(t, r, doctor.Style{})
}

func TestExamine_AsTerraformMakesIt_Healthy(t *testing.T) {
	r := examine(t, healthy(t), true)
	for _, f := range bad(r) {
		t.Errorf("%+v", f)
	}
	seen := map[string]bool{}
	for _, f := range r.Findings {
		seen[f.Check] = true
		if f.Want+f.Why+f.Mend+f.Page != "" || f.Subject == "" || f.Found == "" {
			t.Errorf("of what is well it says %+v", f)
		}
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

// Consumers of other kinds have their own queues, functions and filters.
func TestExamine_SeveralConsumers_Healthy(t *testing.T) {
	b, err := os.ReadFile("../../pipeline/testdata/reference/tracehaul.yaml")
	if err != nil {
		t.Fatal(err)
	}
	more := "consumers:\n  mailer: {sink: custom, raw_delivery: false, batch_size: 5, timeout_seconds: 7, filter_policy: {event-type: [com.example.orders.received, {prefix: x}]}}\n" +
		"  auditor: {sink: custom, filter_scope: body, filter_policy: {data: {total: [{exists: true}]}}}\n"
	p, err := pipeline.Parse("tracehaul.yaml", []byte(strings.Replace(string(b), "consumers:\n", more, 1)))
	if err != nil {
		t.Fatal(err)
	}
	set, err := alarms.For(p)
	if err != nil {
		t.Fatal(err)
	}
	r := examine(t, accountOf(t, draw(set)), false)
	for _, f := range bad(r) {
		t.Errorf("%+v", f)
	}
	wantAll(t, text(t, r), "raw-delivery dev-intake-order-mailer: RawMessageDelivery is false", "function dev-orders-auditor: the state is Active",
		"filter dev-intake-order-auditor: the scope of the filter policy is MessageBody")
}

// The local pipeline has no more than the topic and queues, and no filters.
func TestExamine_Local_LeavesTheRestOut(t *testing.T) {
	a := healthy(t)
	c := a.start(t)
	grafana := c.Grafana
	c.Local, c.Grafana = true, "" // that of the description is another pipeline's
	r, err := doctor.Examine(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if f.Hop != signal.HopTopic && f.Hop != signal.HopQueue {
			t.Errorf("%s of %s is looked at", f.Check, f.Hop)
		}
	}
	wantAll(t, text(t, r), "prod-orders on this machine\n", "Left out, as the local pipeline has no such thing: targets,")
	c.Grafana = grafana
	if r, err = doctor.Examine(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if f.Check == "grafana-dashboards" {
			return
		}
	}
	t.Errorf("Grafana is given, and no dashboard of it is looked at:\n%s", text(t, r))
}
