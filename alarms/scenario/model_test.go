package scenario

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

const reference = "../../pipeline/testdata/reference/tracehaul.yaml"

func modelOf(tb testing.TB, p *pipeline.Pipeline, err error) *model {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	m, err := newModel(p, signal.For(p), nil, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func prodModel(tb testing.TB) *model {
	tb.Helper()
	p, err := pipeline.LoadEnvironment(reference, "prod")
	return modelOf(tb, p, err)
}

// play makes the record of a scenario from its text.
func play(tb testing.TB, m *model, text string) *record {
	tb.Helper()
	all, err := Parse("test.scenario", []byte("title: test\n"+text))
	if err != nil {
		tb.Fatal(err)
	}
	return m.record(all[0], 0)
}

func (r *record) find(tb testing.TB, id string) []simulator.Samples {
	tb.Helper()
	s, ok := r.model.signals.Find(id)
	if !ok {
		tb.Fatalf("no signal %s", id)
	}
	return r.of(s)
}

func sum(all []simulator.Samples) (total float64) {
	for _, s := range all {
		total += s.Sum
	}
	return total
}

func TestModel_AnyDescription_KnowsEverySignal(t *testing.T) {
	for _, file := range []string{reference, "../../pipeline/testdata/minimal.yaml", "../../pipeline/testdata/many-consumers.yaml"} {
		p, err := pipeline.Load(file)
		m := modelOf(t, p, err)
		all := m.signals.All()
		for _, s := range all {
			if _, ok := m.sources[s.ID]; !ok {
				t.Errorf("%s: the model says nothing of %s", file, s.ID)
			}
		}
		if len(m.sources) != len(all) {
			t.Errorf("%s: the model knows %d signals, there are %d", file, len(m.sources), len(all))
		}
	}
}

func TestModel_TwoRuns_AreTheSame(t *testing.T) {
	const text = "length: 1d\nat 3h deploy\nat 5h..6h traffic = x5\n"
	a, b := play(t, prodModel(t), text), play(t, prodModel(t), text)
	for _, s := range a.model.signals.All() {
		if diff := cmp.Diff(a.of(s), b.of(s)); diff != "" {
			t.Fatalf("%s differs:\n%s", s.ID, diff)
		}
	}
}

func TestModel_NormalWeek_HasTheShapeOfOne(t *testing.T) {
	r := play(t, prodModel(t), "length: 7d\nstart: 2026-03-02 00:00\n")
	requests := r.find(t, "edge.requests")
	hour := func(day, hour int) float64 { return sum(requests[(day*24+hour)*60:][:60]) / 60 }
	if noon, night, lunch := hour(0, 10), hour(0, 3), hour(0, 12); noon < 2000 || noon > 6000 || night > 10 || lunch > .9*noon {
		t.Errorf("%v requests a minute at ten, %v at night, %v at lunch", noon, night, lunch)
	}
	if monday, sunday := hour(0, 10), hour(6, 10); sunday > monday/2 {
		t.Errorf("%v requests a minute on Sunday, %v on Monday", sunday, monday)
	}
	if n := sum(r.find(t, "edge.target_5xx")); n == 0 || n > sum(requests)/10_000 {
		t.Errorf("%v errors among %v requests", n, sum(requests))
	}
	if got, want := sum(r.find(t, "edge.requests.a")), sum(requests); got != want {
		t.Errorf("target group a gets %v of %v requests", got, want)
	}
	if got, want := sum(r.find(t, "ledger.stored")), sum(r.find(t, "topic.published")); got != want {
		t.Errorf("%v of %v events are stored", got, want)
	}
}

// Nothing but normal weeks can show that alarms are no nuisance, and only if as
// much goes wrong in them as does anywhere.
func TestModel_NormalWeek_HasItsMishaps(t *testing.T) {
	m := prodModel(t)
	r := play(t, m, "length: 14d\nstart: 2026-03-02 00:00\nat 10h deploy\n")
	most := func(id string) (most float64) {
		for _, s := range r.find(t, id) {
			most = max(most, s.Max)
		}
		return most
	}
	if n := sum(r.find(t, "ledger.throttles")); n < 3 || n > 40 {
		t.Errorf("%v throttles in two weeks", n)
	}
	if n := sum(r.find(t, "ledger.errors")); n < 1 || n > 20 {
		t.Errorf("%v invocations fail in two weeks", n)
	}
	if n := sum(r.find(t, "database.deadlocks")) * 60; n < 3 || n > 40 {
		t.Errorf("%v deadlocks in two weeks", n)
	}
	if age := most("ledger.queue.age"); age < 120 || age > 200 {
		t.Errorf("a message that is tried again waits for %v s, want the visibility timeout", age)
	}
	if got := most("ledger.duration"); got != 30_000 {
		t.Errorf("the slowest invocation takes %v ms, want the timeout", got)
	}
	if got := most("database.acu_utilization"); got < 30 {
		t.Errorf("the database has %v %% of its capacity at most: it is not vacuumed", got)
	}
	lost := 0
	for i, running := range r.find(t, "service.running_tasks") {
		if running.Sum < r.find(t, "service.desired_tasks")[i].Sum {
			lost++
		}
	}
	if lost < 5 || lost > 60 {
		t.Errorf("%d minutes in which a task is missing in two weeks", lost)
	}
	deploy := func(id string) (samples simulator.Samples) { // in the minutes from the deploy to its end
		for _, s := range r.find(t, id)[10*60 : 10*60+30] {
			samples.Sum, samples.Max = samples.Sum+s.Sum, max(samples.Max, s.Max)
		}
		return samples
	}
	if n := deploy("edge.elb_5xx").Sum; n < 1 || n > 10 {
		t.Errorf("%v requests hang at a deploy", n)
	}
	if n := deploy("service.telemetry_dropped").Sum; n < 1 || n > 100 {
		t.Errorf("%v items of telemetry are dropped at a deploy", n)
	}
	if slowest := deploy("edge.response_time.b").Max; slowest < 1.5 {
		t.Errorf("the new tasks take %v s at most: they are not cold", slowest)
	}
	steady := play(t, m, "length: 14d\ntraffic: 1000\n")
	for _, id := range []string{"ledger.throttles", "ledger.errors", "database.deadlocks"} {
		if n := sum(steady.find(t, id)); n != 0 {
			t.Errorf("%s has %v where traffic is steady, want none", id, n)
		}
	}
}

// Limits are those of AWS and of the description: no other keeps a burst down.
func TestModel_Burst_ReachesWhatIsDescribed(t *testing.T) {
	r := play(t, prodModel(t), "length: 3h\nstart: 2026-03-02 10:00\nat 1h..2h traffic = x40\n")
	for id, want := range map[string]float64{"database.acu_utilization": 100, "database.capacity": 32} {
		if got := r.find(t, id)[100].Max; got != want {
			t.Errorf("%s is %v in a burst, want the most, %v", id, got, want)
		}
	}
	if cpu := r.find(t, "database.cpu")[100].Max; cpu < 95 || cpu > 100 {
		t.Errorf("the database's CPU is at %v %%", cpu)
	}
}

func TestRecord_DelayThatVaries_StaysWithinItsBounds(t *testing.T) {
	r := play(t, prodModel(t), "length: 1d\ndelay: 1m..3m\n")
	seen := map[time.Duration]int{}
	for minute := range 24 * 60 {
		seen[r.delay(r.start.Add(time.Duration(minute)*time.Minute))]++
	}
	for _, d := range []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute} {
		if seen[d] < 200 {
			t.Errorf("CloudWatch is %s late for %d minutes of a day", d, seen[d])
		}
	}
	if len(seen) != 3 {
		t.Errorf("the delays are %v, want 1, 2 and 3 minutes", seen)
	}
}

// What AWS reports only where there is something to report has no data on a
// normal day.
func TestModel_Gaps_AreThoseOfAWS(t *testing.T) {
	p, err := pipeline.Load(reference) // dev, where the database pauses
	m := modelOf(t, p, err)
	r := play(t, m, "traffic: none\nlength: 8h\nat 0m..1h traffic = 100\n")
	for id, want := range map[string][2]bool{ // at 30m, and at 7h50m
		"edge.requests": {true, false}, "edge.elb_5xx": {false, false}, "edge.response_time": {true, false},
		"edge.healthy_hosts.a": {true, true}, "edge.healthy_hosts.b": {false, false},
		"service.running_tasks": {true, true}, "service.contexts_dropped": {true, false},
		"topic.published": {true, false}, "ledger.queue.depth": {true, false}, "ledger.dlq.depth": {false, false},
		"ledger.errors": {true, false}, "ledger.item_failures": {true, false},
		"database.capacity": {true, false}, "database.commit_latency": {true, false},
	} {
		all := r.find(t, id)
		if got := [2]bool{all[30].Count > 0, all[7*60+50].Count > 0}; got != want {
			t.Errorf("%s has data in traffic, and hours later: %v, want %v", id, got, want)
		}
	}
	if all := r.find(t, "ledger.queue.depth"); all[3*60].Count == 0 {
		t.Error("a queue falls silent at once, not after six hours")
	}
}

func TestModel_Deploy_SwapsTheGroups(t *testing.T) {
	r := play(t, prodModel(t), "traffic: 1000\nlength: 3h\nat 10m deploy\nat 1h deploy\n")
	a, b := r.find(t, "edge.requests.a"), r.find(t, "edge.requests.b")
	hosts := [2][]simulator.Samples{r.find(t, "edge.healthy_hosts.a"), r.find(t, "edge.healthy_hosts.b")}
	type at struct{ A, B, HostsA, HostsB float64 }
	for minute, want := range map[int]at{
		5:  {1000, 0, 3, 0},
		15: {900, 100, 3, 3},
		25: {0, 1000, 3, 3}, // the old tasks stand by
		40: {0, 1000, 0, 3},
		65: {100, 900, 3, 3},
		90: {1000, 0, 3, 0},
	} {
		if got := (at{a[minute].Sum, b[minute].Sum, hosts[0][minute].Min, hosts[1][minute].Min}); got != want {
			t.Errorf("%dm: %+v, want %+v", minute, got, want)
		}
	}
}

func TestRecord_Values_AreReadAsWritten(t *testing.T) {
	r := play(t, prodModel(t), `traffic: 1000
at 10m      ledger.queue.age = 1200
at 10m..20m edge.elb_5xx = 0 -> 90
at 10m      edge.target_5xx = 12% of edge.requests
at 20m      edge.target_5xx = +5
at 10m      edge.requests.a = x0.5
at 10m      edge.response_time = 90% 0.05, 10% 2.5
at 10m      database.* = absent
at 10m      ledger.errors = 3
at 10m      ledger.item_failures = 250
`)
	for id, want := range map[string]simulator.Samples{
		"ledger.queue.age":     {Count: 1, Sum: 1200, Min: 1200, Max: 1200},
		"edge.elb_5xx":         {Count: 50, Sum: 50, Min: 1, Max: 1},
		"edge.target_5xx":      {Count: 120, Sum: 120, Min: 1, Max: 1},
		"edge.requests.a":      {Count: 500, Sum: 500, Min: 1, Max: 1},
		"edge.response_time":   {Count: 1000, Sum: 295, Min: .05, Max: 2.5, Distribution: []simulator.Bucket{{Value: .05, Count: 900}, {Value: 2.5, Count: 100}}},
		"database.capacity":    {},
		"ledger.errors":        {Count: 60, Sum: 3, Min: .05, Max: .05},
		"ledger.item_failures": {Count: 60, Sum: 250, Min: 250. / 60, Max: 250. / 60},
	} {
		if diff := cmp.Diff(want, r.find(t, id)[15]); diff != "" {
			t.Errorf("%s at 15m (-want +got):\n%s", id, diff)
		}
	}
	if got := r.find(t, "edge.target_5xx")[25].Sum; got != 125 {
		t.Errorf("%v errors, want 5 more than 12%% of 1000", got)
	}
	if got := r.find(t, "edge.elb_5xx")[19].Sum; got != 90 {
		t.Errorf("a ramp ends with %v, want 90", got)
	}
}

func TestRecord_Clock_IsThatOfTheRouting(t *testing.T) {
	m := prodModel(t)
	summer := &Scenario{Start: time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC), Length: time.Hour}
	if got := m.record(summer, 0).start.UTC().Hour(); got != 7 {
		t.Errorf("nine o'clock in Berlin is %d UTC, want 7", got)
	}
}

func BenchmarkModel_Week(b *testing.B) {
	m := prodModel(b)
	for b.Loop() {
		r := play(b, m, "length: 7d\n")
		for _, s := range m.signals.All() {
			r.of(s)
		}
	}
}
