package simulator

import (
	"math"
	"time"

	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Samples are what a metric got within one minute.
type Samples struct {
	Count, Sum, Min, Max float64

	// Distribution says which values the samples have, in ascending order, for
	// percentiles and percentile ranks. Without it all samples are taken to
	// have the mean.
	Distribution []Bucket
}

// Bucket is a number of samples with one value.
type Bucket struct{ Value, Count float64 }

// One is a single sample.
func One(value float64) Samples { return Samples{Count: 1, Sum: value, Min: value, Max: value} }

// History is what metrics got, minute by minute.
type History struct {
	start   time.Time
	minutes int
	series  map[string][]Samples // by Metric.Key; Count 0 is no data
}

// NewHistory returns an empty history.
func NewHistory(start time.Time, minutes int) *History {
	return &History{start: start.Truncate(time.Minute), minutes: max(minutes, 0), series: map[string][]Samples{}}
}

// largest is the largest absolute value that CloudWatch takes: 2^360. It takes
// neither NaN nor infinity. (PutMetricData, CloudWatch API reference.)
var largest = math.Ldexp(1, 360)

// Start returns when the history begins, at a full minute.
func (h *History) Start() time.Time { return h.start }

// Minutes returns how many minutes the history has.
func (h *History) Minutes() int { return h.minutes }

// Set says what a metric got within a minute, counted from the start of the
// history. It replaces what was there. A minute outside of the history is of no
// effect. Samples that CloudWatch would not take leave the minute without data:
// a count that is not positive, and a number that is NaN, infinite or beyond
// 2^360.
func (h *History) Set(m signal.Metric, minute int, s Samples) {
	if minute < 0 || minute >= h.minutes {
		return
	}
	if !s.valid() {
		h.Clear(m, minute)
		return
	}
	key := m.Key()
	if h.series[key] == nil {
		h.series[key] = make([]Samples, h.minutes)
	}
	h.series[key][minute] = s
}

// Clear takes out what a metric got within a minute.
func (h *History) Clear(m signal.Metric, minute int) {
	if series := h.series[m.Key()]; minute >= 0 && minute < len(series) {
		series[minute] = Samples{}
	}
}

// At returns what a metric got within a minute, and whether it got anything.
func (h *History) At(m signal.Metric, minute int) (Samples, bool) {
	series := h.series[m.Key()]
	if minute < 0 || minute >= len(series) || series[minute].Count == 0 {
		return Samples{}, false
	}
	return series[minute], true
}

func (s Samples) valid() bool {
	return s.Count > 0 && acceptable(s.Count) && acceptable(s.Sum) && acceptable(s.Min) && acceptable(s.Max)
}

func acceptable(x float64) bool { return math.Abs(x) <= largest } // false for NaN

// eachValue visits the values of the samples with their counts.
func (s Samples) eachValue(visit func(value, count float64)) {
	switch {
	case s.Count == 0:
	case len(s.Distribution) == 0:
		visit(s.Sum/s.Count, s.Count)
	default:
		for _, b := range s.Distribution {
			if b.Count > 0 && acceptable(b.Count) && acceptable(b.Value) {
				visit(b.Value, b.Count)
			}
		}
	}
}
