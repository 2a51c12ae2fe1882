package otlp

import "go.opentelemetry.io/otel/sdk/metric/metricdata"

// CountPoints returns how many data points rm holds.
func CountPoints(rm *metricdata.ResourceMetrics) int {
	n := 0
	for i := range rm.ScopeMetrics {
		for j := range rm.ScopeMetrics[i].Metrics {
			n += countPoints(rm.ScopeMetrics[i].Metrics[j].Data)
		}
	}
	return n
}

// SlicePoints returns the data points from up to, but not including, to, with
// what they belong to. It copies no data points.
func SlicePoints(rm *metricdata.ResourceMetrics, from, to int) *metricdata.ResourceMetrics {
	out := &metricdata.ResourceMetrics{Resource: rm.Resource}
	at := 0
	for i := range rm.ScopeMetrics {
		sm := metricdata.ScopeMetrics{Scope: rm.ScopeMetrics[i].Scope}
		for _, m := range rm.ScopeMetrics[i].Metrics {
			n := countPoints(m.Data)
			first, last := max(from-at, 0), min(to-at, n)
			at += n
			if first >= last {
				continue
			}
			m.Data = slicePoints(m.Data, first, last)
			sm.Metrics = append(sm.Metrics, m)
		}
		if len(sm.Metrics) > 0 {
			out.ScopeMetrics = append(out.ScopeMetrics, sm)
		}
	}
	return out
}

func countPoints(data metricdata.Aggregation) int {
	switch data := data.(type) {
	case metricdata.Gauge[int64]:
		return len(data.DataPoints)
	case metricdata.Gauge[float64]:
		return len(data.DataPoints)
	case metricdata.Sum[int64]:
		return len(data.DataPoints)
	case metricdata.Sum[float64]:
		return len(data.DataPoints)
	case metricdata.Histogram[int64]:
		return len(data.DataPoints)
	case metricdata.Histogram[float64]:
		return len(data.DataPoints)
	case metricdata.ExponentialHistogram[int64]:
		return len(data.DataPoints)
	case metricdata.ExponentialHistogram[float64]:
		return len(data.DataPoints)
	case metricdata.Summary:
		return len(data.DataPoints)
	default:
		return 0
	}
}

func slicePoints(data metricdata.Aggregation, from, to int) metricdata.Aggregation {
	switch data := data.(type) {
	case metricdata.Gauge[int64]:
		data.DataPoints = data.DataPoints[from:to]
		return data
	case metricdata.Gauge[float64]:
		data.DataPoints = data.DataPoints[from:to]
		return data
	case metricdata.Sum[int64]:
		data.DataPoints = data.DataPoints[from:to]
		return data
	case metricdata.Sum[float64]:
		data.DataPoints = data.DataPoints[from:to]
		return data
	case metricdata.Histogram[int64]:
		data.DataPoints = data.DataPoints[from:to]
		return data
	case metricdata.Histogram[float64]:
		data.DataPoints = data.DataPoints[from:to]
		return data
	case metricdata.ExponentialHistogram[int64]:
		data.DataPoints = data.DataPoints[from:to]
		return data
	case metricdata.ExponentialHistogram[float64]:
		data.DataPoints = data.DataPoints[from:to]
		return data
	case metricdata.Summary:
		data.DataPoints = data.DataPoints[from:to]
		return data
	default:
		return data
	}
}
