package scenario

import (
	"math"
	"slices"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// nearness is how near alarms came to going off, in percent of the way: the value
// of their threshold that would have sufficed; where that is none or one of
// something, or a band, the datapoints that breached of those that have to.
type nearness struct {
	from   time.Time
	alarms map[string]*alarms.Metric
	most   map[string]float64 // by key
	values []float64          // of an evaluation, the worst first
}

func newNearness(all []alarms.Alarm, from time.Time) *nearness {
	n := &nearness{from: from, alarms: map[string]*alarms.Metric{}, most: map[string]float64{}}
	for i := range all {
		if m := all[i].Metric; m != nil && all[i].Notify != alarms.NotifyAll {
			n.alarms[all[i].Key], n.most[all[i].Key] = m, 0
		}
	}
	return n
}

func (n *nearness) observe(e simulator.Evaluation) {
	m := n.alarms[e.Key]
	if m == nil || e.At.Before(n.from) {
		return
	}
	if near := n.near(m, &e); near > n.most[e.Key] {
		n.most[e.Key] = near
	}
}

func (n *nearness) near(m *alarms.Metric, e *simulator.Evaluation) float64 {
	byCount := 100 * min(1, float64(e.Breaching+e.Filled)/float64(m.Datapoints))
	few := m.Unit == signal.UnitCount && m.Threshold <= 1
	if byCount == 100 || m.Comparison.Band() || m.Threshold <= 0 || few {
		return byCount
	}
	return min(n.byValue(m, e), 99)
}

// byValue is how much of the threshold the values had, as often as it takes.
func (n *nearness) byValue(m *alarms.Metric, e *simulator.Evaluation) float64 {
	n.values = n.values[:0]
	for _, x := range e.Values {
		if !math.IsNaN(x) && len(n.values) < m.Periods {
			n.values = append(n.values, x)
		}
	}
	needed := m.Datapoints - e.Filled
	if len(n.values) < needed {
		return 0
	}
	slices.Sort(n.values)
	if m.Comparison == alarms.Below || m.Comparison == alarms.AtMost {
		if x := n.values[needed-1]; x > 0 {
			return 100 * m.Threshold / x
		}
		return 100
	}
	return 100 * max(0, n.values[len(n.values)-needed]/m.Threshold)
}
