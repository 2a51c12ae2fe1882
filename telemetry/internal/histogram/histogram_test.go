package histogram_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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
}

// options are what a world is made with.
type options struct {
	temporality metricdata.Temporality
	filter      exemplar.Filter
}

func wrapped(o *options, sdk metric.MeterProvider) *histogram.Provider {
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

func setup(tb testing.TB, wrap func(*options, metric.MeterProvider) *histogram.Provider) *world {
	tb.Helper()
	return newWorld(options{metricdata.CumulativeTemporality, exemplar.TraceBasedFilter}, wrap)
}

func newWorld(o options, wrap func(*options, metric.MeterProvider) *histogram.Provider) *world {
	w := &world{reader: sdkmetric.NewManualReader(
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
	return h
}

func (w *world) collect(tb interface{ Fatal(...any) }) metricdata.ResourceMetrics {
	var rm metricdata.ResourceMetrics
	if err := w.reader.Collect(context.Background(), &rm); err != nil {
		tb.Fatal(err)
	}
	if w.own != nil {
		w.own.Collect(&rm)
	}
	return rm
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

// TestProvider_AnyProgram_SameAsSDK is what keeps this package honest.
func TestProvider_AnyProgram_SameAsSDK(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := options{
			rapid.SampledFrom([]metricdata.Temporality{metricdata.CumulativeTemporality, metricdata.DeltaTemporality}).Draw(t, "temporality"),
			rapid.SampledFrom([]exemplar.Filter{exemplar.TraceBasedFilter, exemplar.AlwaysOffFilter, exemplar.AlwaysOnFilter}).Draw(t, "filter"),
		}
		worlds := []*world{newWorld(o, nil), newWorld(o, wrapped)}
		var all [2][]metric.Float64Histogram
		for range rapid.IntRange(1, 4).Draw(t, "instruments") {
			name := rapid.SampledFrom([]string{"a", "A", "b", "left.to.the.sdk"}).Draw(t, "name")
			var advice []metric.Float64HistogramOption
			if rapid.Bool().Draw(t, "advised") {
				advice = append(advice, metric.WithExplicitBucketBoundaries(1, 2, 5))
			}
			if rapid.Bool().Draw(t, "with unit") {
				advice = append(advice, metric.WithUnit("s"), metric.WithDescription("d"))
			}
			for i, w := range worlds {
				all[i] = append(all[i], w.histogram(t, name, advice...))
			}
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			which := rapid.IntRange(0, len(all[0])-1).Draw(t, "which")
			values := rapid.SliceOfN(rapid.SampledFrom([]float64{-1, 0, .125, .5, 1, 1.5, 2, 7, 1 << 30, math.Inf(1)}), 1, 5).Draw(t, "values")
			set, ctx := anyOptions(t), anyContext(t)
			each := func(i int) (context.Context, float64, bool) { return ctx, values[i], i != 3 }
			atOnce := rapid.Bool().Draw(t, "at once")
			for i := range worlds {
				if atOnce {
					histogram.Record(all[i][which], len(values), each, set...)
					continue
				}
				for _, v := range values {
					all[i][which].Record(ctx, v, set...)
				}
			}
			if rapid.IntRange(0, 9).Draw(t, "collect") == 0 {
				assertSame(t, worlds)
			}
		}
		assertSame(t, worlds)
	})
}

func assertSame(t *rapid.T, worlds []*world) {
	t.Helper()
	sdk, ours := worlds[0].collect(t), worlds[1].collect(t)
	want, got := series(&sdk), series(&ours)
	diff := cmp.Diff(want, got,
		cmp.AllowUnexported(metricdata.Extrema[float64]{}), cmpopts.EquateComparable(attribute.Set{}),
		cmpopts.IgnoreFields(metricdata.HistogramDataPoint[float64]{}, "StartTime", "Time", "Exemplars"))
	if diff != "" {
		t.Fatalf("points (-SDK +ours):\n%s", diff)
	}
	for key := range want {
		if w, g := buckets(want[key]), buckets(got[key]); !slices.Equal(w, g) {
			t.Fatalf("exemplars of %s are in the buckets %v, want %v", key, g, w)
		}
		if got[key].StartTime.IsZero() || got[key].Time.Before(got[key].StartTime) {
			t.Fatalf("%s is from %v to %v", key, got[key].StartTime, got[key].Time)
		}
	}
}

// buckets are those that have an exemplar of their own.
func buckets(p metricdata.HistogramDataPoint[float64]) (all []int) {
	for _, e := range p.Exemplars {
		i, _ := slices.BinarySearch(p.Bounds, e.Value)
		all = append(all, i)
	}
	return all
}

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
	}).Draw(t, "options")
}

func anyContext(t *rapid.T) context.Context {
	return trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.TraceFlags(rapid.IntRange(0, 1).Draw(t, "flags")),
	}))
}

func TestRecord_ManySets_TheRestOverflowsAsInTheSDK(t *testing.T) {
	var all [2]map[string]metricdata.HistogramDataPoint[float64]
	for i, w := range []*world{setup(t, nil), setup(t, wrapped)} {
		h := w.histogram(t, "h")
		for n := range 2010 {
			h.Record(t.Context(), 1, metric.WithAttributes(attribute.Int("n", n)))
		}
		rm := w.collect(t)
		all[i] = series(&rm)
	}
	for key, want := range all[0] {
		if got := all[1][key]; got.Count != want.Count {
			t.Errorf("%s has %d, want %d", key, got.Count, want.Count)
		}
	}
	if len(all[0]) != len(all[1]) {
		t.Errorf("%d points, want %d", len(all[1]), len(all[0]))
	}
}

func TestFloat64Histogram_BadName_SaidAsBefore(t *testing.T) {
	_, want := setup(t, nil).Meter("test").Float64Histogram("9")
	_, got := setup(t, wrapped).Meter("test").Float64Histogram("9")
	if want == nil || got == nil || got.Error() != want.Error() {
		t.Errorf("the error is %v, want %v", got, want)
	}
}

// An exemplar is any of a bucket's values, not always the first or the last.
func TestRecord_ManyValues_AnyOfThemIsTheExemplar(t *testing.T) {
	w := newWorld(options{metricdata.DeltaTemporality, exemplar.AlwaysOnFilter}, wrapped)
	h := w.histogram(t, "h")
	seen := map[float64]int{}
	for range 400 {
		for _, v := range []float64{2, 3, 4, 5} {
			h.Record(t.Context(), v)
		}
		rm := w.collect(t)
		for _, p := range series(&rm) {
			seen[p.Exemplars[0].Value]++
		}
	}
	for _, v := range []float64{2, 3, 4, 5} {
		if seen[v] < 40 { // a hundred is to be expected, 40 is 7 deviations away
			t.Errorf("of 400 exemplars %d were the value %v: %v", seen[v], v, seen)
		}
	}
}

func TestRecord_BesideCollections_NothingLostOrDoubled(t *testing.T) {
	w := newWorld(options{metricdata.DeltaTemporality, exemplar.AlwaysOffFilter}, wrapped)
	h := w.histogram(t, "h")
	const goroutines, each = 4, 500
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range each {
				h.Record(context.Background(), 1)
				histogram.Record(h, 2, func(int) (context.Context, float64, bool) { return context.Background(), 1, true })
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	var sum uint64
	for last := false; !last; {
		select {
		case <-done:
			last = true
		default:
		}
		rm := w.collect(t)
		for _, p := range series(&rm) {
			sum += p.Count
		}
	}
	if sum != 3*goroutines*each {
		t.Errorf("%d values were collected, want %d", sum, 3*goroutines*each)
	}
}
