package recorded_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/tracehaul/tracehaul/dashboards/recorded"
)

// sixty is a dashboard of 60 panels: each has a metric, a percentile, a share and
// a band.
func sixty(tb testing.TB) (*recorded.Recording, []byte) {
	tb.Helper()
	set := setOf(tb, reference, "prod")
	r, err := recorded.Model(set, recorded.Week)
	if err != nil {
		tb.Fatal(err)
	}
	var panels []object
	signals := set.Signals.All()
	balancer := object{"LoadBalancer": "$load_balancer"}
	for i := range 60 {
		panels = append(panels, panel(strconv.Itoa(i),
			with(ofSignal(set.Pipeline, signals[i%len(signals)]), "id", "m"),
			with(metric(elb, "TargetResponseTime", fmt.Sprintf("p%d", 40+i), balancer), "id", "slow"),
			with(metric(elb, "RequestCount", "Sum", balancer), "id", "requests"),
			math("share", "IF(requests > 20, 100 * FILL(m, 0) / requests, 0)"),
			math("band", "ANOMALY_DETECTION_BAND(requests, 2)"),
		))
	}
	return r, board(tb, inputVariables(set.Pipeline), panels...)
}

// A week in minutes is read by 300 queries while somebody waits: the benchmark
// says for how long.
func TestEvaluate_SixtyPanelsOverWeek_AllHavePoints(t *testing.T) {
	r, content := sixty(t)
	for _, q := range evaluate(t, r, content) {
		if q.Points == 0 {
			t.Errorf("%s: %s: %s", q.Panel, q.Asks, q.Problem)
		}
	}
}

func BenchmarkEvaluate_SixtyPanelsOverWeek(b *testing.B) {
	_, content := sixty(b)
	for b.Loop() {
		b.StopTimer()
		r, err := recorded.Model(setOf(b, reference, "prod"), recorded.Week) // nothing is known of an earlier run
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		evaluate(b, r, content)
	}
}

func BenchmarkModel_Week(b *testing.B) {
	set := setOf(b, reference, "prod")
	for b.Loop() {
		if _, err := recorded.Model(set, recorded.Week); err != nil {
			b.Fatal(err)
		}
	}
}
