package cost_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/internal/cost"
	"github.com/tracehaul/tracehaul/pipeline"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/cost.md")

// root is the repository's top, seen from this package.
var root = filepath.Join("..", "..")

// deployment is that of an environment, with some traffic.
func deployment(t *testing.T, environment string, traffic cost.Traffic) cost.Deployment {
	t.Helper()
	p, err := pipeline.LoadEnvironment(filepath.Join(root, "pipeline", "testdata", "reference", "tracehaul.yaml"), environment)
	if err != nil {
		t.Fatal(err)
	}
	set, err := alarms.For(p)
	if err != nil {
		t.Fatal(err)
	}
	inventory, err := cost.Count(os.DirFS(filepath.Join(root, "iac", "terraform")), environment)
	if err != nil {
		t.Fatal(err)
	}
	return cost.Deployment{Pipeline: p, Alarms: set.Cost(), Inventory: inventory, Traffic: traffic}
}

func dev(t *testing.T) cost.Deployment {
	t.Helper()
	return deployment(t, "dev", cost.Traffic{})
}

func prod(t *testing.T) cost.Deployment {
	t.Helper()
	return deployment(t, "prod", cost.Traffic{EventsPerSecond: 100, Clients: 3})
}

// docs/cost.md has the tables, between a line for each and its end.
func TestPage_Tables_AreUpToDate(t *testing.T) {
	file := filepath.Join(root, "docs", "cost.md")
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := page
	for name, table := range map[string]string{
		"estimate": cost.Table(dev(t), prod(t)),
		"savings":  cost.Savings(cost.Changes, dev(t), prod(t)),
	} {
		begin, end := []byte("<!-- "+name+" -->\n"), []byte("<!-- /"+name+" -->\n")
		before, rest, ok := bytes.Cut(want, begin)
		_, after, closed := bytes.Cut(rest, end)
		if !ok || !closed {
			t.Fatalf("%s has no place for %s: want the lines %s and %s", file, name, begin, end)
		}
		want = bytes.Join([][]byte{before, begin, []byte(table), end, after}, nil)
	}
	if *update {
		if err := os.WriteFile(file, want, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(page), "\n")); diff != "" {
		t.Errorf("%s is not up to date; look at it, then go test ./internal/cost -update (-want +got):\n%s", file, diff)
	}
}

// line is what a part costs; it fails if there is no such part.
func line(t *testing.T, d cost.Deployment, part string) float64 {
	t.Helper()
	for _, l := range cost.Estimate(d) {
		if l.Part == part {
			return l.Dollars
		}
	}
	t.Fatalf("there is no part %s", part)
	return 0
}

// Amounts that were worked out by hand, from the prices and what prod says.
func TestEstimate_Prod_IsAsWorkedOutByHand(t *testing.T) {
	d := prod(t)
	d.Inventory = cost.Inventory{Endpoints: 11, Keys: 7, FirewallRules: 4, Dashboards: 1}
	d.Pipeline.Network.Zones, d.Pipeline.Service.MinTasks, d.Pipeline.Service.CPU, d.Pipeline.Service.MemoryMiB = 3, 3, 1024, 2048
	d.Pipeline.Database.MinACU, d.Pipeline.Database.Readers = 2, 2
	for part, want := range map[string]float64{
		"VPC endpoints":          11*3*7.30 + 262.8*3*0.01,        // 262.8 million events, 3 kB each
		"KMS":                    7,                               // a dollar each
		"WAF":                    5 + 4 + 262.8*0.60,              // a million requests
		"SNS":                    262.8 * 0.50,                    // likewise
		"SQS":                    (262.8*1.2 + 0.657) * 0.40,      // five pollers wait 20 s each
		"Aurora, capacity":       3 * 2 * 730 * 0.12,              // ACU hours
		"Fargate":                3 * 730 * (0.03238 + 2*0.00356), // task hours
		"Public addresses":       3 * 3.65,
		"CloudWatch, dashboards": 3,
		"Cognito":                3*6 + 3*730*0.00225,
		// A file for each zone and five minutes; the processor's seconds at 1,769 MB.
		albSpans: 26280*(0.2e-6+0.4e-6) + (26280*0.2+26.28e6/7000+236.52e6/73000)*1.7275390625*0.0000133334,
	} {
		if got := line(t, d, part); math.Abs(got-want) > 0.005 {
			t.Errorf("%s: %.3f, want %.3f", part, got, want)
		}
	}
}

