package simulator

import (
	"math"
	"slices"
)

// percentiles returns a percentile over windows of so many minutes, as
// windows.over does. AWS does not publish how it computes percentiles: here one
// is the smallest value such that at least that percentage of the samples are
// not greater (the nearest rank).
//
// The samples of the window are kept in a tree of counts, to which a minute is
// added at one end and from which one is taken out at the other.
func percentiles(series []Samples, percent float64, minutes int) []float64 {
	values := distinct(series)
	tree := newTree(len(values))
	entries := 0 // in the window: the sum may not return to 0 where counts are fractions
	update := func(minute int, sign int) {
		series[minute].eachValue(func(value, count float64) {
			i, _ := slices.BinarySearch(values, value)
			tree.add(i, float64(sign)*count)
			entries += sign
		})
	}
	out := absent(len(series) + 1)
	for i := range series {
		update(i, 1)
		if i >= minutes {
			update(i-minutes, -1)
		}
		if entries > 0 {
			out[i+1] = values[tree.find(percent)]
		}
	}
	return out
}

// distinct returns the values of all samples in ascending order.
func distinct(series []Samples) []float64 {
	var values []float64
	for _, s := range series {
		s.eachValue(func(value, _ float64) { values = append(values, value) })
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// tree is a Fenwick tree of counts: sums up to an index, and the index of a sum,
// both in logarithmic time. Whole counts are exact.
type tree struct {
	sums    []float64 // sums[i] is over the last (i & -i) counts up to i, from 1
	samples float64   // the sum of all
	top     int       // the largest power of two within sums
}

func newTree(n int) *tree {
	t := &tree{sums: make([]float64, n+1), top: 1}
	for t.top*2 <= n {
		t.top *= 2
	}
	return t
}

func (t *tree) add(i int, count float64) {
	t.samples += count
	for i++; i < len(t.sums); i += i & -i {
		t.sums[i] += count
	}
}

// find returns the first index up to which there are that percentage of all
// counts. There must be one count at least.
func (t *tree) find(percent float64) int {
	// 99.9 % of 1000 must not become 999.0000000000001. Nothing has a share of
	// less than one part in a billion.
	target := math.Max(percent*t.samples/100*(1-1e-12), t.samples*1e-9)
	at, before := 0, 0.0
	for step := t.top; step > 0; step /= 2 {
		if next := at + step; next < len(t.sums) && before+t.sums[next] < target {
			at, before = next, before+t.sums[next]
		}
	}
	return min(at, len(t.sums)-2)
}
