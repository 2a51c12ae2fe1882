package scenario

import (
	"math"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// record is what the metrics of a pipeline got during a scenario and in the
// time before it. Each is made when it is asked for first.
type record struct {
	model    *model
	scenario *Scenario
	lead     int // minutes before the scenario begins
	start    time.Time
	minutes  []minute

	observe func(simulator.Evaluation) // nil for nobody

	mu     sync.Mutex
	series map[string][]simulator.Samples // by the IDs of signals
}

// record begins the record of a scenario, with some time before it.
func (m *model) record(s *Scenario, lead time.Duration) *record {
	r := &record{model: m, scenario: s, lead: int(lead / time.Minute), series: map[string][]simulator.Samples{}}
	r.start = m.clock(s.Start).Add(-lead)
	r.minutes = m.minutes(r.start, r.lead+int(s.Length/time.Minute), r.lead, s)
	return r
}

// delay is how late CloudWatch is at a time. Where it varies, it is another every
// few minutes.
func (r *record) delay(at time.Time) time.Duration {
	least, most := r.scenario.Delay, r.scenario.DelayMost
	if most <= least {
		return least
	}
	choices := float64((most-least)/time.Minute + 1)
	return least + time.Duration(r.model.seeds.delay.uniform(at.Unix()/60/4)*choices)*time.Minute
}

// clock is the time at which the clock on the wall shows what t says.
func (m *model) clock(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, m.zone)
}

// history is the record of some signals, as the simulator takes it, from some
// time before the scenario on.
func (r *record) history(signals []signal.Signal, lead time.Duration) *simulator.History {
	r.mu.Lock()
	defer r.mu.Unlock()
	skip := max(0, r.lead-int(lead/time.Minute))
	h := simulator.NewHistory(r.start.Add(time.Duration(skip)*time.Minute), len(r.minutes)-skip)
	for _, s := range signals {
		for i, samples := range r.of(r.catalogued(s))[skip:] {
			if samples.Count > 0 {
				h.Set(s.Metric, i, samples)
			}
		}
	}
	return h
}

// catalogued is the signal of the same metric with its own statistic.
func (r *record) catalogued(s signal.Signal) signal.Signal {
	if own, ok := r.model.byMetric[s.Metric.Key()]; ok {
		return own
	}
	return s
}

// of is what one signal got, minute by minute.
func (r *record) of(s signal.Signal) []simulator.Samples {
	if all, made := r.series[s.ID]; made {
		return all
	}
	all := make([]simulator.Samples, len(r.minutes))
	r.series[s.ID] = all
	source, known := r.model.sources[s.ID]
	if !known {
		source.samples, source.own = none, true // only the scenario gives it data
	}
	for i := range all {
		all[i] = source.samples(&r.minutes[i])
	}
	for i := range r.scenario.Normal {
		if e := &r.scenario.Normal[i]; e.touches(s.ID) {
			r.apply(e, s, source, all, 0, len(all))
		}
	}
	for i := range r.scenario.Events {
		if e := &r.scenario.Events[i]; e.touches(s.ID) {
			r.apply(e, s, source, all, r.lead+int(e.From/time.Minute), r.lead+int(e.end(r.scenario)/time.Minute))
		}
	}
	return all
}

// touches reports whether the event is about a signal.
func (e *Event) touches(id string) bool {
	if e.Deploy || e.Signal == signalTraffic {
		return false
	}
	return matches(e.Signal, id)
}

// matches compares a name with a pattern, in which a * stands for any
// characters.
func matches(pattern, name string) bool {
	if !strings.Contains(pattern, "*") {
		return pattern == name
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// apply changes a signal by an event, from one minute until another.
func (r *record) apply(e *Event, s signal.Signal, from source, all []simulator.Samples, first, last int) {
	var of []simulator.Samples
	var whole signal.Signal
	if e.Value.Op == OpPercent {
		whole, _ = r.model.find(e.Value.Of)
		of = r.of(whole)
	}
	for i := first; i < min(last, len(all)); i++ {
		at := time.Duration(i-r.lead) * time.Minute
		if e.Value.Op != OpAbsent && from.rare != nil && !from.rare(&r.minutes[i]) {
			continue
		}
		v := e.value(at, r.scenario)
		switch e.Value.Op {
		case OpAbsent:
			all[i] = simulator.Samples{}
		case OpSet:
			all[i] = reading(s, v, all[i].Count)
		case OpTimes:
			all[i] = times(s, all[i], v)
		case OpPlus:
			all[i] = reading(s, value(s, all[i])+v, all[i].Count)
		case OpPercent:
			all[i] = reading(s, math.Round(v*value(whole, of[i])/100), all[i].Count)
		case OpShares:
			n := all[i].Count
			if from.own {
				n = max(n, 1)
			}
			all[i] = distributed(e.Value.Shares, n)
		}
	}
}

// value reads a minute of a signal, with the signal's own statistic. A
// percentile is read as the mean.
func value(s signal.Signal, x simulator.Samples) float64 {
	switch {
	case x.Count == 0:
		return 0
	case s.Statistic == "Sum":
		return x.Sum
	case s.Statistic == "Maximum":
		return x.Max
	case s.Statistic == "Minimum":
		return x.Min
	case s.Statistic == "SampleCount":
		return x.Count
	}
	return x.Sum / x.Count
}

// reading makes samples that are read as a value. n is how many there are on a
// normal day.
func reading(s signal.Signal, v, n float64) simulator.Samples {
	switch {
	case s.Statistic == "SampleCount", s.Statistic == "Sum" && oneByOne(s):
		return counted(v)
	case s.Statistic == "Sum":
		return summed(v, n)
	}
	return summed(v*max(n, 1), n)
}

// oneByOne reports whether AWS reports a sample of 1 for each that it counts,
// and nothing when there is none to count. Others report a zero, or may: of SNS
// it is not said.
func oneByOne(s signal.Signal) bool {
	return slices.Contains([]string{"AWS/ApplicationELB", "AWS/WAFV2"}, s.Metric.Namespace) ||
		s.Metric.Namespace == "AWS/Lambda" && s.Absent == signal.AbsentIdle
}

// times multiplies: what is counted happens more often, what is measured is
// greater.
func times(s signal.Signal, x simulator.Samples, factor float64) simulator.Samples {
	if x.Count == 0 {
		return x
	}
	if s.Statistic == "Sum" {
		return reading(s, math.Round(x.Sum*factor), x.Count)
	}
	x.Sum, x.Min, x.Max = x.Sum*factor, x.Min*factor, x.Max*factor
	buckets := slices.Clone(x.Distribution)
	for i := range buckets {
		buckets[i].Value *= factor
	}
	x.Distribution = buckets
	return x
}

// distributed spreads n samples by their shares, to the fraction.
func distributed(shares []Share, n float64) simulator.Samples {
	if n == 0 {
		return simulator.Samples{}
	}
	buckets := make([]simulator.Bucket, len(shares))
	for i, share := range shares {
		buckets[i] = simulator.Bucket{Value: share.Value, Count: n * share.Percent / 100}
	}
	slices.SortFunc(buckets, func(a, b simulator.Bucket) int {
		if a.Value < b.Value {
			return -1
		}
		return 1
	})
	return samplesOf(buckets)
}
