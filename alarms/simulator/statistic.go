package simulator

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
)

// statisticKind is how the samples of a period become a datapoint.
type statisticKind int

const (
	statSum statisticKind = iota
	statCount
	statAverage
	statMinimum
	statMaximum
	statPercentile
	statRank
)

// statistic is one of CloudWatch's. ("CloudWatch statistics definitions",
// CloudWatch user guide.)
type statistic struct {
	kind         statisticKind
	percent      float64 // of a percentile: 0 to 100
	lower, upper float64 // of a percentile rank: exclusive, inclusive
}

var (
	plainStatistics = map[string]statisticKind{
		"Sum": statSum, "SampleCount": statCount, "Average": statAverage, "Minimum": statMinimum, "Maximum": statMaximum,
	}
	percentilePattern = regexp.MustCompile(`^p(\d{1,3}(?:\.\d{1,10})?)$`)
	rankPattern       = regexp.MustCompile(`^PR\((-?\d{1,30}(?:\.\d{1,10})?)?:(-?\d{1,30}(?:\.\d{1,10})?)?\)$`)
)

// parseStatistic reads the name of a statistic.
func parseStatistic(text string) (statistic, error) {
	if kind, ok := plainStatistics[text]; ok {
		return statistic{kind: kind}, nil
	}
	if m := percentilePattern.FindStringSubmatch(text); m != nil {
		if p, err := strconv.ParseFloat(m[1], 64); err == nil && p <= 100 {
			return statistic{kind: statPercentile, percent: p}, nil
		}
		return statistic{}, fmt.Errorf("statistic %q: a percentile is at most 100", text)
	}
	if m := rankPattern.FindStringSubmatch(text); m != nil {
		s := statistic{kind: statRank, lower: bound(m[1], -1), upper: bound(m[2], 1)}
		if m[1] == "" && m[2] == "" || s.lower >= s.upper {
			return statistic{}, fmt.Errorf("statistic %q: want a lower bound below an upper bound, or one of them", text)
		}
		return s, nil
	}
	return statistic{}, fmt.Errorf("statistic %q is not simulated: want Sum, SampleCount, Average, Minimum, Maximum, "+
		"a percentile such as p99.9 or a percentile rank such as PR(:0.3)", text)
}

// bound reads a bound of a percentile rank. An open one is infinite.
func bound(text string, open int) float64 {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.Inf(open)
	}
	return x
}

// few returns how many samples a percentile needs to say something: with fewer
// than 10/(1-percentile) samples, or 10/percentile below the median, an alarm can
// be told to keep its state. ("Percentile-based CloudWatch alarms and low data
// samples".) The extremes would need infinitely many: no number is enough.
func (s statistic) few() float64 {
	if s.percent >= 50 {
		return 1000 / (100 - s.percent)
	}
	return 1000 / s.percent
}
