package recorded

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// kept is a statistic of a metric as CloudWatch answered it.
type kept struct {
	period time.Duration
	points []point // in order
}

type point struct {
	at    time.Time
	value float64
}

// keep takes datapoints of a statistic into the recording. Of a statistic that was
// recorded with several periods the shortest is kept.
func (m *metric) keep(statistic string, period time.Duration, at []time.Time, values []float64) {
	k, ok := m.kept[statistic]
	if ok && k.period < period {
		return
	}
	if k.period != period {
		k = kept{period: period}
	}
	for i := range at { // a second page of the answer is about the same metrics
		k.points = append(k.points, point{at[i].UTC(), values[i]})
	}
	slices.SortStableFunc(k.points, func(a, b point) int { return a.at.Compare(b.at) })
	k.points = slices.CompactFunc(k.points, func(a, b point) bool { return a.at.Equal(b.at) })
	m.kept[statistic] = k
}

// fromAnswers reads what was recorded. Where the dashboard asks for a shorter period
// than was recorded, it gets the recorded one.
func (r *Recording) fromAnswers(q question) (series, error) {
	k, ok := q.metric.kept[q.statistic]
	if !ok {
		s := r.empty(q.period)
		if len(q.metric.kept) == 0 {
			return s, fmt.Errorf("%v was listed, and none of its datapoints were recorded", q.metric)
		}
		return s, fmt.Errorf("%s of %v was not recorded: %s was", q.statistic, q.metric, strings.Join(slices.Sorted(maps.Keys(q.metric.kept)), ", "))
	}
	period := q.period
	if rest := period % k.period; rest > 0 {
		period += k.period - rest
	}
	from, _ := r.grid(period)
	s := r.empty(period)
	counts := make([]float64, len(s.values))
	for _, p := range k.points {
		i := int(p.at.Sub(from) / period)
		if counts[i] == 0 {
			s.values[i] = 0
		}
		counts[i]++
		s.values[i] = joined(q.statistic, s.values[i], p.value, counts[i])
	}
	return s, nil
}

// empty is a series without datapoints.
func (r *Recording) empty(period time.Duration) series {
	_, count := r.grid(period)
	s := series{period, make([]float64, count)}
	for i := range s.values {
		s.values[i] = math.NaN()
	}
	return s
}

// joined makes one datapoint of several, of which x is the nth. What is neither
// added nor compared becomes their mean: that is exact for none of an average and a
// percentile, and near enough to see whether there is something.
func joined(statistic string, before, x, n float64) float64 {
	switch {
	case n == 1:
		return x
	case statistic == "Sum" || statistic == "SampleCount":
		return before + x
	case statistic == "Minimum":
		return min(before, x)
	case statistic == "Maximum":
		return max(before, x)
	}
	return before + (x-before)/n
}
