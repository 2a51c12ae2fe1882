package simulator

import (
	"github.com/tracehaul/tracehaul/alarms/internal/statistic"
)

// few returns how many samples a percentile needs to say something: with fewer
// than 10/(1-percentile) samples, or 10/percentile below the median, an alarm can
// be told to keep its state. ("Percentile-based CloudWatch alarms and low data
// samples".) The extremes would need infinitely many: no number is enough.
func few(percentile statistic.Statistic) float64 {
	if percentile.Percent >= 50 {
		return 1000 / (100 - percentile.Percent)
	}
	return 1000 / percentile.Percent
}

// within counts the samples between the bounds: without the lower one, with the
// upper one. ("CloudWatch statistics definitions", CloudWatch user guide.)
func within(rank statistic.Statistic) func(Samples) float64 {
	return func(samples Samples) float64 {
		total := 0.0
		samples.eachValue(func(value, count float64) {
			if value > rank.Lower && value <= rank.Upper {
				total += count
			}
		})
		return total
	}
}
