package scenario

import (
	"math"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

func TestNearness_OfAnEvaluation_IsTheWayThatItWent(t *testing.T) {
	none := math.NaN()
	m := func(c alarms.Comparison, threshold float64) *alarms.Metric {
		return &alarms.Metric{Comparison: c, Threshold: threshold, Periods: 3, Datapoints: 2}
	}
	for name, c := range map[string]struct {
		metric            *alarms.Metric
		values            []float64
		breaching, filled int
		want              float64
	}{
		"the second of three":           {m(alarms.Above, 10), []float64{1, 8, 5}, 0, 0, 50},
		"beyond three is not looked at": {m(alarms.Above, 10), []float64{1, 2, 5, 90, 90}, 0, 0, 20},
		"gaps are passed over":          {m(alarms.Above, 10), []float64{none, none, 4, 9, 1}, 0, 0, 40},
		"too few":                       {m(alarms.Above, 10), []float64{9}, 0, 0, 0},
		"a gap that is breaching":       {m(alarms.Above, 10), []float64{7, 3}, 0, 1, 70},
		"gaps alone":                    {m(alarms.Above, 10), nil, 0, 3, 100},
		"it goes off":                   {m(alarms.Above, 10), []float64{70, 30}, 2, 0, 100},
		"below":                         {m(alarms.Below, 1), []float64{4, 3, 2}, 0, 0, 100. / 3},
		"below, at nothing":             {m(alarms.Below, 1), []float64{0, 0, 2}, 2, 0, 100},
		"below one":                     {&alarms.Metric{Comparison: alarms.Below, Threshold: 1, Unit: signal.UnitCount, Periods: 3, Datapoints: 2}, []float64{1, 0, 1}, 1, 0, 50},
		"at the threshold":              {m(alarms.Above, 10), []float64{10, 10, 10}, 0, 0, 99},
		"more than none":                {m(alarms.Above, 0), []float64{0, 1, 0}, 1, 0, 50},
		"a band":                        {m(alarms.BelowBand, 0), []float64{9, 9, 9}, 1, 0, 50},
		"less than nothing":             {m(alarms.Above, 10), []float64{-5, -5, -5}, 0, 0, 0},
	} {
		start := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
		n := newNearness([]alarms.Alarm{{Key: "a", Metric: c.metric}}, start)
		n.observe(simulator.Evaluation{Key: "a", At: start.Add(-time.Minute), Values: []float64{100, 100, 100}, Breaching: 3})
		n.observe(simulator.Evaluation{Key: "a", At: start, Values: c.values, Breaching: c.breaching, Filled: c.filled})
		if got := n.most["a"]; math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v %%, want %v %%", name, got, c.want)
		}
	}
}
