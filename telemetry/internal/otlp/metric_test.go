package otlp_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/internal/otlptest"
)

var anyMetrics = rapid.Custom(func(t *rapid.T) *metricdata.ResourceMetrics {
	rm := &metricdata.ResourceMetrics{Resource: otlptest.AnyResource.Draw(t, "resource")}
	for range rapid.IntRange(1, 3).Draw(t, "scopes") {
		sm := metricdata.ScopeMetrics{Scope: otlptest.AnyScope.Draw(t, "scope")}
		for range rapid.IntRange(1, 4).Draw(t, "metrics") {
			sm.Metrics = append(sm.Metrics, metricdata.Metrics{
				Name:        rapid.String().Draw(t, "name"),
				Description: rapid.String().Draw(t, "description"),
				Unit:        rapid.SampledFrom([]string{"", "s", "{item}"}).Draw(t, "unit"),
				Data:        anyData.Draw(t, "data"),
			})
		}
		rm.ScopeMetrics = append(rm.ScopeMetrics, sm)
	}
	return rm
})

var anyData = rapid.Custom(func(t *rapid.T) metricdata.Aggregation {
	temporality := rapid.SampledFrom([]metricdata.Temporality{metricdata.CumulativeTemporality, metricdata.DeltaTemporality}).Draw(t, "temporality")
	monotonic := rapid.Bool().Draw(t, "monotonic")
	switch rapid.IntRange(0, 8).Draw(t, "kind") {
	case 0:
		return metricdata.Gauge[int64]{DataPoints: points(t, rapid.Int64())}
	case 1:
		return metricdata.Gauge[float64]{DataPoints: points(t, rapid.Float64())}
	case 2:
		return metricdata.Sum[int64]{DataPoints: points(t, rapid.Int64()), Temporality: temporality, IsMonotonic: monotonic}
	case 3:
		return metricdata.Sum[float64]{DataPoints: points(t, rapid.Float64()), Temporality: temporality, IsMonotonic: monotonic}
	case 4:
		return metricdata.Histogram[int64]{DataPoints: histogram(t, rapid.Int64()), Temporality: temporality}
	case 5:
		return metricdata.Histogram[float64]{DataPoints: histogram(t, rapid.Float64()), Temporality: temporality}
	case 6:
		return metricdata.ExponentialHistogram[int64]{DataPoints: exponential(t, rapid.Int64()), Temporality: temporality}
	case 7:
		return metricdata.ExponentialHistogram[float64]{DataPoints: exponential(t, rapid.Float64()), Temporality: temporality}
	default:
		return metricdata.Summary{DataPoints: summary(t)}
	}
})

func points[N int64 | float64](t *rapid.T, number *rapid.Generator[N]) (out []metricdata.DataPoint[N]) {
	for range rapid.IntRange(0, 4).Draw(t, "points") {
		out = append(out, metricdata.DataPoint[N]{
			Attributes: otlptest.AnySet.Draw(t, "attributes"),
			StartTime:  otlptest.AnyTime.Draw(t, "start"), Time: otlptest.AnyTime.Draw(t, "time"),
			Value: number.Draw(t, "value"), Exemplars: exemplars(t, number),
		})
	}
	return out
}

func exemplars[N int64 | float64](t *rapid.T, number *rapid.Generator[N]) (out []metricdata.Exemplar[N]) {
	for range rapid.IntRange(0, 2).Draw(t, "exemplars") {
		e := metricdata.Exemplar[N]{
			FilteredAttributes: otlptest.Attributes(0, 2).Draw(t, "filtered"),
			Time:               otlptest.AnyTime.Draw(t, "time"),
			Value:              number.Draw(t, "value"),
		}
		if rapid.Bool().Draw(t, "in span") {
			traceID, spanID := otlptest.AnyTraceID.Draw(t, "trace"), otlptest.AnySpanID.Draw(t, "span")
			e.TraceID, e.SpanID = traceID[:], spanID[:]
		}
		out = append(out, e)
	}
	return out
}

func extrema[N int64 | float64](t *rapid.T, number *rapid.Generator[N]) (e metricdata.Extrema[N]) {
	if rapid.Bool().Draw(t, "has extrema") {
		e = metricdata.NewExtrema(number.Draw(t, "extrema"))
	}
	return e
}

func histogram[N int64 | float64](t *rapid.T, number *rapid.Generator[N]) (out []metricdata.HistogramDataPoint[N]) {
	for range rapid.IntRange(0, 3).Draw(t, "points") {
		out = append(out, metricdata.HistogramDataPoint[N]{
			Attributes: otlptest.AnySet.Draw(t, "attributes"),
			StartTime:  otlptest.AnyTime.Draw(t, "start"), Time: otlptest.AnyTime.Draw(t, "time"),
			Count:        rapid.Uint64().Draw(t, "count"),
			Bounds:       rapid.SliceOfN(rapid.Float64(), 0, 20).Draw(t, "bounds"),
			BucketCounts: rapid.SliceOfN(rapid.Uint64(), 0, 20).Draw(t, "counts"),
			Min:          extrema(t, number), Max: extrema(t, number),
			Sum: number.Draw(t, "sum"), Exemplars: exemplars(t, number),
		})
	}
	return out
}

