package simulator_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// BenchmarkRun_Week is a week of 30 alarms of each kind that a pipeline has:
// burn rates over windows of up to three days, shares of fast requests, and
// percentiles and maxima of short periods.
func BenchmarkRun_Week(b *testing.B) {
	const week = 7 * 24 * 60
	h := simulator.NewHistory(monday, week)
	random := rand.New(rand.NewPCG(1, 2))
	var all []alarms.Alarm
	for i := range 30 {
		requests := metric(fmt.Sprintf("Requests%d", i))
		errors, latency := metric(fmt.Sprintf("Errors%d", i)), metric(fmt.Sprintf("Latency%d", i))
		for minute := range week {
			n := 500 + random.Float64()*100
			h.Set(requests.Metric, minute, simulator.Samples{Count: n, Sum: n, Min: 1, Max: 1})
			if minute%7 == 0 {
				h.Set(errors.Metric, minute, simulator.Samples{Count: 3, Sum: 3, Min: 1, Max: 1})
			}
			h.Set(latency.Metric, minute, simulator.Samples{Count: 100, Sum: 20, Min: 0.1, Max: 0.9, Distribution: []simulator.Bucket{
				{Value: 0.1, Count: 80}, {Value: 0.25, Count: 10}, {Value: 0.5, Count: 8}, {Value: float64(random.IntN(9)) / 10, Count: 2},
			}})
		}
		window := []time.Duration{5 * time.Minute, time.Hour, 6 * time.Hour, 3 * 24 * time.Hour}[i%4]
		all = append(all,
			alarms.Alarm{Key: fmt.Sprintf("burn-%d", i), Metric: &alarms.Metric{
				Inputs:     []alarms.Input{{ID: "requests", Signal: requests}, {ID: "errors", Signal: errors}},
				Expression: "IF(requests > 100, 100 * FILL(errors, 0) / requests, 0)", Threshold: 0.2, Period: window,
			}},
			alarms.Alarm{Key: fmt.Sprintf("share-%d", i), Metric: &alarms.Metric{
				Inputs: []alarms.Input{{Signal: latency.With("PR(:0.3)")}}, Comparison: alarms.Below, Threshold: 91, Period: window,
			}},
			alarms.Alarm{Key: fmt.Sprintf("slow-%d", i), Metric: &alarms.Metric{
				Inputs: []alarms.Input{{Signal: latency.With("p99")}}, Threshold: 0.6, Period: 5 * time.Minute, Periods: 12, Datapoints: 9,
			}},
		)
	}
	s, err := simulator.New(simulator.Config{Alarms: all})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if r := s.Run(h); len(r.Changes) == 0 {
			b.Fatal("nothing changed")
		}
	}
}

// BenchmarkRun_RangeExpression is a day of an alarm whose expression depends on
// the whole range, so that it is evaluated anew every minute.
func BenchmarkRun_RangeExpression(b *testing.B) {
	h := simulator.NewHistory(monday, 24*60)
	requests := metric("Requests")
	for minute := range 24 * 60 {
		h.Set(requests.Metric, minute, simulator.One(float64(minute%17)))
	}
	s, err := simulator.New(simulator.Config{Alarms: []alarms.Alarm{{Key: "growth", Metric: &alarms.Metric{
		Inputs: []alarms.Input{{ID: "m1", Signal: requests}}, Expression: "RATE(FILL(m1, REPEAT))", Threshold: 0.01, Periods: 15, Datapoints: 10,
	}}}})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.Run(h)
	}
}

var monday = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

// metric is a signal of a test.
func metric(name string) signal.Signal {
	return signal.Signal{ID: name, Metric: signal.Metric{Namespace: "Test", Name: name}, Statistic: "Sum"}
}
