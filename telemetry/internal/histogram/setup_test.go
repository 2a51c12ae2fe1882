package histogram_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"
	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/telemetry/internal/histogram"
)

var usual = []float64{.125, 1, 10}

// world is a meter provider with a reader.
type world struct {
	metric.MeterProvider

	reader *sdkmetric.ManualReader
	own    *histogram.Provider // nil for the SDK alone

	temporality metricdata.Temporality
	began       [2]time.Time // points start between these
}

// worldOptions are what a world is made with.
type worldOptions struct {
	temporality metricdata.Temporality
	filter      exemplar.Filter
}

func wrapped(o *worldOptions, sdk metric.MeterProvider) *histogram.Provider {
	return histogram.New(sdk, histogram.Config{
		Bounds: func(i sdkmetric.Instrument, advised []float64) ([]float64, bool) {
			if len(advised) == 0 {
				advised = usual
			}
			return advised, i.Name != "left.to.the.sdk"
		},
		Temporality: o.temporality, Filter: o.filter,
	})
}

func setup(tb testing.TB, wrap func(*worldOptions, metric.MeterProvider) *histogram.Provider) *world {
	tb.Helper()
	return newWorld(worldOptions{metricdata.CumulativeTemporality, exemplar.TraceBasedFilter}, wrap)
}

func newWorld(o worldOptions, wrap func(*worldOptions, metric.MeterProvider) *histogram.Provider) *world {
	w := &world{temporality: o.temporality, began: [2]time.Time{time.Now()}, reader: sdkmetric.NewManualReader(
		sdkmetric.WithTemporalitySelector(func(sdkmetric.InstrumentKind) metricdata.Temporality { return o.temporality }),
		sdkmetric.WithAggregationSelector(func(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
			if kind == sdkmetric.InstrumentKindHistogram {
				return sdkmetric.AggregationExplicitBucketHistogram{Boundaries: usual}
			}
			return sdkmetric.DefaultAggregationSelector(kind)
		}),
	)}
	w.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(w.reader), sdkmetric.WithExemplarFilter(o.filter))
	if wrap != nil {
		w.own = wrap(&o, w.MeterProvider)
		w.MeterProvider = w.own
	}
	return w
}

func (w *world) histogram(tb interface{ Fatal(...any) }, name string, options ...metric.Float64HistogramOption) metric.Float64Histogram {
	h, err := w.Meter("test").Float64Histogram(name, options...)
	if err != nil {
		tb.Fatal(err)
	}
	w.began[1] = time.Now()
	return h
}

func (w *world) collect(tb interface{ Fatal(...any) }) metricdata.ResourceMetrics {
	var rm metricdata.ResourceMetrics
	began := time.Now()
	if err := w.reader.Collect(context.Background(), &rm); err != nil {
		tb.Fatal(err)
	}
	if w.own != nil {
		w.own.Collect(&rm)
	}
	took := [2]time.Time{began, time.Now()}
	w.checkTimes(tb, &rm, took)
	if w.temporality == metricdata.DeltaTemporality {
		w.began = took
	}
	return rm
}

// checkTimes checks that points are up to now, and from when their instrument
// was made, or from the last collection. All instruments are to be there by
// then.
func (w *world) checkTimes(tb interface{ Fatal(...any) }, rm *metricdata.ResourceMetrics, now [2]time.Time) {
	within := func(at time.Time, span [2]time.Time) bool { return !at.Before(span[0]) && !at.After(span[1]) }
	for key, p := range series(rm) {
		if !within(p.StartTime, w.began) || !within(p.Time, now) {
			tb.Fatal(fmt.Sprintf("%s is from %v to %v, want it from %v to %v", key, p.StartTime, p.Time, w.began, now))
		}
	}
}

// series are points by what names them.
func series(rm *metricdata.ResourceMetrics) map[string]metricdata.HistogramDataPoint[float64] {
	all := map[string]metricdata.HistogramDataPoint[float64]{}
	for _, sm := range rm.ScopeMetrics {
		for _, m := range sm.Metrics {
			h, ok := m.Data.(metricdata.Histogram[float64])
			if !ok {
				continue
			}
			for _, p := range h.DataPoints {
				key := fmt.Sprint(sm.Scope.Name, sm.Scope.Version, m.Name, m.Unit, m.Description, h.Temporality, p.Attributes.ToSlice())
				if _, twice := all[key]; twice {
					panic("two points for " + key)
				}
				all[key] = p
			}
		}
	}
	return all
}

var anyValue = rapid.OneOf(
	rapid.SampledFrom([]float64{-1, 0, .125, .5, 1, 1.5, 2, 7, 1 << 30, math.Inf(1), math.NaN()}),
	rapid.Float64Range(-10, 1000),
)

// keysOption and rawOption are what go.opentelemetry.io/otel/metric/x has.
type (
	keysOption struct {
		metric.InstrumentOption
		keys []attribute.Key
	}
	rawOption struct {
		metric.MeasurementOption
		attributes []attribute.KeyValue
	}
)

func (keysOption) Experimental()                        {}
func (o keysOption) AllowedKeys() []attribute.Key       { return o.keys }
func (rawOption) Experimental()                         {}
func (o rawOption) RawAttributes() []attribute.KeyValue { return o.attributes }

func anyOptions(t *rapid.T) []metric.RecordOption {
	one, two := attribute.String("a", "1"), attribute.Int("b", 2)
	nested := attribute.KeyValue{Key: "c", Value: attribute.MapValue(attribute.Int("k", 1), attribute.Int("k", 2))}
	return rapid.SampledFrom([][]metric.RecordOption{
		nil,
		{metric.WithAttributes(one)},
		{metric.WithAttributes(two, one)},
		{metric.WithAttributes(one), metric.WithAttributes(two)},
		{metric.WithAttributeSet(attribute.NewSet(one, two))},
		{metric.WithAttributes(nested)},
		{metric.WithAttributes(one, nested)},
		{metric.WithAttributes(attribute.Slice("d", nested.Value, attribute.MapValue(nested)))},
		{metric.WithAttributes(attribute.Map("c", attribute.Int("k", 2)))}, // what is left of nested
		{rawOption{attributes: []attribute.KeyValue{one}}},
		{rawOption{attributes: []attribute.KeyValue{two, one}}},
		{metric.WithAttributes(one), rawOption{attributes: []attribute.KeyValue{attribute.String("a", "2")}}, rawOption{attributes: []attribute.KeyValue{two, nested}}},
	}).Draw(t, "options")
}

func anyContext(t *rapid.T) context.Context {
	return trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.TraceFlags(rapid.IntRange(0, 1).Draw(t, "flags")),
	}))
}
