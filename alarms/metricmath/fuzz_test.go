package metricmath_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms/metricmath"
)

// FuzzParse checks that a text is refused with a column within it, or can be
// evaluated: the result is as long as the range and has no infinite value, and
// a pointwise expression gives each datapoint by itself what it gives all of
// them.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"IF(requests > 10, 100 * errors / requests, 0)", "FILL(m1, REPEAT) + FILL(m2, LINEAR) ^ -m1", "SUM(-[m1, [m2, m3]] / m1)",
		"RATE(m1) >= AVG(m2) AND DAY(m1) < 6 || m1 == 0.25", "((((", "SUM(", "FILL(m1,", "1e5", "m1 & m2", "IF(1, m1, DIFF(m2))", "é",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := metricmath.Parse(text)
		if err != nil {
			problem, ok := errors.AsType[*metricmath.Error](err)
			if !ok || problem.Column < 1 || problem.Column > max(len(text), metricmath.MaxLength)+1 {
				t.Fatalf("Parse(%q) = %v", text, err)
			}
			return
		}
		series := [][]float64{{1, math.NaN(), -3, 1e300, 0}, {math.NaN(), 2, math.Inf(1), 0, 0.5}}
		input := func(from, to int) func(string) []float64 {
			return func(id string) []float64 { return series[len(id)%2][from:to] }
		}
		r := metricmath.Range{Start: time.Unix(1e9, 0), Period: time.Minute, Len: 5}
		all := e.Eval(r, input(0, 5))
		if len(all) != 5 {
			t.Fatalf("%q gave %d datapoints", text, len(all))
		}
		for i, x := range all {
			if math.IsInf(x, 0) {
				t.Fatalf("%q gave %v", text, all)
			}
			if !e.Pointwise() {
				continue
			}
			at := metricmath.Range{Start: r.Start.Add(time.Duration(i) * time.Minute), Period: time.Minute, Len: 1}
			if alone := e.Eval(at, input(i, i+1)); alone[0] != x && !(math.IsNaN(alone[0]) && math.IsNaN(x)) {
				t.Fatalf("%q gave %v at %d in a range, %v alone", text, x, i, alone[0])
			}
		}
	})
}
