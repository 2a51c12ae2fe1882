package telemetry

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// A view that leaves the name empty renames its metric to nothing.
func TestViews_OwnHistograms_KeepNameAndUnit(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithView(views(nil)...))
	h, err := provider.Meter("test").Float64Histogram(semconv.MetricDwellTime, metric.WithUnit("s"), metric.WithDescription("d"))
	if err != nil {
		t.Fatal(err)
	}
	h.Record(t.Context(), 1)
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	m := all.ScopeMetrics[0].Metrics[0]
	if m.Name != semconv.MetricDwellTime || m.Unit != "s" || m.Description != "d" {
		t.Errorf("metric %q, unit %q, description %q", m.Name, m.Unit, m.Description)
	}
	bounds := m.Data.(metricdata.Histogram[float64]).DataPoints[0].Bounds //nolint:forcetypeassert // a float histogram
	if diff := cmp.Diff(semconv.QueueBuckets(), bounds); diff != "" {
		t.Errorf("bounds (-want +got):\n%s", diff)
	}
}
