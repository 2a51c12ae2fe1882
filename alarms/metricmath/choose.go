package metricmath

import "math"

// fillsEmpty says that FILL fills a series that has no datapoint in the range
// at all. The guide does not say. The times of the range are known, and an alarm
// that relies on FILL(errors, 0) is meant for a metric that is silent while
// things are well.
const fillsEmpty = true

// Words that FILL takes in place of a value.
const (
	// fillRepeat takes the latest value before the gap. A gap at the beginning
	// of the range stays.
	fillRepeat = "REPEAT"
	// fillLinear interpolates between the values at both ends of the gap. A gap
	// at the beginning or the end of the range stays.
	fillLinear = "LINEAR"
)

// fill fills the gaps of a series, or of each one of a list.
func fill(c call) (node, error) {
	series, filler := c.args[0], c.args[1]
	if series.kind == kindScalar || filler.kind == kindList {
		return node{}, c.refuse("a time series or a list of them, then a number, a time series, REPEAT or LINEAR")
	}
	pointwise := series.pointwise && filler.pointwise && c.mode == "" && fillsEmpty
	out := node{kind: series.kind, parts: c.args, gap: gapFilled, pointwise: pointwise}
	if c.mode != "" { // which leaves gaps
		out.parts, out.passes, out.gap = c.args[:1], true, gapOfAny
	}
	out.eval = func(f *frame) value {
		gaps := filler.eval(f)
		in := series.eval(f)
		one := func(s []float64) []float64 { return filled(c.mode, s, gaps) }
		if series.kind == kindList {
			return value{list: each(in.list, one)}
		}
		return value{series: one(in.series)}
	}
	return out, nil
}

func filled(mode string, in []float64, filler value) []float64 {
	out := make([]float64, len(in))
	before := -1 // the latest datapoint that there is
	for i, x := range in {
		out[i] = x
		switch {
		case !missing(x):
			if mode == fillLinear && before >= 0 {
				interpolate(out[before : i+1])
			}
			before = i
		case mode == "":
			out[i] = filler.at(i)
		case mode == fillRepeat && before >= 0:
			out[i] = in[before]
		}
	}
	return out
}

// interpolate puts values on the line between the first and the last one.
func interpolate(s []float64) {
	n := len(s) - 1
	for i := 1; i < n; i++ {
		part := float64(i) / float64(n)
		s[i] = finite(s[0]*(1-part) + s[n]*part)
	}
}

// condition is IF, in the forms that section "Using IF expressions" lists: a
// condition that is a series takes series and numbers; a condition that is a
// number takes series.
func condition(c call) (node, error) {
	test, branches := c.args[0], c.args[1:]
	pointwise := test.pointwise
	for _, b := range branches {
		pointwise = pointwise && b.pointwise
		if b.kind == kindList || test.kind == kindScalar && b.kind != kindSeries {
			return node{}, c.refuse("a condition that is a time series and then time series or numbers, or a number and then time series")
		}
	}
	if test.kind == kindList {
		return node{}, c.refuse("a condition that is a time series or a number")
	}
	zero := test.kind == kindSeries && branches[0].kind == kindSeries
	return node{kind: kindSeries, parts: c.args, pointwise: pointwise, eval: func(f *frame) value {
		tested, yes, no := test.eval(f), branches[0].eval(f), value{number: math.NaN()}
		if len(branches) == 2 {
			no = branches[1].eval(f)
		}
		out := make([]float64, f.Len)
		for i := range out {
			out[i] = choose(tested.at(i), yes.at(i), no.at(i), zero)
		}
		return value{series: out}
	}}, nil
}

// choose is IF for one time. Where a series is the condition and holds, a series
// that has no value there counts as 0, which zero stands for. Everything else that
// is missing is dropped.
func choose(test, yes, no float64, zero bool) float64 {
	switch {
	case missing(test):
		return math.NaN()
	case test == 0:
		return no
	case zero:
		return orZero(yes)
	}
	return yes
}
