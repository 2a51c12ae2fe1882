package recorded

import (
	"testing"
	"testing/fstest"
)

// Whatever the answers are, a recording can be asked, or is refused.
func FuzzRead(f *testing.F) {
	const (
		listed = `{"Metrics": [{"Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "Till", "Value": "1"}]}]}`
		asked  = `[{"Id": "m", "MetricStat": {"Metric": {"Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "Till", "Value": "1"}]}, "Period": 60, "Stat": "Sum"}}]`
		answer = `{"MetricDataResults": [{"Id": "m", "Timestamps": ["2026-03-02T10:03:00+00:00", "2026-03-02T10:01:00+00:00"], "Values": [5, 7]}]}`
		board  = `{"panels": [{"datasource": {"type": "cloudwatch"}, "targets": [
			{"id": "m", "namespace": "Shop", "metricName": "Orders", "statistic": "Sum", "period": "60", "dimensions": {"Till": "*"}},
			{"expression": "LAST(ANOMALY_DETECTION_BAND(SUM([m, m])))"}]}]}`
	)
	f.Add([]byte(listed), []byte(asked), []byte(answer))
	f.Add([]byte(listed), []byte("[]"), []byte("{}"))
	f.Fuzz(func(t *testing.T, metrics, queries, data []byte) {
		r, err := read(fstest.MapFS{
			"metrics.json": {Data: metrics}, "queries.json": {Data: queries}, "data.json": {Data: data},
		})
		if err != nil {
			return
		}
		results, err := r.Evaluate([]byte(board))
		if err != nil || len(results) != 2 {
			t.Errorf("%v, %v", results, err)
		}
	})
}
