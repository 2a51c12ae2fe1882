package simulator

import (
	"math"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/internal/statistic"
	"github.com/tracehaul/tracehaul/alarms/metricmath"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// metricAlarm is an alarm on a metric or on metric math, ready to be evaluated.
type metricAlarm struct {
	inputs     []input
	expression *metricmath.Expression // nil for the only input itself
	comparison alarms.Comparison
	threshold  float64
	width      float64 // of the band
	signal     signal.Signal
	period     int // minutes
	m, n       int // datapoints to alarm, evaluation periods
	treatment  alarms.Missing
	few        float64 // samples that a percentile needs to be evaluated; 0 for any
}

type input struct {
	id        string
	metric    signal.Metric
	statistic statistic.Statistic
}

// metricRun is a metric alarm on a history.
type metricRun struct {
	*metricAlarm
	*datapoints                     // as they are seen at the minute that is evaluated
	watched     map[int]*datapoints // by delay
	delays      []int               // by minute
	samples     []float64           // in the evaluation periods, where the alarm needs enough
	band        *band
	hourly      bool
	lag         int // minutes from the end of the evaluated periods to the evaluation

	// What the last evaluation saw: the minute before which its newest period
	// ends, and the datapoints, newest first.
	end    int
	values []float64
	points []point
}

// multiDayLag is how many minutes after the hour an alarm over more than a day is
// evaluated. CloudWatch evaluates it once an hour, over what was until the full
// hour. ("Alarm evaluation", CloudWatch user guide.) At which minute is a choice:
// data that comes a little late should be seen.
const multiDayLag = 3

// multiDay reports whether the alarm is over more than a day.
func (a *metricAlarm) multiDay() bool { return a.n*a.period > 24*60 }

// band is what is normal, for periods that end before a minute. NaN where there
// is no model.
type band struct{ lower, upper []float64 }

// bandFunc is [Config.Band].
type bandFunc func(s signal.Signal, period time.Duration, width float64, at time.Time) (lower, upper float64, ok bool)

func (a *metricAlarm) run(w *windows, delays []int, normal bandFunc) *metricRun {
	r := &metricRun{metricAlarm: a, hourly: a.multiDay(), delays: delays, watched: map[int]*datapoints{}}
	if r.hourly {
		r.lag = multiDayLag
	}
	for _, delay := range delays {
		if r.watched[delay] == nil {
			r.watched[delay] = a.watch(w, max(delay-r.lag, 0))
		}
	}
	r.datapoints = r.watched[delays[0]]
	if a.few > 0 {
		r.samples = w.over(a.inputs[0].metric, statistic.Statistic{Kind: statistic.Count}, a.n*a.period)
	}
	if a.comparison.Band() {
		n := w.history.minutes + 1
		r.band = &band{absent(n), absent(n)}
		for end := 1; end < n && normal != nil; end++ {
			if lower, upper, ok := normal(a.signal, r.length(), a.width, r.timestamp(end)); ok {
				r.band.lower[end], r.band.upper[end] = lower, upper
			}
		}
	}
	return r
}

// evaluate evaluates the alarm at a minute.
func (r *metricRun) evaluate(minute int) verdict {
	if r.hourly && r.start.Add(time.Duration(minute)*time.Minute).UTC().Minute() != r.lag {
		return verdict{keep: true}
	}
	r.end, r.datapoints = minute-r.lag, r.watched[r.delays[minute]]
	if r.end < 1 || r.tooFew() {
		return verdict{keep: true}
	}
	r.values = r.at(r.end, r.values)
	r.points = r.points[:0]
	for k, x := range r.values {
		r.points = append(r.points, r.classify(x, r.end-k*r.datapoints.period))
	}
	return judge(r.points, r.m, r.n, r.treatment)
}

// tooFew reports whether there are too few samples for the percentile, in an
// alarm that is told to keep its state then. AWS counts them "during the
// evaluation period": taken here for all evaluation periods together.
// ("Percentile-based CloudWatch alarms and low data samples".)
func (r *metricRun) tooFew() bool {
	if r.few == 0 {
		return false
	}
	seen := r.samples[max(r.end-r.delay, 0)]
	return math.IsNaN(seen) || seen < r.few
}

// classify says what a value means, of a period that ends before a minute. A
// value is missing where there is no band to compare it with.
func (r *metricRun) classify(x float64, end int) point {
	lower, upper := r.threshold, r.threshold
	if r.band != nil {
		lower, upper = r.band.lower[end], r.band.upper[end]
	}
	if math.IsNaN(x) || math.IsNaN(lower) || math.IsNaN(upper) {
		return missing
	}
	if breaches(r.comparison, x, lower, upper) {
		return breaching
	}
	return good
}

func breaches(c alarms.Comparison, x, lower, upper float64) bool {
	switch c {
	case alarms.Above, alarms.AboveBand:
		return x > upper
	case alarms.AtLeast:
		return x >= upper
	case alarms.Below, alarms.BelowBand:
		return x < lower
	case alarms.AtMost:
		return x <= lower
	case alarms.OutsideBand:
		return x < lower || x > upper
	}
	return false
}