func TestEstimate_Architecture_HasItsPrices(t *testing.T) {
	for architecture, price := range map[string]struct{ cpu, memory, second float64 }{
		"arm64": {0.03238, 0.00356, 0.0000133334}, "x86_64": {0.04048, 0.004445, 0.0000166667},
	} {
		d := prod(t)
		s := &d.Pipeline.Service
		s.Architecture, s.MinTasks, s.CPU, s.MemoryMiB = architecture, 3, 1024, 2048
		for i := range d.Pipeline.Consumers {
			c := &d.Pipeline.Consumers[i]
			c.Architecture, c.BatchSize, c.MemoryMB = architecture, 1, 1024
		}
		for part, want := range map[string]float64{
			"Fargate": 3 * 730 * (price.cpu + 2*price.memory),
			"Lambda":  float64(len(d.Pipeline.Consumers)) * 262.8e6 * (0.2e-6 + 0.05*price.second),
		} {
			if got := line(t, d, part); math.Abs(got-want) > 0.005 {
				t.Errorf("%s, %s: %.3f, want %.3f", architecture, part, got, want)
			}
		}
	}
}

func TestEstimate_Idle_CostsNothingByTraffic(t *testing.T) {
	d := dev(t)
	for _, part := range []string{"Lambda", albSpans, "SNS", "Aurora, storage and I/O", "Data transfer", "X-Ray, spans"} {
		if got := line(t, d, part); got != 0 {
			t.Errorf("%s costs %.2f without an event", part, got)
		}
	}
	if d.Pipeline.Database.MinACU == 0 {
		if got := line(t, d, "Aurora, capacity"); got != 0 {
			t.Errorf("a cluster that has paused costs %.2f", got)
		}
		d.Traffic.EventsPerSecond = 1
		if got := line(t, d, "Aurora, capacity"); got == 0 {
			t.Error("a cluster that works costs nothing")
		}
	}
}

// albSpans is the part of the function for the load balancer's spans.
const albSpans = "Lambda and S3, for ALB spans"

// What the description says is in the estimate.
func TestEstimate_Description_DecidesWhatThereIs(t *testing.T) {
	for name, test := range map[string]struct {
		change        func(*cost.Deployment)
		part          string
		dearer, there bool
	}{
		"twice the traffic":         {func(d *cost.Deployment) { d.Traffic.EventsPerSecond = 200 }, "SNS", true, true},
		"more than a task can take": {func(d *cost.Deployment) { d.Traffic.EventsPerSecond = 2000 }, "Fargate", true, true},
		"a reader more":             {func(d *cost.Deployment) { d.Pipeline.Database.Readers++ }, "Aurora, capacity", true, true},
		"more is sampled":           {func(d *cost.Deployment) { d.Pipeline.Telemetry.SamplePercent = 100 }, "X-Ray, spans", true, true},
		"a password":                {func(d *cost.Deployment) { d.Pipeline.Database.Authentication = "secret" }, "Secrets Manager", true, true},
		"no firewall":               {func(d *cost.Deployment) { d.Pipeline.Edge.WAF = false }, "WAF", false, false},
		"another back end":          {func(d *cost.Deployment) { d.Pipeline.Telemetry.Export = "endpoint" }, "X-Ray, spans", false, false},
		"no ALB spans":              {func(d *cost.Deployment) { d.Pipeline.Edge.ALBSpans = false }, albSpans, false, false},
		"ALB spans of all":          {func(d *cost.Deployment) { d.Pipeline.Telemetry.SamplePercent = 100 }, albSpans, true, true},
		"no tokens":                 {func(d *cost.Deployment) { d.Pipeline.Edge.Authentication = "none" }, "Cognito", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := prod(t), prod(t)
			test.change(&after)
			there := false
			for _, l := range cost.Estimate(after) {
				there = there || l.Part == test.part
			}
			if there != test.there {
				t.Fatalf("%s is there: %v, want %v", test.part, there, test.there)
			}
			if test.dearer && line(t, after, test.part) <= line(t, before, test.part) {
				t.Errorf("%s costs %.2f, and %.2f before", test.part, line(t, after, test.part), line(t, before, test.part))
			}
		})
	}
}

