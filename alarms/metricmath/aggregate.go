package metricmath

import "math"

// gathered is what an aggregate works on: the values that there are, and how
// many there could be.
type gathered struct {
	values []float64
	of     int
}

// aggregate is a function of one series, which gives a number, or of a list of
// series, which gives a series. Without any value there is no result.
func aggregate(op func(gathered) float64) func(call) (node, error) {
	over := func(values []float64) float64 {
		g := gathered{make([]float64, 0, len(values)), len(values)}
		for _, x := range values {
			if !missing(x) {
				g.values = append(g.values, x)
			}
		}
		if len(g.values) == 0 {
			return math.NaN()
		}
		return finite(op(g))
	}
	return func(c call) (node, error) {
		arg := c.args[0]
		switch arg.kind {
		case kindSeries:
			return node{kind: kindScalar, parts: c.args, eval: func(f *frame) value {
				return value{number: over(arg.eval(f).series)}
			}}, nil
		case kindList:
			return node{kind: kindSeries, parts: c.args, pointwise: arg.pointwise, eval: func(f *frame) value {
				return value{series: across(f, arg.eval(f).list, over)}
			}}, nil
		case kindScalar:
		}
		return node{}, c.refuse("a time series, or a list of them")
	}
}

// across applies an aggregate to the datapoints of one time after the other.
func across(f *frame, list [][]float64, over func([]float64) float64) []float64 {
	out, row := make([]float64, f.Len), make([]float64, len(list))
	for i := range out {
		for j, series := range list {
			row[j] = series[i]
		}
		out[i] = over(row)
	}
	return out
}

func sum(g gathered) float64 {
	total := 0.0
	for _, x := range g.values {
		total += x
	}
	return total
}

// average counts missing values as 0, as the guide says for AVG.
func average(g gathered) float64 { return sum(g) / float64(g.of) }

// least and greatest leave missing values out. The guide does not say what
// MIN and MAX do with them.
func least(g gathered) float64 {
	x := g.values[0]
	for _, y := range g.values {
		x = min(x, y)
	}
	return x
}

func greatest(g gathered) float64 {
	x := g.values[0]
	for _, y := range g.values {
		x = max(x, y)
	}
	return x
}
