package dashboards

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/metricmath"
	"github.com/tracehaul/tracehaul/pipeline"
)

// prod makes the boards of the reference pipeline in production.
func prod(t *testing.T) *builder {
	t.Helper()
	all, err := pipeline.LoadAll("../pipeline/testdata/reference/tracehaul.yaml")
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(all, func(p *pipeline.Pipeline) bool { return p.Environment == "prod" })
	set, err := alarms.For(all[at])
	if err != nil {
		t.Fatal(err)
	}
	return newBuilder(set)
}

// find returns the panel with a key.
func find(t *testing.T, rows []Row, key string) *Panel {
	t.Helper()
	for i := range rows {
		for j := range rows[i].Panels {
			if rows[i].Panels[j].Key == key {
				return &rows[i].Panels[j]
			}
		}
	}
	t.Fatalf("there is no panel %q", key)
	return nil
}

// value computes the only datapoint of a query, from what its signals have by
// their IDs and statistics: "edge.requests Sum".
func value(t *testing.T, q *Query, period time.Duration, signals map[string]float64) float64 {
	t.Helper()
	text := q.text
	if text == "" {
		text = q.inputs[0].ID
	}
	e, err := metricmath.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	got := e.Eval(metricmath.Range{Start: time.Unix(0, 0), Period: period, Len: 1}, func(id string) []float64 {
		for _, in := range q.inputs {
			if in.ID == id {
				if v, ok := signals[in.Signal.ID+" "+in.Signal.Statistic]; ok {
					return []float64{v}
				}
				return nil
			}
		}
		t.Fatalf("%s: there is no input %s", text, id)
		return nil
	})
	if len(got) != 1 {
		t.Fatalf("%s: %d datapoints", text, len(got))
	}
	return got[0]
}

// What the boards compute, with numbers that were worked out by hand.
func TestBoards_Numbers_AreRight(t *testing.T) {
	t.Parallel()
	b := prod(t)
	rows := slices.Concat(b.pipelineRows(), b.deployRows(), b.costRows())
	const hour = time.Hour
	traffic := map[string]float64{
		"edge.requests Sum": 100_000, "edge.elb_5xx Sum": 60, "edge.elb_502 Sum": 20, "edge.elb_504 Sum": 10, "edge.target_5xx Sum": 40,
		"edge.response_time PR(:0.3)": 99.5, "ledger.stored Sum": 50_000, "ledger.late Sum": 250,
		"service.running_tasks Average": 3, "topic.published Sum": 1e6, "ledger.duration Sum": 3.6e6, "ledger.invocations Sum": 1e5,
		"ledger.queue.deleted Sum": 1e6, "database.capacity Average": 4,
	}
	for _, c := range []struct {
		panel string
		query int
		want  float64
	}{
		// 100 bad ones of 100,000 + 60 - 30.
		{"availability-attained", 0, 100 - 100*100./100_030},
		{"availability-budget", 0, 100 - 100*(100./100_030)/0.001},
		{"latency-attained", 0, 99.5},
		{"latency-budget", 0, 50},
		{"ledger-freshness-attained", 0, 99.5},
		{"ledger-freshness-budget", 0, 50},
		{"glance-accepted", 0, 1e6 / 3600},
		// 3 tasks of a vCPU and 2 GB, on ARM.
		{"spend", 0, 3 * (0.03238 + 2*0.00356)},
		{"spend", 1, 0.50},
		// An hour of half a GB, on ARM, and 100,000 calls.
		{"spend", 2, 3600*0.5*0.0000133334 + 0.02},
		// The pollers' 900 calls, and two for ten messages.
		{"spend", 3, (900 + 200_000) * 0.40 / 1e6},
		// A writer and two readers.
		{"spend", 4, 4 * 0.12 * 3},
		{"spend-month", 0, 730 * (3*(0.03238+2*0.00356) + 0.50 + 3600*0.5*0.0000133334 + 0.02 + (900+200_000)*0.40/1e6 + 4*0.12*3)},
		{"used-ledger", 0, 3600},
	} {
		p := find(t, rows, c.panel)
		if got := value(t, &p.Queries[c.query], hour, traffic); math.Abs(got-c.want) > 1e-6*math.Abs(c.want) {
			t.Errorf("%s, query %d: %v, want %v (%s)", c.panel, c.query, got, c.want, p.Queries[c.query].text)
		}
	}
}

