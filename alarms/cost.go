package alarms

import (
	"time"
)

// Prices in US dollars a month, without the free tier: "Amazon CloudWatch
// pricing", US East and Europe (Frankfurt), November 2026.
const (
	priceMetric         = 0.10 // for each metric that an alarm watches
	priceHighResolution = 0.30 // for each of those, with a period under a minute
	priceComposite      = 0.50
	priceCustomMetric   = 0.30 // for each metric that is made of log lines
	// A band is made of the metric and its two bounds: three metrics.
	metricsOfBand = 3
)

// Cost is what alarms cost a month, in US dollars, without the free tier.
type Cost struct {
	Metrics    float64 // alarms that watch metrics
	Composites float64 // alarms that join others
	Filters    float64 // metrics made of log lines
}

// Total is all of it.
func (c Cost) Total() float64 { return c.Metrics + c.Composites + c.Filters }

// Cost returns what the set costs a month.
func (s *Set) Cost() Cost {
	c := Cost{Filters: priceCustomMetric * float64(len(s.Filters()))}
	for i := range s.alarms {
		if a := &s.alarms[i]; a.Composite != nil {
			c.Composites += a.Cost()
		} else {
			c.Metrics += a.Cost()
		}
	}
	return c
}

// Cost returns what the alarm costs a month, in US dollars: nothing without a
// Metric and a Composite.
func (a *Alarm) Cost() float64 {
	if a.Composite != nil {
		return priceComposite
	}
	if a.Metric == nil {
		return 0
	}
	price := priceMetric
	if a.Metric.Period < time.Minute {
		price = priceHighResolution
	}
	n := len(a.Metric.Inputs)
	if a.Metric.Comparison.Band() {
		n *= metricsOfBand
	}
	return price * float64(n)
}
