package scenario

import (
	"math"
	"slices"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/metricmath"
)

// meaning is what an alarm makes of one datapoint.
type meaning int8

const (
	gap meaning = iota
	good
	bad
)

// trialValues are what inputs are tried with: a gap, nothing, one, and numbers on
// both sides of the usual floors.
var trialValues = []float64{math.NaN(), 0, 1, 15, 60, 400, 50_000}

// results are what an expression makes of every combination of values of its
// inputs. Nil if a result depends on more than one datapoint of each.
func results(m *alarms.Metric) []float64 {
	e, err := metricmath.Parse(m.Expression)
	if err != nil || !e.Pointwise() || len(m.Inputs) > 5 {
		return nil
	}
	n, repeat := 1, 1
	for range m.Inputs {
		n *= len(trialValues)
	}
	columns := map[string][]float64{}
	for _, in := range m.Inputs {
		column := make([]float64, n)
		for i := range column {
			column[i] = trialValues[i/repeat%len(trialValues)]
		}
		columns[in.ID] = column
		repeat *= len(trialValues)
	}
	return evaluate(e, n, columns)
}

func evaluate(e *metricmath.Expression, n int, columns map[string][]float64) []float64 {
	start := time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)
	return e.Eval(metricmath.Range{Start: start, Period: time.Minute, Step: time.Minute, Len: n}, func(id string) []float64 { return columns[id] })
}

func meaningOf(m *alarms.Metric, x float64) meaning {
	breaches := false
	switch m.Comparison {
	case alarms.Above:
		breaches = x > m.Threshold
	case alarms.AtLeast:
		breaches = x >= m.Threshold
	case alarms.Below:
		breaches = x < m.Threshold
	case alarms.AtMost:
		breaches = x <= m.Threshold
	case alarms.OutsideBand, alarms.AboveBand, alarms.BelowBand:
	}
	switch {
	case math.IsNaN(x):
		return gap
	case breaches:
		return bad
	}
	return good
}

// same reports whether two expressions for the same inputs always mean the same
// to an alarm.
func same(m *alarms.Metric, expression string) bool {
	other := *m
	other.Expression = expression
	a, b := results(m), results(&other)
	return a != nil && slices.EqualFunc(a, b, func(x, y float64) bool {
		if m.Comparison.Band() {
			return x == y || math.IsNaN(x) && math.IsNaN(y)
		}
		return meaningOf(m, x) == meaningOf(m, y)
	})
}

// hasGaps reports whether an alarm sees a gap where its inputs have no data.
func hasGaps(m *alarms.Metric) bool {
	if m.Expression == "" {
		return true
	}
	e, err := metricmath.Parse(m.Expression)
	if err != nil {
		return true
	}
	const n = 3
	return math.IsNaN(evaluate(e, n, nil)[n-1])
}
