package console

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// Metrics writes a line for each data point.
func Metrics(ctx context.Context, h slog.Handler, rm *metricdata.ResourceMetrics) error {
	var errs []error
	for _, sm := range rm.ScopeMetrics {
		for _, m := range sm.Metrics {
			name := []slog.Attr{slog.String("name", m.Name), slog.String("unit", m.Unit)}
			eachPoint(m.Data, func(at time.Time, set attribute.Set, value []slog.Attr) {
				attrs := append(slices.Concat(name, value), group("attributes", set.ToSlice()))
				errs = append(errs, write(ctx, h, at, "metric", attrs))
			})
		}
	}
	return errors.Join(errs...)
}

type visit func(at time.Time, set attribute.Set, value []slog.Attr)

func eachPoint(data metricdata.Aggregation, f visit) {
	switch data := data.(type) {
	case metricdata.Gauge[int64]:
		numbers(data.DataPoints, f)
	case metricdata.Gauge[float64]:
		numbers(data.DataPoints, f)
	case metricdata.Sum[int64]:
		numbers(data.DataPoints, f)
	case metricdata.Sum[float64]:
		numbers(data.DataPoints, f)
	case metricdata.Histogram[int64]:
		histograms(data.DataPoints, f)
	case metricdata.Histogram[float64]:
		histograms(data.DataPoints, f)
	case metricdata.ExponentialHistogram[int64]:
		exponentials(data.DataPoints, f)
	case metricdata.ExponentialHistogram[float64]:
		exponentials(data.DataPoints, f)
	case metricdata.Summary:
		for _, p := range data.DataPoints {
			f(p.Time, p.Attributes, []slog.Attr{slog.Uint64("count", p.Count), slog.Float64("sum", p.Sum)})
		}
	}
}

func numbers[N int64 | float64](points []metricdata.DataPoint[N], f visit) {
	for _, p := range points {
		f(p.Time, p.Attributes, []slog.Attr{slog.Any("value", p.Value)})
	}
}

func histograms[N int64 | float64](points []metricdata.HistogramDataPoint[N], f visit) {
	for _, p := range points {
		f(p.Time, p.Attributes, []slog.Attr{slog.Uint64("count", p.Count), slog.Any("sum", p.Sum), slog.Any("bounds", p.Bounds), slog.Any("counts", p.BucketCounts)})
	}
}

func exponentials[N int64 | float64](points []metricdata.ExponentialHistogramDataPoint[N], f visit) {
	for _, p := range points {
		f(p.Time, p.Attributes, []slog.Attr{slog.Uint64("count", p.Count), slog.Any("sum", p.Sum)})
	}
}
