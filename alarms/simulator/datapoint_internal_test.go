package simulator

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/internal/statistic"
	"github.com/tracehaul/tracehaul/alarms/metricmath"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

var requests = signal.Metric{Namespace: "Test", Name: "Requests"}

// evaluationRange computes the datapoints of an evaluation the slow way: each from the
// samples that can be seen of its period. Newest first.
func evaluationRange(a *metricAlarm, series map[string][]Samples, minute, delay int, start time.Time) []float64 {
	count := 0
	for count < a.n+ExtraPeriods && minute-count*a.period > 0 {
		count++
	}
	inputs := map[string][]float64{} // oldest first
	for _, in := range a.inputs {
		for k := count - 1; k >= 0; k-- {
			end := minute - k*a.period
			from, to := max(end-a.period, 0), min(end, minute-delay)
			x := math.NaN()
			if from < to {
				x = naive(series[in.metric.Name][from:to], in.statistic)
			}
			inputs[in.id] = append(inputs[in.id], x)
		}
	}
	if a.expression == nil {
		return reverse(inputs[a.inputs[0].id])
	}
	period := time.Duration(a.period) * time.Minute
	oldest := start.Add(time.Duration(minute-count*a.period) * time.Minute)
	return reverse(a.expression.Eval(
		metricmath.Range{Start: oldest, Period: period, Len: count}, func(id string) []float64 { return inputs[id] },
	))
}

// TestDatapoints_AnyAlarm_AsTheNaiveWay compares what is evaluated each minute with
// what comes of looking at the samples of each period.
func TestDatapoints_AnyAlarm_AsTheNaiveWay(t *testing.T) {
	start := time.Date(2026, time.March, 1, 22, 51, 0, 0, time.UTC)
	expressions := []string{
		"", "m1 / m2", "FILL(m1, 0) + FILL(m2, 7)", "IF(m1 > m2, MINUTE(m1), PERIOD(m2) * m1)", "SUM([m1, m2]) ^ 2",
		"FILL(m1, REPEAT) - m2", "FILL(m1, LINEAR) + m2", "RATE(m1) + m2", "m1 - AVG(m2)", "DIFF(FILL(m1, m2)) / MAX(m1)",
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "minutes")
		h := NewHistory(start, n)
		series := map[string][]Samples{"Latency": make([]Samples, n), "Requests": make([]Samples, n)}
		for i := range n {
			series["Latency"][i], series["Requests"][i] = drawSamples(t), drawSamples(t)
			h.Set(latency, i, series["Latency"][i])
			h.Set(requests, i, series["Requests"][i])
		}
		a := &metricAlarm{
			inputs: []input{{"m1", latency, statistic.Statistic{Kind: statistic.Sum}}, {"m2", requests, statistic.Statistic{Kind: statistic.Maximum}}},
			period: rapid.IntRange(1, 12).Draw(t, "period"), n: rapid.IntRange(1, 5).Draw(t, "periods"),
		}
		text := rapid.SampledFrom(expressions).Draw(t, "expression")
		if text == "" {
			a.inputs = a.inputs[:1]
		} else {
			var err error
			if a.expression, err = metricmath.Parse(text); err != nil {
				t.Fatal(err)
			}
		}
		delay := rapid.IntRange(0, 15).Draw(t, "delay")
		d := a.watch(newWindows(h), delay)
		for minute := 1; minute <= n; minute++ {
			got, want := d.at(minute, nil), evaluationRange(a, series, minute, delay, start)
			if len(got) != len(want) {
				t.Fatalf("minute %d: %v, want %v", minute, got, want)
			}
			for k := range want {
				if !same(got[k], want[k]) {
					t.Fatalf("minute %d: %v, want %v", minute, got, want)
				}
			}
		}
	})
}

// TestJudge_AnyRange_KeepsItsPromises: what holds whatever the datapoints are.
func TestJudge_AnyRange_KeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "n")
		m := rapid.IntRange(1, n).Draw(t, "m")
		points := rapid.SliceOfN(rapid.SampledFrom([]point{missing, good, breaching}), 0, n+ExtraPeriods).Draw(t, "points")
		treatment := rapid.SampledFrom([]alarms.Missing{
			alarms.MissingMissing, alarms.MissingIgnore, alarms.MissingBreaching, alarms.MissingNotBreaching,
		}).Draw(t, "treatment")
		v := judge(points, m, n, treatment)
		switch {
		case v.real+v.filled != n || v.bad > v.real:
			t.Fatalf("counts do not add up: %+v", v)
		case v.real == n && (v.keep || (v.state == alarms.StateAlarm) != (v.bad >= m)):
			t.Fatalf("enough data, and the treatment had a say: %+v", v)
		case v.bad >= m && (v.keep || v.state != alarms.StateAlarm):
			t.Fatalf("%d of %d are breaching, and there is no alarm: %+v", v.bad, m, v)
		case v.state == alarms.StateInsufficientData && v.real > 0:
			t.Fatalf("insufficient data with data: %+v", v)
		case v.keep && treatment != alarms.MissingMissing && treatment != alarms.MissingIgnore:
			t.Fatalf("the state is kept where all data is known: %+v", v)
		}
	})
}
