package metricmath

import (
	"math"
	"time"
)

// Range is the times of the datapoints that are evaluated together.
type Range struct {
	// Start is the timestamp of the oldest datapoint: the beginning of its
	// period. Required.
	Start time.Time

	// Period is the length of time that a datapoint stands for. Required.
	Period time.Duration

	// Step is the time between a datapoint and the next. Defaults to the
	// period.
	Step time.Duration

	// Len is the number of datapoints.
	Len int
}

// frame is what nodes are evaluated with.
type frame struct {
	Range
	inputs func(id string) []float64
}

// Eval evaluates the expression over a range. inputs returns the datapoints of
// an input, oldest first, as many as the range has; so is the result. A
// datapoint that is not there is a NaN. An input that is nil has none.
// Infinite values are taken for missing ones, as CloudWatch accepts none.
// Expressions are safe for concurrent use.
func (e *Expression) Eval(r Range, inputs func(id string) []float64) []float64 {
	if r.Step == 0 {
		r.Step = r.Period
	}
	r.Len = max(r.Len, 0)
	known := make(map[string][]float64, len(e.ids))
	for _, id := range e.ids {
		known[id] = clean(inputs(id), r.Len)
	}
	return e.root.eval(&frame{Range: r, inputs: func(id string) []float64 { return known[id] }}).series
}

// clean returns the datapoints with what is not finite taken out. It copies only
// where there is something to change.
func clean(in []float64, length int) []float64 {
	usable := len(in) == length && in != nil
	for _, x := range in {
		usable = usable && !math.IsInf(x, 0)
	}
	if usable {
		return in
	}
	out := make([]float64, length)
	for i := range out {
		out[i] = math.NaN()
		if i < len(in) {
			out[i] = finite(in[i])
		}
	}
	return out
}

// finite returns x, or a NaN if x is infinite. A datapoint that cannot be
// computed, such as a division by zero, is dropped.
func finite(x float64) float64 {
	if math.IsInf(x, 0) {
		return math.NaN()
	}
	return x
}

func missing(x float64) bool { return math.IsNaN(x) }

// operators compute one datapoint. A NaN is a datapoint that is dropped.
var operators = map[string]func(a, b float64) float64{
	"+":   func(a, b float64) float64 { return a + b },
	"-":   func(a, b float64) float64 { return a - b },
	"*":   func(a, b float64) float64 { return a * b },
	"/":   divide,
	"^":   power,
	"==":  func(a, b float64) float64 { return truth(a, b, a == b) },
	"!=":  func(a, b float64) float64 { return truth(a, b, a != b) },
	"<":   func(a, b float64) float64 { return truth(a, b, a < b) },
	"<=":  func(a, b float64) float64 { return truth(a, b, a <= b) },
	">":   func(a, b float64) float64 { return truth(a, b, a > b) },
	">=":  func(a, b float64) float64 { return truth(a, b, a >= b) },
	"AND": func(a, b float64) float64 { return truth(a, b, a != 0 && b != 0) },
	"&&":  func(a, b float64) float64 { return truth(a, b, a != 0 && b != 0) },
	"OR":  func(a, b float64) float64 { return truth(a, b, a != 0 || b != 0) },
	"||":  func(a, b float64) float64 { return truth(a, b, a != 0 || b != 0) },
}

// divide drops a datapoint whose divisor is zero. ("Basic arithmetic
// functions".)
func divide(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return a / b
}

// power is NaN where one side is, other than math.Pow, for which NaN^0 is 1.
func power(a, b float64) float64 {
	if missing(a) || missing(b) {
		return math.NaN()
	}
	return math.Pow(a, b)
}

// truth returns 1 or 0, or a NaN if one side is missing.
func truth(a, b float64, holds bool) float64 {
	switch {
	case missing(a) || missing(b):
		return math.NaN()
	case holds:
		return 1
	}
	return 0
}

// merge applies an operator to two series, or to a series and a number.
//
// Of two series, one that has no datapoint at a time where the other has one
// counts as 0: "Missing values in a time series are treated as 0" ("Basic
// arithmetic functions") and "the function treats the missing value in the other
// time series as 0" ("Comparison and logical operators"). Where neither has
// one there is none. A series against a number has one where the series has.
func merge(f *frame, op func(a, b float64) float64, left, right value) []float64 {
	both := left.series != nil && right.series != nil
	out := make([]float64, f.Len)
	for i := range out {
		a, b := left.at(i), right.at(i)
		if both && missing(a) != missing(b) {
			a, b = orZero(a), orZero(b)
		}
		out[i] = finite(op(a, b))
	}
	return out
}

func orZero(x float64) float64 {
	if missing(x) {
		return 0
	}
	return x
}