// Every change that the page lists saves something in prod, and leaves the
// description as it was.
func TestChanges_SaveSomething(t *testing.T) {
	d := prod(t)
	before := cost.Total(cost.Estimate(d))
	for row := range strings.Lines(cost.Savings(cost.Changes, dev(t), d)) {
		cells := strings.Split(row, " | ")
		if len(cells) == 4 && cells[2] == "0" {
			t.Errorf("saves nothing in prod: %s", row)
		}
	}
	if after := cost.Total(cost.Estimate(d)); after != before {
		t.Errorf("prod costs %.2f after the changes were tried, %.2f before", after, before)
	}
}

func TestCount_WhatIsAddedIsCounted_WhatCannotBeIsAnError(t *testing.T) {
	modules := os.DirFS(filepath.Join(root, "iac", "terraform"))
	before, err := cost.Count(modules, "prod")
	if err != nil {
		t.Fatal(err)
	}
	if before.Endpoints == 0 || before.Keys == 0 || before.FirewallRules == 0 || before.Dashboards == 0 {
		t.Errorf("%+v: is everything found?", before)
	}
	call := "module \"k\" {\n  source = \"../modules/key\"\n  %s\n}\n"
	for name, test := range map[string]struct {
		file, old, text string
		more            cost.Inventory
		says            string
	}{
		"an endpoint":            {"network/endpoints.tf", "  service_endpoints = {\n", "  service_endpoints = {\n    ses = []\n", cost.Inventory{Endpoints: 1}, ""},
		"one that is on":         {"network/endpoints.tf", "var.execute_command ? local.session_endpoints : {}", "var.execute_command ? {} : local.session_endpoints", cost.Inventory{Endpoints: 1}, ""},
		"endpoints by a sum":     {"network/endpoints.tf", "  service_endpoints = {\n", "  service_endpoints = zipmap([], [])\n  x = {\n", cost.Inventory{}, "want an object, merge"},
		"no endpoints any more":  {"network/endpoints.tf", "  endpoints = merge", "  others = merge", cost.Inventory{}, "there is no local endpoints"},
		"a key":                  {"events/topic.tf", "", fmt.Sprintf(call, ""), cost.Inventory{Keys: 1}, ""},
		"a key that is on":       {"service/cluster.tf", "", fmt.Sprintf(call, "count = var.deletion_protection ? 1 : 0"), cost.Inventory{Keys: 1}, ""},
		"a key that is off":      {"service/cluster.tf", "", fmt.Sprintf(call, "count = var.execute_command ? 1 : 0"), cost.Inventory{}, ""},
		"a key by what is not":   {"service/cluster.tf", "", fmt.Sprintf(call, "count = var.none ? 1 : 0"), cost.Inventory{}, "there is no variable none"},
		"keys for each":          {"events/topic.tf", "", fmt.Sprintf(call, "for_each = local.all"), cost.Inventory{}, "no for_each"},
		"keys by a sum":          {"events/topic.tf", "", fmt.Sprintf(call, "count = 1 + 1"), cost.Inventory{}, "want no count"},
		"keys by a local":        {"events/topic.tf", "", fmt.Sprintf(call, "count = local.x ? 1 : 0"), cost.Inventory{}, "want no count"},
		"keys by a comparison":   {"events/topic.tf", "", fmt.Sprintf(call, "count = var.x == 1 ? 1 : 0"), cost.Inventory{}, "want no count"},
		"a group of rules":       {"service/firewall.tf", "  managed_rules = {\n", "  managed_rules = {\n    X = {}\n", cost.Inventory{FirewallRules: 1}, ""},
		"text that is no module": {"service/firewall.tf", "  managed_rules = {\n", "  managed_rules = \n", cost.Inventory{}, "firewall.tf"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := copyOf(t, modules)
			text := string(changed[test.file].Data)
			if !strings.Contains(text, test.old) {
				t.Fatalf("%s has no %q any more", test.file, test.old)
			}
			changed[test.file] = &fstest.MapFile{Data: []byte(strings.Replace(text, test.old, test.text, 1))}
			got, err := cost.Count(changed, "prod")
			if test.says != "" {
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("error %v, want %q", err, test.says)
				}
				return
			}
			want := before
			want.Endpoints, want.Keys, want.FirewallRules = want.Endpoints+test.more.Endpoints, want.Keys+test.more.Keys, want.FirewallRules+test.more.FirewallRules
			if err != nil || got != want {
				t.Errorf("%+v, %v, want %+v", got, err, want)
			}
		})
	}
}

// copyOf holds the files that are counted.
func copyOf(t *testing.T, from fs.FS) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(from, "*/*.tf")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, "observability/dashboards/prod/dashboards.tf.json") {
		text, err := fs.ReadFile(from, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	return files
}
