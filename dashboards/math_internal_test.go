package dashboards

import (
	"math"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/metricmath"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

func TestRename_IdsAlone_AreRenamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"a", "b"},
		{"a + aa + a1 + A", "b + aa + a1 + A"},
		{"IF(a > 1, MAX([a, c]), PERIOD(a))", "IF(b > 1, MAX([b, d]), PERIOD(b))"},
	} {
		if got := rename(c.in, map[string]string{"a": "b", "c": "d"}); got != c.want {
			t.Errorf("rename(%q) = %q, want %q", c.in, got, c.want)
		}
	}
	if got := rename("a / c", map[string]string{"a": "c", "c": "a"}); got != "c / a" {
		t.Errorf("two ids that change places become %q", got)
	}
}

// The verdict counts limits that are beyond, whichever way they are compared. A
// gap says nothing: it is neither beyond nor fine.
func TestVerdict_Limits_AreCounted(t *testing.T) {
	t.Parallel()
	alarm := func(name string, c alarms.Comparison, threshold float64) *alarms.Alarm {
		s := signal.Signal{Metric: signal.Metric{Namespace: "N", Name: name}, Statistic: "Sum"}
		return &alarms.Alarm{Metric: &alarms.Metric{
			Inputs: []alarms.Input{{ID: "m", Signal: s}}, Expression: "m * 2", Comparison: c, Threshold: threshold, Period: time.Minute,
		}}
	}
	q := verdict([]*alarms.Alarm{alarm("above", alarms.Above, 10), alarm("least", alarms.AtLeast, 10), alarm("below", alarms.Below, 10), alarm("most", alarms.AtMost, 10)}, "x")
	e, err := metricmath.Parse(q.text)
	if err != nil {
		t.Fatalf("%s: %v", q.text, err)
	}
	for _, c := range []struct{ value, want float64 }{
		{4, 2},     // below and at most
		{5, 2},     // at least and at most
		{6, 2},     // above and at least
		{nan, nan}, // nothing is known
	} {
		got := e.Eval(metricmath.Range{Start: time.Unix(0, 0), Period: time.Minute, Len: 1}, func(string) []float64 { return []float64{c.value} })
		if len(got) != 1 || got[0] != c.want && !(math.IsNaN(got[0]) && math.IsNaN(c.want)) {
			t.Errorf("with %v: %v, want %v (%s)", c.value, got, c.want, q.text)
		}
	}
	if len(q.inputs) != 4 {
		t.Errorf("there are %d inputs, want 4", len(q.inputs))
	}
}

var nan = math.NaN()

func TestLimit_UnitOfThePanel_IsKeptTo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		is    signal.Unit
		value float64
		panel string
		want  float64
	}{
		{signal.UnitMilliseconds, 24000, "s", 24},
		{signal.UnitSeconds, 0.9, "ms", 900},
		{signal.UnitPercent, 5, "percentunit", 0.05},
		{signal.UnitPercent, 5, "percent", 5},
		{signal.UnitCount, 7, "short", 7},
		{signal.UnitBytes, 1024, "bytes", 1024},
	} {
		got, ok := limit(&alarms.Alarm{Metric: &alarms.Metric{Unit: c.is, Threshold: c.value}}, c.panel)
		if !ok || math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v %s in %s is %v, want %v", c.value, c.is, c.panel, got, c.want)
		}
	}
	if _, ok := limit(&alarms.Alarm{Composite: &alarms.Composite{}}, "s"); ok {
		t.Error("a composite has a limit")
	}
}

func TestInstrument_Names_FollowTheSpecification(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		i    instrument
		want string
	}{
		{httpRequests, "http_server_request_duration_seconds"},
		{eventsAccepted, "tracehaul_event_accepted_total"},
		{batchSize, "tracehaul_message_batch_size"},
		{connections, "db_client_connection_count"},
		{invocations, "faas_invocations_total"},
	} {
		if got := c.i.prom(); got != c.want {
			t.Errorf("%s becomes %s, want %s", c.i.name, got, c.want)
		}
	}
}
