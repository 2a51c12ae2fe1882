package metricmath

import "strings"

// kind is what a node evaluates to. (Section "Data type abbreviations".)
type kind int

const (
	kindScalar kind = iota // a number
	kindSeries             // a time series
	kindList               // an array of time series
)

// String names the kind in a message.
func (k kind) String() string {
	switch k {
	case kindSeries:
		return "a time series"
	case kindList:
		return "a list of time series"
	case kindScalar:
	}
	return "a single number"
}

// value is what a node evaluated to: the field of its kind. A number or a
// datapoint that is not there is a NaN, and nothing is ever infinite.
type value struct {
	number float64
	series []float64
	list   [][]float64
}

// at returns the datapoint i of a series, or the number at any time.
func (v value) at(i int) float64 {
	if v.series == nil {
		return v.number
	}
	return v.series[i]
}

// node is a part of an expression, ready to be evaluated.
type node struct {
	kind      kind
	id        string // of the input, if it is no more than that
	parts     []node // that it is made of
	passes    bool   // its parts come through as they are, gaps included
	gap       gap
	pointwise bool
	eval      func(*frame) value
}

func constant(x float64) node {
	return node{kind: kindScalar, pointwise: true, eval: func(*frame) value { return value{number: x} }}
}

func input(id string) node {
	return node{kind: kindSeries, id: id, pointwise: true, eval: func(f *frame) value {
		return value{series: f.inputs(id)}
	}}
}

// list joins time series. A list within a list is flattened.
func list(open token, items []node) (node, error) {
	pointwise := true
	for _, item := range items {
		if item.kind == kindScalar {
			return node{}, fail(open.at, "the list has an item that is %v: want time series", item.kind)
		}
		pointwise = pointwise && item.pointwise
	}
	return node{kind: kindList, parts: items, passes: true, pointwise: pointwise, eval: func(f *frame) value {
		var all [][]float64
		for _, item := range items {
			v := item.eval(f)
			if item.kind == kindList {
				all = append(all, v.list...)
			} else {
				all = append(all, v.series)
			}
		}
		return value{list: all}
	}}, nil
}

// mapped applies a function to each datapoint.
func mapped(n node, op func(float64) float64) node {
	return transformed(n, n.pointwise, func(_ *frame, in []float64) []float64 {
		out := make([]float64, len(in))
		for i, x := range in {
			out[i] = finite(op(x))
		}
		return out
	}, op)
}

// transformed applies a function to a series, or to each one of a list. scalar
// is for a number; nil where one is not allowed.
func transformed(n node, pointwise bool, series func(*frame, []float64) []float64, scalar func(float64) float64) node {
	return node{kind: n.kind, parts: []node{n}, pointwise: pointwise, eval: func(f *frame) value {
		v := n.eval(f)
		switch n.kind {
		case kindScalar:
			return value{number: finite(scalar(v.number))}
		case kindSeries:
			return value{series: series(f, v.series)}
		case kindList:
			out := make([][]float64, len(v.list))
			for i, s := range v.list {
				out[i] = series(f, s)
			}
			return value{list: out}
		}
		return v
	}}
}

// combine joins two nodes with an operator.
func combine(op token, left, right node) (node, error) {
	o, arithmetic := operators[op.text], isArithmetic(op.text)
	switch {
	case left.kind == kindList && right.kind == kindList:
		return node{}, fail(op.at, "%v is between two lists of time series: one may be a list, not both", op)
	case !arithmetic && (left.kind == kindList || right.kind == kindList):
		return node{}, fail(op.at, "%v is applied to a list of time series: want time series or numbers", op)
	}
	result := node{kind: max(left.kind, right.kind), parts: []node{left, right}, pointwise: left.pointwise && right.pointwise}
	if op.text == "+" && left.kind == kindSeries && right.kind == kindSeries {
		result.gap = gapOfEach // see merge
	}
	result.eval = func(f *frame) value {
		l, r := left.eval(f), right.eval(f)
		switch {
		case left.kind == kindList:
			return value{list: each(l.list, func(s []float64) []float64 { return merge(f, o, value{series: s}, r) })}
		case right.kind == kindList:
			return value{list: each(r.list, func(s []float64) []float64 { return merge(f, o, l, value{series: s}) })}
		case result.kind == kindSeries:
			return value{series: merge(f, o, l, r)}
		}
		return value{number: finite(o(l.number, r.number))}
	}
	return result, nil
}

func each(in [][]float64, op func([]float64) []float64) [][]float64 {
	out := make([][]float64, len(in))
	for i, s := range in {
		out[i] = op(s)
	}
	return out
}

func isArithmetic(op string) bool {
	switch op {
	case "+", "-", "*", "/", "^":
		return true
	}
	return false
}

// describe lists kinds for a message.
func describe(args []node) string {
	kinds := make([]string, len(args))
	for i, a := range args {
		kinds[i] = a.kind.String()
	}
	return strings.Join(kinds, ", ")
}
