package statistic

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
)

// Kind is how the samples of a period become a datapoint.
type Kind int

// Kinds.
const (
	Sum Kind = iota
	Count
	Average
	Minimum
	Maximum
	Percentile
	Rank
)

// Statistic is one of CloudWatch's. ("CloudWatch statistics definitions",
// CloudWatch user guide.)
type Statistic struct {
	Kind         Kind
	Percent      float64 // of a percentile: 0 to 100
	Lower, Upper float64 // of a percentile rank: exclusive, inclusive; infinite if open
}

var (
	plain = map[string]Kind{
		"Sum": Sum, "SampleCount": Count, "Average": Average, "Minimum": Minimum, "Maximum": Maximum,
	}
	percentileForm = regexp.MustCompile(`^p(\d{1,2}(?:\.\d{1,10})?|100)$`)
	rankForm       = regexp.MustCompile(`^PR\((-?\d{1,30}(?:\.\d{1,10})?)?:(-?\d{1,30}(?:\.\d{1,10})?)?\)$`)
)

// Parse reads the name of a statistic. The error says what is wanted.
func Parse(text string) (Statistic, error) {
	if kind, ok := plain[text]; ok {
		return Statistic{Kind: kind}, nil
	}
	if m := percentileForm.FindStringSubmatch(text); m != nil {
		percent, err := strconv.ParseFloat(m[1], 64)
		return Statistic{Kind: Percentile, Percent: percent}, err
	}
	if m := rankForm.FindStringSubmatch(text); m != nil {
		s := Statistic{Kind: Rank, Lower: bound(m[1], -1), Upper: bound(m[2], 1)}
		if m[1] == "" && m[2] == "" || s.Lower >= s.Upper {
			return Statistic{}, fmt.Errorf("the statistic is %q, want a lower bound below an upper bound, or one of them", text)
		}
		return s, nil
	}
	return Statistic{}, fmt.Errorf("the statistic is %q, want Sum, SampleCount, Average, Minimum, Maximum, "+
		"a percentile from p0 to p100 such as p99.9, or a percentile rank such as PR(:0.3)", text)
}

// bound reads a bound of a percentile rank. An open one is infinite.
func bound(text string, open int) float64 {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.Inf(open)
	}
	return x
}
