package simulator

import (
	"math"
	"time"

	"github.com/tracehaul/tracehaul/alarms/metricmath"
)

// datapoints are the values that one alarm watches, over a whole history.
//
// The periods of an evaluation end at its minute, so that they slide: at minute
// t the datapoint of age k is over the minutes from t-(k+1)*period to t-k*period.
// ("Alarm evaluation window", CloudWatch user guide.) It is therefore enough to know
// one value for each minute at which a period can end. Only those that end within
// the delay are others: some of their minutes cannot be seen yet.
type datapoints struct {
	start  time.Time
	period int // minutes
	delay  int // minutes
	within int // the most datapoints of an evaluation

	expression *metricmath.Expression // nil for the only input itself
	ids        []string

	// views[v] has a series for each input; of an expression that is
	// pointwise, and without one, only one with the results. Value i is for the
	// period that ends before minute i.
	views [3][][]float64
}

// Ways of seeing a period.
const (
	whole   = iota // all minutes
	partial        // the first minutes
	unseen         // none
)

// view says how a period is seen that ended so many minutes ago.
func (d *datapoints) view(age int) int {
	switch {
	case age >= d.delay:
		return whole
	case age+d.period > d.delay:
		return partial
	}
	return unseen
}

// watch computes the values that the alarm watches.
func (a *metricAlarm) watch(w *windows, delay int) *datapoints {
	d := &datapoints{
		start: w.history.start, period: a.period, delay: delay, within: a.n + ExtraPeriods,
		expression: a.expression,
	}
	for _, in := range a.inputs {
		d.ids = append(d.ids, in.id)
		d.views[whole] = append(d.views[whole], w.over(in.metric, in.statistic, a.period))
		if delay == 0 {
			continue
		}
		late := absent(w.history.minutes + 1)
		if hidden := delay % a.period; hidden > 0 && hidden < len(late) {
			copy(late[hidden:], w.over(in.metric, in.statistic, a.period-hidden))
		}
		d.views[partial] = append(d.views[partial], late)
		d.views[unseen] = append(d.views[unseen], absent(w.history.minutes+1))
	}
	if a.expression != nil && a.expression.Pointwise() {
		d.expression = nil
		for v, series := range d.views {
			if series != nil {
				d.views[v] = [][]float64{d.everywhere(a.expression, series)}
			}
		}
	}
	return d
}

// everywhere evaluates a pointwise expression for all minutes at once.
func (d *datapoints) everywhere(e *metricmath.Expression, series [][]float64) []float64 {
	n := len(series[0]) - 1
	values := e.Eval(
		metricmath.Range{Start: d.timestamp(1), Period: d.length(), Step: time.Minute, Len: n},
		func(id string) []float64 { return series[d.index(id)][1:] },
	)
	return append([]float64{math.NaN()}, values...)
}

func (d *datapoints) index(id string) int {
	for i := range d.ids {
		if d.ids[i] == id {
			return i
		}
	}
	return 0 // the ids were checked
}

func (d *datapoints) length() time.Duration { return time.Duration(d.period) * time.Minute }

// timestamp is that of the datapoint whose period ends before a minute: the
// beginning of the period.
func (d *datapoints) timestamp(end int) time.Time {
	return d.start.Add(time.Duration(end-d.period) * time.Minute)
}

// at returns the values of the evaluation range at a minute, newest first. The
// range is cut where periods end before the history. buffer is reused.
func (d *datapoints) at(minute int, buffer []float64) []float64 {
	count := min(d.within, (minute+d.period-1)/d.period)
	if d.expression == nil {
		return d.gather(0, minute, count, buffer)
	}
	values := d.expression.Eval(
		metricmath.Range{Start: d.timestamp(minute - (count-1)*d.period), Period: d.length(), Len: count},
		func(id string) []float64 { return reverse(d.gather(d.index(id), minute, count, nil)) },
	)
	return append(buffer[:0], reverse(values)...)
}

// gather collects the datapoints of a series, newest first.
func (d *datapoints) gather(series, minute, count int, buffer []float64) []float64 {
	buffer = buffer[:0]
	for k := range count {
		age := k * d.period
		buffer = append(buffer, d.views[d.view(age)][series][minute-age])
	}
	return buffer
}

func reverse(s []float64) []float64 {
	out := make([]float64, len(s))
	for i, x := range s {
		out[len(s)-1-i] = x
	}
	return out
}
