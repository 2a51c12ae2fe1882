package metricmath

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// call is a function with its arguments.
type call struct {
	name token
	args []node
	mode string // of FILL
}

// refuse is the error for arguments of wrong kinds.
func (c call) refuse(want string) error {
	return fail(c.name.at, "the arguments of %s are %s: want %s", c.name.text, describe(c.args), want)
}

// function is a function of metric math. (Section "Functions supported for
// metric math".)
type function struct {
	min, max int // arguments
	usage    string
	build    func(call) (node, error)
}

// unsupported are functions of CloudWatch that are not known here. Most of them
// make no sense in an alarm: their results depend on the evaluation range, or
// are more than one time series.
var unsupported = []string{
	"DATAPOINT_COUNT", "DB_PERF_INSIGHTS", "DIFF_TIME", "FIRST", "INSIGHT_RULE_METRIC", "LAMBDA", "LAST", "LOG", "LOG10",
	"METRICS", "METRIC_COUNT", "REMOVE_EMPTY", "RUNNING_SUM", "SEARCH", "SERVICE_QUOTA", "SLICE", "SORT", "STDDEV", "TIME_SERIES",
}

// one is a function of one argument.
func one(build func(call) (node, error)) function {
	return function{1, 1, "one: a time series", build}
}

var functions = map[string]function{
	"ABS":    one(mathematical(math.Abs)),
	"CEIL":   one(mathematical(math.Ceil)),
	"FLOOR":  one(mathematical(math.Floor)),
	"DIFF":   one(difference(func(d float64, _ time.Duration) float64 { return d })),
	"RATE":   one(difference(func(d float64, apart time.Duration) float64 { return d / apart.Seconds() })),
	"PERIOD": one(period),
	"SUM":    one(aggregate(sum)),
	"AVG":    one(aggregate(average)),
	"MIN":    one(aggregate(least)),
	"MAX":    one(aggregate(greatest)),
	"MINUTE": one(clock(func(t time.Time) int { return t.Minute() })),
	"HOUR":   one(clock(func(t time.Time) int { return t.Hour() })),
	"DAY":    one(clock(func(t time.Time) int { return int(t.Weekday()+6)%7 + 1 })), // 1 is Monday
	"DATE":   one(clock(func(t time.Time) int { return t.Day() })),
	"MONTH":  one(clock(func(t time.Time) int { return int(t.Month()) })),
	"YEAR":   one(clock(func(t time.Time) int { return t.Year() })),
	"EPOCH":  one(clock(func(t time.Time) int { return int(t.Unix()) })),
	"FILL":   {2, 2, "two: a time series, and a number, a time series, REPEAT or LINEAR", fill},
	"IF":     {2, 3, "two or three: a condition, what the result is if it is true, and what if it is false", condition},
}

// lookup finds a function by its name.
func lookup(name token) (function, error) {
	if f, ok := functions[name.text]; ok {
		return f, nil
	}
	switch {
	case name.text == "ANOMALY_DETECTION_BAND":
		return function{}, fail(name.at, "ANOMALY_DETECTION_BAND is not part of the expression: a comparison with a band stands for it")
	case slices.Contains(unsupported, name.text):
		return function{}, fail(name.at, "%s is a function of CloudWatch that is not known here", name.text)
	}
	known := slices.Sorted(maps.Keys(functions))
	return function{}, fail(name.at, "%v is no function: want one of %s; an id starts with a lower-case letter", name, strings.Join(known, ", "))
}

// mathematical is a function of each datapoint.
func mathematical(op func(float64) float64) func(call) (node, error) {
	return func(c call) (node, error) {
		if c.args[0].kind == kindScalar {
			return node{}, c.refuse("a time series, or a list of them")
		}
		return mapped(c.args[0], op), nil
	}
}

// difference is a function of a datapoint and the one before it: the latest one
// that there is, however far back in the range. The first has none before it.
func difference(op func(d float64, apart time.Duration) float64) func(call) (node, error) {
	return func(c call) (node, error) {
		if c.args[0].kind == kindScalar {
			return node{}, c.refuse("a time series, or a list of them")
		}
		return transformed(c.args[0], false, func(f *frame, in []float64) []float64 {
			out, before := make([]float64, len(in)), -1
			for i, x := range in {
				out[i] = math.NaN()
				if missing(x) {
					continue
				}
				if before >= 0 {
					out[i] = finite(op(x-in[before], time.Duration(i-before)*f.Step))
				}
				before = i
			}
			return out
		}, nil), nil
	}
}

// period is the period of a metric in seconds. "Valid input is metrics, not the
// results of other expressions."
func period(c call) (node, error) {
	if c.args[0].id == "" {
		return node{}, c.refuse("the id of a metric")
	}
	return node{kind: kindScalar, pointwise: true, eval: func(f *frame) value {
		return value{number: f.Period.Seconds()}
	}}, nil
}

// clock is a part of the timestamps in UTC. The result has a datapoint at every
// time, whether the series has one or not ("a new non-sparse time series").
func clock(part func(time.Time) int) func(call) (node, error) {
	return func(c call) (node, error) {
		if c.args[0].kind != kindSeries {
			return node{}, c.refuse("a time series")
		}
		return node{kind: kindSeries, pointwise: true, eval: func(f *frame) value {
			out, at := make([]float64, f.Len), f.Start.UTC()
			for i := range out {
				out[i] = float64(part(at))
				at = at.Add(f.Step)
			}
			return value{series: out}
		}}, nil
	}
}
