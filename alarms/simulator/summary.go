package simulator

import (
	"fmt"
	"time"

	"github.com/tracehaul/tracehaul/alarms/internal/statistic"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Summary is what a graph shows of a metric: a value for each period in which
// the history has a minute, oldest first, and NaN where there are no samples. from
// is when the first of these periods begins: at the history's start or before,
// as periods are counted from 1970.
//
// An alarm's periods slide with the time of its evaluation; these are those of
// the GetMetricData action. The name is that of a statistic, such as Sum, p99 or PR(:0.3), the
// period of whole minutes: the error says what is wrong with either.
func (h *History) Summary(m signal.Metric, name string, period time.Duration) (from time.Time, values []float64, err error) {
	s, err := statistic.Parse(name)
	if err != nil {
		return time.Time{}, nil, err
	}
	if period < time.Minute || period%time.Minute != 0 {
		return time.Time{}, nil, fmt.Errorf("the period is %v: want a minute or several", period)
	}
	length := int(period / time.Minute)
	if h.minutes == 0 {
		return h.start, nil, nil
	}
	lead := int(h.start.Unix() / 60 % int64(length)) // minutes of the first period that are before the history
	if lead < 0 {
		lead += length // the history is from before 1970
	}
	count := (lead + h.minutes + length - 1) / length
	length = min(length, max(lead+h.minutes, 1)) // a longer one has no more in it
	padded := make([]Samples, count*length)
	copy(padded[min(lead, len(padded)):], h.series[m.Key()])
	w := newWindows(&History{minutes: len(padded)})
	ends := w.compute(padded, s, length)
	for i := range count {
		values = append(values, ends[(i+1)*length])
	}
	return h.start.Add(-time.Duration(lead) * time.Minute), values, nil
}
