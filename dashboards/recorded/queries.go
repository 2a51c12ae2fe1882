package recorded

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"
)

// MostQueries is how many queries a call of GetMetricData takes. (CloudWatch API
// reference.)
const MostQueries = 500

// Queries lists what GetMetricData has to be asked for, so that the answers make a
// recording for some dashboards: each metric that they name, as it is in this
// recording, with the statistics that they read. The metrics need no datapoints:
// those of list-metrics are enough. Queries for which nothing is found are left out.
func (r *Recording) Queries(contents ...[]byte) ([]MetricDataQuery, error) {
	asked := map[question]MetricStat{}
	for _, content := range contents {
		err := r.each(content, func(p *run, i int) error {
			a := p.answer(i)
			for _, m := range a.found {
				asked[question{m, a.reads, a.asked}] = MetricStat{m.json(), int(a.asked / time.Second), a.reads}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	list := slices.SortedFunc(maps.Keys(asked), func(a, b question) int {
		return cmp.Or(
			cmp.Compare(a.metric.String(), b.metric.String()), cmp.Compare(a.statistic, b.statistic), cmp.Compare(a.period, b.period),
		)
	})
	queries := make([]MetricDataQuery, len(list))
	for i, q := range list {
		queries[i] = MetricDataQuery{"m" + strconv.Itoa(i), asked[q]}
	}
	return queries, nil
}

// json is the metric as CloudWatch's API writes it.
func (m *metric) json() Metric {
	j := Metric{Namespace: m.namespace, MetricName: m.metric, Dimensions: []Dimension{}}
	for _, d := range keys(m.dimensions) {
		j.Dimensions = append(j.Dimensions, Dimension{d, m.dimensions[d]})
	}
	return j
}
