package telemetry

import (
	"context"
	"errors"
	"slices"

	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tracehaul/tracehaul/telemetry/internal/console"
	"github.com/tracehaul/tracehaul/telemetry/internal/export"
	"github.com/tracehaul/tracehaul/telemetry/internal/histogram"
	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// meterProvider is the SDK's, behind our own aggregation of most histograms.
type meterProvider struct {
	metric.MeterProvider
	stoppable
}

// newMeterProvider makes the provider of meters with its reader and exporter,
// if metrics go anywhere.
func newMeterProvider(ctx context.Context, s *setup) (*meterProvider, *reader, error) {
	c := s.config.Metrics
	options := []sdkmetric.Option{
		sdkmetric.WithResource(s.resource),
		sdkmetric.WithExemplarFilter(c.ExemplarFilter),
		sdkmetric.WithView(views(c.Views)...),
	}
	p, err := newPipe(ctx, s, SignalMetrics, c.Exporter, metricsCodec, func(ctx context.Context, rm *metricdata.ResourceMetrics) error {
		return console.Metrics(ctx, s.lines, rm)
	})
	if err != nil {
		return nil, nil, err
	}
	if p == nil {
		sdk := sdkmetric.NewMeterProvider(options...)
		return &meterProvider{sdk, sdk}, nil, nil
	}
	r := newReader(s, c, p)
	sdk := sdkmetric.NewMeterProvider(append(options, sdkmetric.WithReader(r))...)
	r.histograms = histogram.New(sdk, histogram.Config{
		Bounds:      bounds(c.Views),
		Temporality: c.Temporality(sdkmetric.InstrumentKindHistogram),
		Filter:      c.ExemplarFilter,
	})
	r.start()
	return &meterProvider{r.histograms, sdk}, r, nil
}

// observe records the metrics that this package has of its own.
func observe(s *setup, provider metric.MeterProvider) error {
	err := s.drops.observe(provider)
	if s.config.Metrics.Runtime {
		err = errors.Join(err, runtime.Start(runtime.WithMeterProvider(provider)))
	}
	return err
}

var metricsCodec = export.Codec[*metricdata.ResourceMetrics]{
	Append: otlp.AppendMetrics,
	Len:    otlp.CountPoints,
	Slice:  otlp.SlicePoints,
}

// views put the program's own views first. The others give this module's
// histograms their buckets, whoever records them; all further histograms have
// the buckets that their instrument advises, else those of defaultAggregation.
func views(own []sdkmetric.View) []sdkmetric.View {
	buckets := ownBuckets()
	return append(slices.Clip(own), func(i sdkmetric.Instrument) (sdkmetric.Stream, bool) {
		bounds, ok := buckets[i.Name]
		if !ok || i.Kind != sdkmetric.InstrumentKindHistogram || matched(own, i) {
			return sdkmetric.Stream{}, false
		}
		// Only NewView fills in what a stream leaves empty, its name included.
		return sdkmetric.Stream{
			Name: i.Name, Description: i.Description, Unit: i.Unit,
			Aggregation: sdkmetric.AggregationExplicitBucketHistogram{Boundaries: bounds},
		}, true
	})
}

// ownBuckets are those of this module's histograms, by name.
func ownBuckets() map[string][]float64 {
	return map[string][]float64{
		semconv.MetricDwellTime: semconv.QueueBuckets(),
		semconv.MetricEndToEnd:  semconv.QueueBuckets(),
		semconv.MetricBatchSize: semconv.BatchBuckets(),
	}
}

// bounds says for package histogram what views and the reader say for the SDK.
// What the program has views for is left to the SDK.
func bounds(own []sdkmetric.View) func(sdkmetric.Instrument, []float64) ([]float64, bool) {
	buckets := ownBuckets()
	return func(i sdkmetric.Instrument, advised []float64) ([]float64, bool) {
		if matched(own, i) {
			return nil, false
		}
		if named, ok := buckets[i.Name]; ok {
			return named, true
		}
		if len(advised) > 0 {
			return advised, true
		}
		return defaultBuckets(), true
	}
}

func matched(views []sdkmetric.View, i sdkmetric.Instrument) bool {
	for _, view := range views {
		if _, ok := view(i); ok {
			return true
		}
	}
	return false
}

// defaultAggregation is the stock one but for histograms whose instrument
// advises no buckets. The stock buckets suit milliseconds; in seconds, which
// the conventions want, they would put all requests below 5 s into one. These
// have fine steps in seconds and go on upwards for everything else.
func defaultAggregation(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	if kind != sdkmetric.InstrumentKindHistogram {
		return sdkmetric.DefaultAggregationSelector(kind)
	}
	return sdkmetric.AggregationExplicitBucketHistogram{Boundaries: defaultBuckets()}
}

func defaultBuckets() []float64 {
	return append(semconv.DurationBuckets(), 100, 250, 500, 1000, 2500, 5000, 7500, 10000)
}