func exponential[N int64 | float64](t *rapid.T, number *rapid.Generator[N]) (out []metricdata.ExponentialHistogramDataPoint[N]) {
	bucket := func() metricdata.ExponentialBucket {
		return metricdata.ExponentialBucket{
			Offset: rapid.Int32().Draw(t, "offset"),
			Counts: rapid.SliceOfN(rapid.Uint64(), 0, 20).Draw(t, "counts"),
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "points") {
		out = append(out, metricdata.ExponentialHistogramDataPoint[N]{
			Attributes: otlptest.AnySet.Draw(t, "attributes"),
			StartTime:  otlptest.AnyTime.Draw(t, "start"), Time: otlptest.AnyTime.Draw(t, "time"),
			Count: rapid.Uint64().Draw(t, "count"),
			Min:   extrema(t, number), Max: extrema(t, number), Sum: number.Draw(t, "sum"),
			Scale: rapid.Int32().Draw(t, "scale"), ZeroCount: rapid.Uint64().Draw(t, "zeros"),
			PositiveBucket: bucket(), NegativeBucket: bucket(),
			ZeroThreshold: rapid.Float64().Draw(t, "threshold"), Exemplars: exemplars(t, number),
		})
	}
	return out
}

func summary(t *rapid.T) (out []metricdata.SummaryDataPoint) {
	for range rapid.IntRange(0, 3).Draw(t, "points") {
		p := metricdata.SummaryDataPoint{
			Attributes: otlptest.AnySet.Draw(t, "attributes"),
			StartTime:  otlptest.AnyTime.Draw(t, "start"), Time: otlptest.AnyTime.Draw(t, "time"),
			Count: rapid.Uint64().Draw(t, "count"), Sum: rapid.Float64().Draw(t, "sum"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "quantiles") {
			p.QuantileValues = append(p.QuantileValues, metricdata.QuantileValue{
				Quantile: rapid.Float64Range(0, 1).Draw(t, "quantile"), Value: rapid.Float64().Draw(t, "value"),
			})
		}
		out = append(out, p)
	}
	return out
}

func TestAppendMetrics_AnyMetrics_SameAsStockExporter(t *testing.T) {
	var w otlptest.Wire
	stock, err := otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithHTTPClient(w.Client()), otlpmetrichttp.WithInsecure())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		rm := anyMetrics.Draw(t, "metrics")
		if err := stock.Export(context.Background(), rm); err != nil {
			t.Fatalf("stock exporter: %v", err)
		}
		otlptest.AssertEqual(t,
			otlptest.Unmarshal(t, otlp.AppendMetrics(nil, rm), &collector.ExportMetricsServiceRequest{}),
			otlptest.Unmarshal(t, w.Last(), &collector.ExportMetricsServiceRequest{}))
	})
}

func TestSlicePoints_AnyCut_PartsAreTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rm := anyMetrics.Draw(t, "metrics")
		n := otlp.CountPoints(rm)
		cut := rapid.IntRange(0, n).Draw(t, "cut")
		first, second := otlp.SlicePoints(rm, 0, cut), otlp.SlicePoints(rm, cut, n)
		if got := otlp.CountPoints(first); got != cut {
			t.Fatalf("the first part has %d points, want %d", got, cut)
		}
		if got := otlp.CountPoints(second); got != n-cut {
			t.Fatalf("the second part has %d points, want %d", got, n-cut)
		}
	})
}

func TestSlicePoints_WithinOneMetric_KeepsOrderAndIdentity(t *testing.T) {
	rm := &metricdata.ResourceMetrics{
		Resource: resource.Empty(),
		ScopeMetrics: []metricdata.ScopeMetrics{{Metrics: []metricdata.Metrics{
			{Name: "a", Data: metricdata.Sum[int64]{IsMonotonic: true, DataPoints: []metricdata.DataPoint[int64]{{Value: 1}, {Value: 2}, {Value: 3}}}},
			{Name: "b", Data: metricdata.Gauge[float64]{DataPoints: []metricdata.DataPoint[float64]{{Value: 4, Attributes: attribute.NewSet(attribute.Int("n", 4))}}}},
		}}},
	}
	part := otlp.SlicePoints(rm, 2, 4)
	sum, ok := part.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64])
	if !ok || !sum.IsMonotonic || len(sum.DataPoints) != 1 || sum.DataPoints[0].Value != 3 {
		t.Errorf("the first metric is %+v, want the monotonic sum's last point", part.ScopeMetrics[0].Metrics[0])
	}
	gauge, ok := part.ScopeMetrics[0].Metrics[1].Data.(metricdata.Gauge[float64])
	if !ok || len(gauge.DataPoints) != 1 || gauge.DataPoints[0].Value != 4 {
		t.Errorf("the second metric is %+v, want the gauge whole", part.ScopeMetrics[0].Metrics[1])
	}
	if n := otlp.CountPoints(rm); n != 4 {
		t.Errorf("slicing left %d points in the original, want 4", n)
	}
}
