package simulator

import (
	"math"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/alarms/internal/statistic"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// leastForBand is how many datapoints an hour needs before the model says
// anything of it.
const leastForBand = 30

// LearnBand learns from a history what is normal, for [Config.Band]. The history
// must not be changed afterwards; it should have a week or more without
// incidents, and may be another one than that of the simulation.
//
// This is an approximation: AWS does not publish how CloudWatch learns a band. It
// says that the model knows hours, days and weeks, and trends. Here there is a
// mean and a standard deviation for each hour of the day in UTC, of the days from
// Monday to Friday and of the others, and no trend. An hour for which there are
// fewer than 30 datapoints has no band. A test should therefore only rely on what
// is far inside of the band or far outside. ("Using CloudWatch anomaly
// detection", CloudWatch user guide.)
//
// The function that is returned is safe for concurrent use.
func LearnBand(h *History) func(s signal.Signal, period time.Duration, width float64, at time.Time) (lower, upper float64, ok bool) {
	type key struct {
		metric, statistic string
		period            time.Duration
	}
	var mu sync.Mutex
	models, w := map[key]*hours{}, newWindows(h)
	return func(s signal.Signal, period time.Duration, width float64, at time.Time) (lower, upper float64, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		k := key{s.Metric.Key(), s.Statistic, period}
		model := models[k]
		if model == nil {
			model = learn(w, s, period)
			models[k] = model
		}
		m := model.slot(at)
		if m.n < leastForBand {
			return 0, 0, false
		}
		spread := width * math.Sqrt(m.squares/m.n)
		lower, upper = m.mean-spread, m.mean+spread
		return lower, upper, acceptable(lower) && acceptable(upper)
	}
}

// hours are moments by the hour of the day, on weekdays and at weekends.
type hours [2][24]moments

// moments are a mean and a sum of squared differences from it, as Welford's
// method has them: no differences of large sums.
type moments struct{ n, mean, squares float64 }

func (m *moments) add(x float64) {
	m.n++
	d := x - m.mean
	m.mean += d / m.n
	m.squares += d * (x - m.mean)
}

func (h *hours) slot(at time.Time) *moments {
	at = at.UTC()
	weekend := 0
	if day := at.Weekday(); day == time.Saturday || day == time.Sunday {
		weekend = 1
	}
	return &h[weekend][at.Hour()]
}

// learn learns from all datapoints of a period. A signal or a period that cannot
// be simulated teaches nothing.
func learn(w *windows, s signal.Signal, period time.Duration) *hours {
	model := &hours{}
	of, err := statistic.Parse(s.Statistic)
	minutes := int(period / time.Minute)
	if err != nil || minutes < 1 {
		return model
	}
	for end, x := range w.over(s.Metric, of, minutes) {
		if end >= minutes && !math.IsNaN(x) {
			model.slot(w.history.start.Add(time.Duration(end-minutes) * time.Minute)).add(x)
		}
	}
	return model
}