// The word that decides over a deploy.
func TestVerdict_Traffic_GoTooFewOrStop(t *testing.T) {
	t.Parallel()
	b := prod(t)
	rows := b.deployRows()
	for _, c := range []struct {
		name, panel string
		signals     map[string]float64
		want        string
	}{
		{"all is well", "verdict-intake", map[string]float64{"edge.requests.a Sum": 900, "edge.requests.b Sum": 100, "edge.requests Sum": 1000}, "GO"},
		{"at rest one group has no data", "verdict-intake", map[string]float64{"edge.requests.a Sum": 900, "edge.requests Sum": 900}, "GO"},
		{"the canary in b fails", "verdict-intake", map[string]float64{"edge.requests.a Sum": 900, "edge.requests.b Sum": 100, "edge.target_5xx.b Sum": 100, "edge.requests Sum": 1000}, "STOP"},
		{"the canary in a fails", "verdict-intake", map[string]float64{"edge.requests.b Sum": 900, "edge.requests.a Sum": 100, "edge.target_5xx.a Sum": 6, "edge.requests Sum": 1000}, "STOP"},
		{"the canary is slow", "verdict-intake", map[string]float64{"edge.requests.a Sum": 900, "edge.requests.b Sum": 100, "edge.response_time.b p99": 1, "edge.requests Sum": 1000}, "STOP"},
		{"the canary has next to nothing", "verdict-intake", map[string]float64{"edge.requests.a Sum": 90, "edge.requests.b Sum": 10, "edge.target_5xx.b Sum": 10, "edge.requests Sum": 100}, "TOO FEW"},
		{"the load balancer fails", "verdict-intake", map[string]float64{"edge.requests.a Sum": 900, "edge.requests Sum": 900, "edge.elb_5xx Sum": 100}, "STOP"},
		{"a tenth of the messages fails", "verdict-ledger", map[string]float64{"ledger.messages Sum": 1000, "ledger.item_failures Sum": 100, "ledger.invocations Sum": 100}, "STOP"},
		{"few messages", "verdict-ledger", map[string]float64{"ledger.messages Sum": 9, "ledger.item_failures Sum": 9, "ledger.invocations Sum": 1}, "TOO FEW"},
		{"the queue is old", "verdict-downstream", map[string]float64{"ledger.queue.age Maximum": 301}, "STOP"},
		{"the queue is young", "verdict-downstream", map[string]float64{"ledger.queue.age Maximum": 300}, "GO"},
		{"nothing is known", "verdict-intake", nil, ""},
	} {
		p := find(t, rows, c.panel)
		got, word := value(t, &p.Queries[0], time.Minute, c.signals), ""
		for _, w := range p.Words {
			if got >= w.From && got < w.To {
				word = w.Text
			}
		}
		if word != c.want {
			t.Errorf("%s: %v is %q, want %q (%s)", c.name, got, word, c.want, p.Queries[0].text)
		}
	}
}

// Links and bookmarks hold the ids of panels.
func TestBoards_IDs_StayTheSame(t *testing.T) {
	t.Parallel()
	b := prod(t)
	for key, want := range map[string]uint32{
		"glance-accepted": 625054, "edge-errors": 969545, "verdict-intake": 897898, "canary-requests": 37219, "alarm-elb-5xx": 644521, "spend": 857012, "latest": 876039,
	} {
		d := &drawing{builder: b, ids: make(map[uint32]string)}
		if got := d.id(key); got != want {
			t.Errorf("the id of %s is %d, was %d", key, got, want)
		}
	}
}
