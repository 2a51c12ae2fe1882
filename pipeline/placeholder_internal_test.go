package pipeline

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAnExamples(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"example.com": true, "orders.dev.Example.com": true, "a@example.org": true, "https://grafana.example.net:3000/x": true, "http://collector.example": true,
		"https://github.com/example/orders": true, "https://example.com": true,
		"": false, "myexample.com": false, "example.company.com": false, "a@example.com.de": false, "https://github.com/examples/orders": false,
		"https://git.company.com/example.com": false,
	} {
		if got := anExamples(address); got != want {
			t.Errorf("%q is an example's: %v, want %v", address, got, want)
		}
	}
}

func TestPlaceholders_Reference_AreAllThatAreThere(t *testing.T) {
	t.Parallel()
	p := mustLoad(t, reference)
	want := []string{"edge.domain", "edge.hosted_zone", "routing.watchdog_emails", "dashboards.grafana_url"}
	if diff := cmp.Diff(want, p.Placeholders()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p.Repository, p.Runbooks, p.Telemetry.Endpoint = "https://github.com/example/x", "https://example.com/x", "https://otlp.example.com"
	if got := p.Placeholders(); len(got) != 7 {
		t.Errorf("with all of them: %v", got)
	}
	if p.Runbooks = "https://github.com/example/x/wiki"; len(p.Placeholders()) != 6 {
		t.Errorf("with a place for runbooks that follows from another: %v", p.Placeholders())
	}
	p.Edge.Domain, p.Edge.HostedZone, p.Routing.WatchdogEmails, p.Dashboards.GrafanaURL = "", "", nil, ""
	p.Repository, p.Runbooks, p.Telemetry.Endpoint = "https://git.company.com/x", "", ""
	if got := p.Placeholders(); len(got) != 0 {
		t.Errorf("without any: %v", got)
	}
}
