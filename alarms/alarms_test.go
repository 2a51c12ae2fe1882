package alarms_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// load returns the reference pipeline in an environment.
func load(tb testing.TB, environment string) *pipeline.Pipeline {
	tb.Helper()
	p, err := pipeline.LoadEnvironment("../pipeline/testdata/reference/tracehaul.yaml", environment)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// every returns all descriptions at hand: the reference pipeline in all its
// environments, the least that there is, and one with many consumers.
func every(tb testing.TB) []*pipeline.Pipeline {
	tb.Helper()
	all, err := pipeline.LoadAll("../pipeline/testdata/reference/tracehaul.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	for _, file := range []string{"minimal.yaml", "many-consumers.yaml"} {
		p, err := pipeline.Load(filepath.Join("..", "pipeline", "testdata", file))
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func setOf(tb testing.TB, p *pipeline.Pipeline, more ...alarms.Alarm) *alarms.Set {
	tb.Helper()
	s, err := alarms.For(p, more...)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// parse reads a description that differs from the reference one.
func parse(tb testing.TB, replace ...string) *pipeline.Pipeline {
	tb.Helper()
	b, err := os.ReadFile("../pipeline/testdata/reference/tracehaul.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	text := strings.NewReplacer(replace...).Replace(string(b))
	p, err := pipeline.Parse("changed.yaml", []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// unlogged are the alarms about what no log tells of: what SNS cannot deliver, for
// one, the service has published.
var unlogged = []string{"certificate", "rejected-connections", "topic", "sns-delivery-failures", "sns-events-lost"}

func TestFor_EveryDescription_Complete(t *testing.T) {
	for _, p := range every(t) {
		t.Run(p.Prefix(), func(t *testing.T) {
			s := setOf(t, p)
			for _, a := range s.Alarms() {
				if a.Owner == "" || a.Board == "" || a.Name != p.AlarmName(a.Key) {
					t.Errorf("%s is incomplete: owner %q, board %q, name %q", a.Key, a.Owner, a.Board, a.Name)
				}
				if !strings.HasPrefix(a.Description, a.Meaning+"\n\n") || !strings.Contains(a.Description, "\nrunbook: ") || !strings.Contains(a.Description, "\ndashboard: http") {
					t.Errorf("%s: the description lacks meaning, runbook or dashboard:\n%s", a.Key, a.Description)
				}
				if (a.Logs.Group == "" || a.Logs.Text == "") && !slices.Contains(unlogged, a.Key) {
					t.Errorf("%s: no query opens the case", a.Key)
				}
				if a.Metric != nil && a.Metric.Missing == alarms.MissingDefault {
					t.Errorf("%s: missing data is not decided on", a.Key)
				}
			}
		})
	}
}

// Whatever goes off is heard by somebody, or is a part of what is, or silences
// it.
func TestFor_EveryAlarm_IsHeard(t *testing.T) {
	for _, p := range every(t) {
		s := setOf(t, p)
		parts, suppressors := map[string]bool{}, map[string]bool{}
		for _, a := range s.Alarms() {
			if a.Composite != nil {
				suppressors[a.Composite.Suppressor] = true
				for _, key := range a.Composite.Rule.Keys() {
					if a.Notify != alarms.NotifyNobody {
						parts[key] = true
					}
				}
			}
		}
		for _, a := range s.Alarms() {
			if len(a.Topics()) == 0 && !parts[a.Key] && !suppressors[a.Key] && a.Rollback == "" {
				t.Errorf("%s: nobody hears of %s", p.Prefix(), a.Key)
			}
			if len(a.Topics()) > 0 && parts[a.Key] {
				t.Errorf("%s: %s is heard twice, itself and as a part", p.Prefix(), a.Key)
			}
		}
	}
}

// Every signal that tells of a fault is watched; the others are for panels.
func TestFor_FaultSignals_AreWatched(t *testing.T) {
	panels := map[string]string{
		"albspans.errors":        "spans-lost sees what is given up in the end",
		"edge.connection_errors": "elb-5xx sees what becomes of them",
		"topic.filtered_out":     "a filter policy is meant to",
		"ledger.dlq.age":         "dlq-depth is on for as long as there is one",
	}
	s := setOf(t, load(t, "prod"))
	watched := map[string]bool{}
	for _, a := range s.Alarms() {
		if a.Metric != nil {
			for _, in := range a.Metric.Inputs {
				watched[in.Signal.ID] = true
			}
		}
	}
	for _, sig := range s.Signals.All() {
		_, panel := panels[sig.ID]
		if sig.Absent == signal.AbsentNothing && watched[sig.ID] == panel {
			t.Errorf("%s: watched %v, listed as for panels alone %v", sig.ID, watched[sig.ID], panel)
		}
	}
}

func TestFor_Description_DecidesWhatThereIs(t *testing.T) {
	keys := func(s *alarms.Set) []string {
		var keys []string
		for _, a := range s.Alarms() {
			keys = append(keys, a.Key)
		}
		return keys
	}
	everything := []string{"readers: 0", "readers: 1", "min_acu: 0 ", "min_acu: 0.5 "}
	full := keys(setOf(t, parse(t, everything...)))
	for name, test := range map[string]struct {
		replace []string
		gone    []string
	}{
		"nothing":     {nil, nil},
		"no firewall": {[]string{"authentication: jwt", "authentication: jwt\n  waf: false"}, []string{"waf-blocked"}},
		"no domain":   {[]string{"  domain: orders.dev.example.com\n  hosted_zone: dev.example.com\n", "", "authentication: jwt", "authentication: none"}, []string{"certificate"}},
		"no readers":  {[]string{"readers: 0", "readers: 0"}, []string{"database-replica-lag"}},
		"pauses":      {[]string{"min_acu: 0 ", "min_acu: 0 "}, []string{"database-silent"}},
		"fixed size":  {[]string{"min_acu: 0 ", "min_acu: 2 "}, []string{"database-acu"}},
		"own sink": {[]string{"sink: postgres", "sink: custom"}, []string{
			"database", "database-acu", "database-capacity", "database-connections", "database-cpu", "database-deadlocks", "database-memory",
			"database-replica-lag", "database-silent", "database-transaction-ids", "ledger-queue-explained",
		}},
		"lax latency": {[]string{"latency_percent: 99\n", "latency_percent: 90\n"}, []string{"latency-fast-1h", "latency-fast-5m"}},
		"lax at all": {[]string{"latency_percent: 99\n", "latency_percent: 60\n"}, []string{
			"latency", "latency-fast-1h", "latency-fast-5m", "latency-slow-30m", "latency-slow-6h",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := keys(setOf(t, parse(t, append(test.replace, everything...)...)))
			var gone []string
			for _, key := range full {
				if !slices.Contains(got, key) {
					gone = append(gone, key)
				}
			}
			slices.Sort(gone)
			if !slices.Equal(gone, test.gone) {
				t.Errorf("gone are %q, want %q", gone, test.gone)
			}
		})
	}
}

// A capacity that is always near its greatest says nothing: the CPU does.
func TestFor_CapacityFixed_CPUIsWatched(t *testing.T) {
	for least, want := range map[string]string{"0.5": "", "1": "", "1.5": "IF(capacity > 0, cpu * 2 / capacity, 0)", "2": "IF(capacity > 0, cpu * 2 / capacity, 0)"} {
		a, _ := setOf(t, parse(t, "min_acu: 0 ", "min_acu: "+least+" ")).Find("database-capacity")
		if a.Metric.Expression != want {
			t.Errorf("min_acu %s of 2: watched is %q, want %q", least, a.Metric.Expression, want)
		}
	}
}

// What silences another alarm is not on because something says nothing, nor on
// a quiet day: an outage would go unheard.
func TestFor_Suppressors_GapsDoNotSilence(t *testing.T) {
	for _, p := range every(t) {
		s := setOf(t, p)
		var visit func(by, key string)
		visit = func(by, key string) {
			a, _ := s.Find(key)
			if a.Metric != nil {
				if a.Metric.Missing != alarms.MissingNotBreaching && a.Key != "no-healthy-hosts" { // without the load balancer's metrics nothing of the edge fires
					t.Errorf("%s: %s is silenced by %s, which takes missing data as %v", p.Prefix(), by, key, a.Metric.Missing)
				}
				return
			}
			for _, part := range a.Composite.Rule.Keys() {
				visit(by, part)
			}
		}
		for _, a := range s.Alarms() {
			if a.Composite != nil && a.Composite.Suppressor != "" {
				visit(a.Key, a.Composite.Suppressor)
			}
		}
	}
}

// A threshold is written once: the meaning repeats none. That of an objective
// is made from it.
func TestFor_Meaning_RepeatsNoThreshold(t *testing.T) {
	repeats := regexp.MustCompile(`\d %|\d+ (minutes|messages|times)|(quarter|half) (of )?an hour`)
	for _, a := range setOf(t, load(t, "prod")).Alarms() {
		switch a.Runbook {
		case "availability.md", "latency.md", "freshness.md", "service-memory.md", "heartbeat.md", "heartbeat-missing.md":
			continue // of a task's memory, and of the hour
		}
		if found := repeats.FindString(a.Meaning); found != "" {
			t.Errorf("%s: the meaning says %q: %s", a.Key, found, a.Meaning)
		}
	}
}

// The values that the Aurora user guide publishes.
func TestFor_Connections_FollowPublishedLimits(t *testing.T) {
	for acu, most := range map[string]float64{"1": 189, "4": 823, "8": 1669, "16": 3360, "64": 5000} {
		p := parse(t, "min_acu: 0 #", "min_acu: 1 #", "max_acu: 2", "max_acu: "+acu)
		a, _ := setOf(t, p).Find("database-connections")
		if got := a.Metric.Threshold / 0.8; got < most-1 || got > most+1 {
			t.Errorf("%s ACU: the limit is %.1f connections, published are %.0f", acu, got, most)
		}
	}
	a, _ := setOf(t, parse(t, "max_acu: 2", "max_acu: 64")).Find("database-connections")
	if a.Metric.Threshold != 1600 {
		t.Errorf("with a least capacity of 0 the threshold is %v, want 80 %% of 2000", a.Metric.Threshold)
	}
}

// The windows of the SRE Workbook, at the objective of the reference pipeline.
func TestFor_Objectives_BurnRates(t *testing.T) {
	s := setOf(t, load(t, "prod"))
	for key, want := range map[string]struct {
		threshold float64
		period    time.Duration
	}{
		"availability-fast-1h":      {1.44, time.Hour},
		"availability-fast-5m":      {1.44, 5 * time.Minute},
		"availability-slow-6h":      {0.6, 6 * time.Hour},
		"availability-slow-30m":     {0.6, 30 * time.Minute},
		"availability-trend-3d":     {0.1, 72 * time.Hour},
		"availability-trend-6h":     {0.1, 6 * time.Hour},
		"latency-fast-1h":           {14.4, time.Hour},
		"ledger-freshness-trend-3d": {1, 72 * time.Hour},
	} {
		a, ok := s.Find(key)
		if !ok || a.Metric.Threshold != want.threshold || a.Metric.Period != want.period || a.Metric.Periods != 1 {
			t.Errorf("%s: %+v, want %+v", key, a.Metric, want)
		}
	}
	a, _ := s.Find("latency-fast-1h")
	if got := a.Metric.Inputs[0].Signal.Statistic; got != "PR(:0.3)" {
		t.Errorf("latency is measured by %s, want PR(:0.3)", got)
	}
	for key, want := range map[string]string{
		"availability":       `(ALARM("availability-fast-1h") AND ALARM("availability-fast-5m")) OR (ALARM("availability-slow-6h") AND ALARM("availability-slow-30m"))`,
		"availability-trend": `ALARM("availability-trend-3d") AND ALARM("availability-trend-6h")`,
	} {
		if a, _ := s.Find(key); a.Composite.Rule.String() != want {
			t.Errorf("%s joins its pairs by %s", key, a.Composite.Rule)
		}
	}
}

// A changed threshold is two lines of a diff: itself, and what people are told.
// Terraform finds every input in the variables, and none that nobody needs.
// Each form of an alarm adds its price.
func TestCost_PerForm(t *testing.T) {
	p := load(t, "prod")
	kit := setOf(t, p).Cost()
	for name, test := range map[string]struct {
		change func(a *alarms.Alarm)
		want   float64
	}{
		"a metric":       {func(*alarms.Alarm) {}, 0.10},
		"two metrics":    {func(a *alarms.Alarm) { twoInputs(a.Metric) }, 0.20},
		"a band":         {func(a *alarms.Alarm) { a.Metric.Comparison, a.Metric.BandWidth = alarms.AboveBand, 2 }, 0.30},
		"by ten seconds": {func(a *alarms.Alarm) { a.Metric.Period = 10 * time.Second }, 0.30},
		"a composite":    {func(a *alarms.Alarm) { a.Metric, a.Composite = nil, &alarms.Composite{Rule: alarms.Any("service")} }, 0.50},
	} {
		own := ownAlarm(p)
		test.change(&own)
		if got := setOf(t, p, own).Cost().Total() - kit.Total(); got < test.want-.001 || got > test.want+.001 {
			t.Errorf("%s costs %.2f US dollars a month, want %.2f", name, got, test.want)
		}
	}
	if kit.Total() != kit.Metrics+kit.Composites+kit.Filters || kit.Composites == 0 || kit.Filters == 0 {
		t.Errorf("the kit costs %+v", kit)
	}
}

func twoInputs(m *alarms.Metric) {
	second := m.Inputs[0]
	second.ID = "more"
	m.Inputs, m.Expression, m.Unit = append(m.Inputs, second), "waiting + more", signal.UnitCount
}

func TestFor_ThousandPipelines_Differ(t *testing.T) {
	seen := sync.Map{}
	generate(t, 1000, func(out []byte) {
		if _, twice := seen.LoadOrStore(string(out), struct{}{}); twice {
			t.Error("two pipelines have the same alarms")
		}
	})
}

// generate makes the alarms of n pipelines, on all processors.
func generate(tb testing.TB, n int, each func([]byte)) {
	tb.Helper()
	base := load(tb, "prod")
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				p := *base
				p.Product = fmt.Sprintf("orders-%d", i)
				s, err := alarms.For(&p)
				if err != nil {
					tb.Error(err)
					return
				}
				each(s.Terraform())
			}
		})
	}
	wg.Wait()
}

// The aim is 1000 pipelines in less than a second.
func BenchmarkTerraform_ThousandPipelines(b *testing.B) {
	for b.Loop() {
		generate(b, 1000, func([]byte) {})
	}
}

// The description has the first command, unless there is no room for it.
func TestFor_Command_IsInTheDescriptionIfItFits(t *testing.T) {
	p := load(t, "prod")
	set := setOf(t, p)
	for key, want := range map[string]string{
		"ledger-dlq-depth": "\nnext: tracehaul dlq ls -e prod -c ledger",
		"running-tasks":    "\nnext: aws ecs describe-services --cluster prod-orders --services prod-orders-intake ",
	} {
		if a, _ := set.Find(key); !strings.Contains(a.Description, want) {
			t.Errorf("%s: the description lacks %q:\n%s", key, want, a.Description)
		}
	}
	own := ownAlarm(p)
	for _, a := range setOf(t, p).Alarms() {
		if strings.Contains(a.Description, "TRACE_ID") {
			t.Errorf("%s tells to replace what is not in its message: %s", a.Key, a.Description)
		}
	}
	own.Next = []snippet.Snippet{{Ask: "What is there?", Language: snippet.Shell, Text: strings.Repeat("x", 900)}}
	if a, _ := setOf(t, p, own).Find(own.Key); strings.Contains(a.Description, "next:") {
		t.Errorf("a command for which there is no room is in the description:\n%s", a.Description)
	}
}

func TestAlarm_OfNothing_HasNoConditionAndNoCost(t *testing.T) {
	var a alarms.Alarm
	if condition, cost := a.Condition(), a.Cost(); condition != "" || cost != 0 {
		t.Errorf("the condition is %q, the cost %v", condition, cost)
	}
}
