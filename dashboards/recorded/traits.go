package recorded

import (
	"fmt"
	"strings"

	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// traits are what all samples of a metric have in common. They decide which
// statistics say something.
type traits struct {
	any    bool // whether there is a sample
	summed bool // there are only sums over some samples that differ
	ones   bool // each sample is a 1, and there are now more and now fewer
}

func traitsOf(h *simulator.History, m signal.Metric) traits {
	t := traits{ones: true}
	most, least := 0.0, 0.0
	for minute := range h.Minutes() {
		s, ok := h.At(m, minute)
		if !ok {
			continue
		}
		if !t.any {
			most, least = s.Count, s.Count
		}
		t.any = true
		t.summed = t.summed || len(s.Distribution) == 0 && s.Count != 1 && s.Min != s.Max
		t.ones = t.ones && s.Min == 1 && s.Max == 1
		most, least = max(most, s.Count), min(least, s.Count)
	}
	t.ones = t.ones && most > least // else it may be a reading that happens to be 1
	return t
}

// check says why a statistic of the metric says nothing.
//
// "CloudWatch needs raw data points to calculate percentile statistics. If you
// publish data using a statistic set instead, you can only retrieve percentile
// statistics for this data if" there is one sample, or all are the same
// (GetMetricStatistics, CloudWatch API reference). And of what is counted one by
// one, "Minimum, Maximum, and Average all return 1" ("CloudWatch metrics for your
// Application Load Balancer", Elastic Load Balancing user guide).
func (t traits) check(m *metric, statistic string) error {
	ranked := strings.HasPrefix(statistic, "p") || strings.HasPrefix(statistic, "PR(")
	switch {
	case t.any && t.summed && ranked:
		return fmt.Errorf("%s is made of single samples, and of %s %s there are sums over several: want Average, Maximum, Minimum, Sum or SampleCount", statistic, m.namespace, m.metric)
	case t.any && t.ones && (ranked || statistic == "Average" || statistic == "Minimum" || statistic == "Maximum"):
		return fmt.Errorf("%s of %s %s is the same whatever happens, as each sample is a 1: want Sum", statistic, m.namespace, m.metric)
	}
	return nil
}
