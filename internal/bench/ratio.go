package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

// interleave measures subjects in turns and returns, for each, one value a
// round. Each round has an order of its own, as what a turn leaves behind, such
// as pages to be written, is borne by the next. A round that comes before, in the
// order given, does not count.
func interleave[T any](rounds int, subjects ...func() (T, error)) ([][]T, error) {
	values := make([][]T, len(subjects))
	order := make([]int, len(subjects))
	for i := range order {
		order[i] = i
	}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same orders each time
	for round := -1; round < rounds; round++ {
		if round >= 0 {
			random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		for _, i := range order {
			value, err := subjects[i]()
			if err != nil {
				return nil, err
			}
			if round >= 0 {
				values[i] = append(values[i], value)
			}
		}
	}
	return values, nil
}

// measured is the outcome of a comparison: medians over the rounds.
type measured struct {
	value         float64 // the median of the rounds' ratios, or differences
	low, high     float64 // their first and third quartile
	subject, base float64
}

// ratio compares what was measured in the same rounds.
func ratio(subject, base []float64) measured {
	return compare(subject, base, func(s, b float64) float64 { return s / b })
}

// difference is ratio for what is added, not multiplied.
func difference(subject, base []float64) measured {
	return compare(subject, base, func(s, b float64) float64 { return s - b })
}

func compare(subject, base []float64, f func(subject, base float64) float64) measured {
	compared := make([]float64, len(subject))
	for i := range subject {
		compared[i] = f(subject[i], base[i])
	}
	return measured{
		value: quantile(compared, .5), low: quantile(compared, .25), high: quantile(compared, .75),
		subject: quantile(subject, .5), base: quantile(base, .5),
	}
}

// quantile sorts a copy and interpolates between neighbours. There is none of
// nothing.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	part := at - float64(below)
	return sorted[below]*(1-part) + sorted[above]*part
}

// column takes one figure out of every turn.
func column[T any](turns []T, figure func(T) float64) []float64 {
	values := make([]float64, len(turns))
	for i, t := range turns {
		values[i] = figure(t)
	}
	return values
}
