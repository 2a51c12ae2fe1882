package otlp

import (
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// AppendMetrics appends an ExportMetricsServiceRequest with the metrics.
func AppendMetrics(b []byte, rm *metricdata.ResourceMetrics) []byte {
	if len(rm.ScopeMetrics) == 0 {
		return b
	}
	b, resourceMetrics := open(b, 1)
	b = appendResource(b, 1, rm.Resource)
	for i := range rm.ScopeMetrics {
		sm := &rm.ScopeMetrics[i]
		var scopeMetrics int
		b, scopeMetrics = open(b, 2)
		b = appendScope(b, 1, &sm.Scope)
		for j := range sm.Metrics {
			b = appendMetric(b, &sm.Metrics[j])
		}
		b = appendString(b, 3, sm.Scope.SchemaURL)
		b = closeMessage(b, scopeMetrics)
	}
	b = appendString(b, 3, rm.Resource.SchemaURL())
	return closeMessage(b, resourceMetrics)
}

func appendMetric(b []byte, m *metricdata.Metrics) []byte {
	b, mark := open(b, 2)
	b = appendString(b, 1, m.Name)
	b = appendString(b, 2, m.Description)
	b = appendString(b, 3, m.Unit)
	switch data := m.Data.(type) {
	case metricdata.Gauge[int64]:
		b = appendGauge(b, data)
	case metricdata.Gauge[float64]:
		b = appendGauge(b, data)
	case metricdata.Sum[int64]:
		b = appendSum(b, data)
	case metricdata.Sum[float64]:
		b = appendSum(b, data)
	case metricdata.Histogram[int64]:
		b = appendHistogram(b, data)
	case metricdata.Histogram[float64]:
		b = appendHistogram(b, data)
	case metricdata.ExponentialHistogram[int64]:
		b = appendExponential(b, data)
	case metricdata.ExponentialHistogram[float64]:
		b = appendExponential(b, data)
	case metricdata.Summary:
		b = appendSummary(b, data)
	}
	return closeMessage(b, mark)
}

func appendGauge[N int64 | float64](b []byte, g metricdata.Gauge[N]) []byte {
	b, mark := open(b, 5)
	b = appendPoints(b, g.DataPoints)
	return closeMessage(b, mark)
}

func appendSum[N int64 | float64](b []byte, s metricdata.Sum[N]) []byte {
	b, mark := open(b, 7)
	b = appendPoints(b, s.DataPoints)
	b = appendVarint(b, 2, temporality(s.Temporality))
	if s.IsMonotonic {
		b = appendVarint(b, 3, 1)
	}
	return closeMessage(b, mark)
}

func appendPoints[N int64 | float64](b []byte, points []metricdata.DataPoint[N]) []byte {
	for i := range points {
		p := &points[i]
		var mark int
		b, mark = open(b, 1)
		b = appendFixed64(b, 2, unixNano(p.StartTime))
		b = appendFixed64(b, 3, unixNano(p.Time))
		b = appendNumber(b, 4, p.Value)
		b = appendExemplars(b, 5, p.Exemplars)
		b = appendSet(b, 7, &p.Attributes)
		b = closeMessage(b, mark)
	}
	return b
}

// appendNumber appends the value of a NumberDataPoint or of an Exemplar: a
// oneof of as_double, whose field differs, and as_int, whose field is 6.
func appendNumber[N int64 | float64](b []byte, double uint64, v N) []byte {
	switch v := any(v).(type) {
	case float64:
		b = appendDoubleAlways(b, double, v)
	case int64:
		b = appendFixed64Always(b, 6, uint64(v)) //nolint:gosec // two's complement, as protobuf's sfixed64 is
	}
	return b
}

func appendExemplars[N int64 | float64](b []byte, field uint64, exemplars []metricdata.Exemplar[N]) []byte {
	for i := range exemplars {
		e := &exemplars[i]
		var mark int
		b, mark = open(b, field)
		b = appendFixed64(b, 2, unixNano(e.Time))
		b = appendNumber(b, 3, e.Value)
		b = appendBytes(b, 4, e.SpanID)
		b = appendBytes(b, 5, e.TraceID)
		b = appendAttributes(b, 7, e.FilteredAttributes)
		b = closeMessage(b, mark)
	}
	return b
}

// temporality is the value of enum AggregationTemporality.
func temporality(t metricdata.Temporality) uint64 {
	switch t {
	case metricdata.DeltaTemporality:
		return 1
	case metricdata.CumulativeTemporality:
		return 2
	default:
		return 0
	}
}
