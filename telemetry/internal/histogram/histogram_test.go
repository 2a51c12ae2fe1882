package histogram_test

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sort"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/telemetry/internal/histogram"
)

// TestProvider_AnyProgram_SameAsSDK is what keeps this package honest.
func TestProvider_AnyProgram_SameAsSDK(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := worldOptions{
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
			if rapid.IntRange(0, 4).Draw(t, "experimental") == 0 {
				advice = append(advice, keysOption{keys: []attribute.Key{"b"}})
			}
			for i, w := range worlds {
				all[i] = append(all[i], w.histogram(t, name, advice...))
			}
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			which := rapid.IntRange(0, len(all[0])-1).Draw(t, "which")
			values := rapid.SliceOfN(anyValue, 1, 70).Draw(t, "values")
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
		cmp.AllowUnexported(metricdata.Extrema[float64]{}), cmpopts.EquateComparable(attribute.Set{}), cmpopts.EquateNaNs(),
		cmpopts.IgnoreFields(metricdata.HistogramDataPoint[float64]{}, "StartTime", "Time", "Exemplars")) // these follow
	if diff != "" {
		t.Fatalf("points (-SDK +ours):\n%s", diff)
	}
	for key := range want {
		if w, g := buckets(want[key]), buckets(got[key]); !slices.Equal(w, g) {
			t.Fatalf("exemplars of %s are in the buckets %v, want %v", key, g, w)
		}
		if w, g := math.Float64bits(want[key].Sum), math.Float64bits(got[key].Sum); w != g && got[key].Sum == got[key].Sum {
			t.Fatalf("the sum of %s is %v (%x), want %v (%x)", key, got[key].Sum, g, want[key].Sum, w)
		}
	}
}

// buckets are those that have an exemplar of their own.
func buckets(p metricdata.HistogramDataPoint[float64]) (all []int) {
	for _, e := range p.Exemplars {
		i := sort.SearchFloat64s(p.Bounds, e.Value) // the last one, for what is not a number
		all = append(all, i)
	}
	return all
}

func TestRecord_ManySets_TheRestOverflowsAsInTheSDK(t *testing.T) {
	plain := func(n int) attribute.KeyValue { return attribute.Int("n", n) }
	nested := func(n int) attribute.KeyValue {
		return attribute.Map("m", attribute.Int("k", -1), attribute.Int("k", n))
	}
	for name, of := range map[string]func(n int) []metric.RecordOption{
		"plain":  func(n int) []metric.RecordOption { return []metric.RecordOption{metric.WithAttributes(plain(n))} },
		"nested": func(n int) []metric.RecordOption { return []metric.RecordOption{metric.WithAttributes(nested(n))} },
		"raw": func(n int) []metric.RecordOption {
			return []metric.RecordOption{rawOption{attributes: []attribute.KeyValue{plain(n)}}}
		},
		"all": func(n int) []metric.RecordOption {
			return [][]metric.RecordOption{
				{metric.WithAttributes(plain(n))}, {metric.WithAttributes(nested(n))}, {rawOption{attributes: []attribute.KeyValue{nested(-n)}}},
			}[n%3]
		},
		"own overflow": func(n int) []metric.RecordOption {
			return []metric.RecordOption{metric.WithAttributes(plain(n), attribute.Bool("otel.metric.overflow", n%2 == 0))}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var all [2]map[string]metricdata.HistogramDataPoint[float64]
			for i, w := range []*world{setup(t, nil), setup(t, wrapped)} {
				h := w.histogram(t, "h")
				for n := range 2 * 2010 {
					h.Record(t.Context(), 1, of(n)...)
				}
				rm := w.collect(t)
				all[i] = series(&rm)
			}
			for key, want := range all[0] {
				if got := all[1][key]; got.Count != want.Count {
					t.Errorf("%s has %d, want %d", key, got.Count, want.Count)
				}
			}
			if len(all[0]) != len(all[1]) || len(all[0]) != 2000 {
				t.Errorf("%d points, want %d", len(all[1]), len(all[0]))
			}
		})
	}
}

// Rounding tells in which order, and in which parts, numbers were added.
func TestRecord_ManyFractions_SumIsTheSDKsToTheBit(t *testing.T) {
	for seed := range uint64(50) {
		var sums [2][]float64
		for i, wrap := range []func(*worldOptions, metric.MeterProvider) *histogram.Provider{nil, wrapped} {
			w, r := setup(t, wrap), rand.New(rand.NewPCG(seed, 1))
			h := w.histogram(t, "h")
			for range 4 {
				for range 100 {
					h.Record(t.Context(), float64(r.IntN(3)))
				}
				rm := w.collect(t) // a whole number, the first time
				for range 100 {
					h.Record(t.Context(), r.Float64())
				}
				for _, p := range series(&rm) {
					sums[i] = append(sums[i], p.Sum)
				}
			}
		}
		if !slices.Equal(sums[0], sums[1]) {
			t.Fatalf("seed %d: the sums are %v, want %v", seed, sums[1], sums[0])
		}
	}
}

// Without exemplars a point has no room for them.
func TestRecord_NoExemplars_PointNoLargerThanTheSDKs(t *testing.T) {
	const points = 500
	bounds := make([]float64, 22)
	for i := range bounds {
		bounds[i] = float64(i)
	}
	options := make([][]metric.RecordOption, points)
	for i := range options {
		options[i] = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attribute.Int("n", i)))}
	}
	var sizes [2]uint64
	for i, wrap := range []func(*worldOptions, metric.MeterProvider) *histogram.Provider{nil, wrapped} {
		w := newWorld(worldOptions{metricdata.CumulativeTemporality, exemplar.AlwaysOffFilter}, wrap)
		h := w.histogram(t, "h", metric.WithExplicitBucketBoundaries(bounds...))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for _, o := range options {
			h.Record(t.Context(), 1, o...)
		}
		runtime.ReadMemStats(&after)
		sizes[i] = (after.TotalAlloc - before.TotalAlloc) / points
	}
	if sizes[1] > sizes[0] {
		t.Errorf("a point takes %d bytes, the SDK's %d", sizes[1], sizes[0])
	}
}

// Filters, and whoever is asked for the values, are the program's: they may
// record as well.
func TestRecord_FilterRecords_NoDeadlock(t *testing.T) {
	var h metric.Float64Histogram
	inside := false
	w := newWorld(worldOptions{metricdata.CumulativeTemporality, func(ctx context.Context) bool {
		if !inside {
			inside = true
			h.Record(ctx, 1)
			inside = false
		}
		return false
	}}, wrapped)
	h = w.histogram(t, "h")
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.Record(context.Background(), 1)
		histogram.Record(h, 3, func(int) (context.Context, float64, bool) {
			h.Record(context.Background(), 1)
			return context.Background(), 1, true
		})
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("recording waits for itself")
	}
	rm := w.collect(t)
	for _, p := range series(&rm) {
		if p.Count != 2+3*4 {
			t.Errorf("%d values, want %d", p.Count, 2+3*4)
		}
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
	w := newWorld(worldOptions{metricdata.DeltaTemporality, exemplar.AlwaysOnFilter}, wrapped)
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
	w := newWorld(worldOptions{metricdata.DeltaTemporality, exemplar.AlwaysOffFilter}, wrapped)
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
