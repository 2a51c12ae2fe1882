package simulator

import (
	"math"

	"github.com/tracehaul/tracehaul/alarms/internal/statistic"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// windows computes statistics over sliding windows of a history, each once for
// all alarms.
type windows struct {
	history *History
	cache   map[windowKey][]float64
}

type windowKey struct {
	metric    string
	statistic statistic.Statistic
	minutes   int
}

func newWindows(h *History) *windows {
	return &windows{history: h, cache: map[windowKey][]float64{}}
}

// over returns a statistic over windows of so many minutes. The value i is over
// those before the minute i; there is one more than the history has minutes. A
// window that would begin before the history is cut. Without samples the value
// is a NaN. The result is shared: it must not be changed.
func (w *windows) over(m signal.Metric, s statistic.Statistic, minutes int) []float64 {
	key := windowKey{m.Key(), s, minutes}
	if values, ok := w.cache[key]; ok {
		return values
	}
	values := w.compute(w.history.series[key.metric], s, minutes)
	w.cache[key] = values
	return values
}

func (w *windows) compute(series []Samples, s statistic.Statistic, minutes int) []float64 {
	n := w.history.minutes
	if series == nil {
		return absent(n + 1)
	}
	counts := slide(pick(series, func(s Samples) float64 { return s.Count }), minutes, 0, add)
	var values []float64
	switch s.Kind {
	case statistic.Count:
		values = counts
	case statistic.Sum, statistic.Average:
		values = slide(pick(series, func(s Samples) float64 { return s.Sum }), minutes, 0, add)
		if s.Kind == statistic.Average {
			values = ratio(values, counts, 1)
		}
	case statistic.Minimum:
		values = slide(extreme(series, math.Inf(1)), minutes, math.Inf(1), math.Min)
	case statistic.Maximum:
		values = slide(extreme(series, math.Inf(-1)), minutes, math.Inf(-1), math.Max)
	case statistic.Percentile:
		return percentiles(series, s.Percent, minutes) // it has its own gaps
	case statistic.Rank:
		inside := slide(pick(series, within(s)), minutes, 0, add)
		all := slide(pick(series, within(statistic.Statistic{Lower: math.Inf(-1), Upper: math.Inf(1)})), minutes, 0, add)
		values = ratio(inside, all, 100)
	}
	out := make([]float64, n+1) // values may be counts
	for i := range out {
		out[i] = math.NaN()
		if counts[i] > 0 && !math.IsInf(values[i], 0) {
			out[i] = values[i]
		}
	}
	return out
}

func pick(series []Samples, part func(Samples) float64) []float64 {
	out := make([]float64, len(series))
	for i, s := range series {
		out[i] = part(s)
	}
	return out
}

// extreme picks minima or maxima. none is for a minute without samples.
func extreme(series []Samples, none float64) []float64 {
	return pick(series, func(s Samples) float64 {
		switch {
		case s.Count == 0:
			return none
		case none > 0:
			return s.Min
		}
		return s.Max
	})
}

func ratio(a, b []float64, scale float64) []float64 {
	out := make([]float64, len(a))
	for i := range out {
		out[i] = scale * a[i] / b[i]
	}
	return out
}

func add(a, b float64) float64 { return a + b }

func absent(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

// slide combines the values of windows of a length. out[i] is over the values
// before i; none is the result of nothing.
//
// The values are cut into blocks as long as a window. A window is then the end of
// one block and the beginning of the next, and both are known from one pass. This
// takes linear time for any operation that can be grouped at will, and it never
// subtracts: a difference of prefix sums would lose small sums behind large ones.
// Sums of whole numbers are exact.
func slide(values []float64, length int, none float64, op func(a, b float64) float64) []float64 {
	n := len(values)
	heads, tails := make([]float64, n), make([]float64, n) // of the block up to i, and from i
	for i := range n {
		heads[i] = values[i]
		if i%length > 0 {
			heads[i] = op(heads[i-1], values[i])
		}
	}
	for i := n - 1; i >= 0; i-- {
		tails[i] = values[i]
		if i+1 < n && (i+1)%length > 0 {
			tails[i] = op(values[i], tails[i+1])
		}
	}
	out := make([]float64, n+1)
	out[0] = none
	for i := 1; i <= n; i++ {
		switch first := i - length; {
		case first <= 0:
			out[i] = heads[i-1]
		case first%length == 0:
			out[i] = tails[first]
		default:
			out[i] = op(tails[first], heads[i-1])
		}
	}
	return out
}
