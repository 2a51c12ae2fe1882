package telemetry_test

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	metricspb "go.opentelemetry.io/proto/slim/otlp/metrics/v1"

	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// histogram records one value and returns the data point that arrives.
func histogram(t *testing.T, c *collector, tel *telemetry.Telemetry, name string, value float64, options ...metric.Float64HistogramOption) *metricspb.HistogramDataPoint {
	t.Helper()
	h, err := tel.MeterProvider().Meter("test").Float64Histogram(name, options...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := tel.TracerProvider().Tracer("test").Start(t.Context(), "work")
	h.Record(ctx, value)
	span.End()
	if err := tel.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := c.metric(name)
	if m == nil {
		t.Fatalf("%s did not arrive", name)
	}
	return m.GetHistogram().DataPoints[0]
}

func TestMetrics_Buckets(t *testing.T) {
	own := sdkmetric.NewView(sdkmetric.Instrument{Name: "own.*"}, sdkmetric.Stream{Aggregation: sdkmetric.AggregationExplicitBucketHistogram{Boundaries: []float64{7}}})
	tests := map[string]struct {
		name    string
		options []metric.Float64HistogramOption
		want    func([]float64) bool
	}{
		"SecondsWithoutAdvice_FineSteps": {
			name: "some.duration", options: []metric.Float64HistogramOption{metric.WithUnit("s")},
			want: func(b []float64) bool { return slices.Equal(b[:18], semconv.DurationBuckets()) },
		},
		"BytesWithoutAdvice_GoesOnUpwards": {
			name: "some.size", options: []metric.Float64HistogramOption{metric.WithUnit("By")},
			want: func(b []float64) bool { return b[len(b)-1] == 10_000 },
		},
		"Advice_Kept": {
			name: "advised", options: []metric.Float64HistogramOption{metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(1, 2, 3)},
			want: func(b []float64) bool { return slices.Equal(b, []float64{1, 2, 3}) },
		},
		"DwellTime_QueueBuckets": {name: semconv.MetricDwellTime, want: func(b []float64) bool { return slices.Equal(b, semconv.QueueBuckets()) }},
		"EndToEnd_QueueBuckets":  {name: semconv.MetricEndToEnd, want: func(b []float64) bool { return slices.Equal(b, semconv.QueueBuckets()) }},
		"BatchSize_BatchBuckets": {name: semconv.MetricBatchSize, want: func(b []float64) bool { return slices.Equal(b, semconv.BatchBuckets()) }},
		"OwnView_Wins":           {name: "own.duration", want: func(b []float64) bool { return slices.Equal(b, []float64{7}) }},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCollector(t)
			config := configFor(c.URL)
			config.Metrics.Views = []sdkmetric.View{own}
			p := histogram(t, c, setup(t, config), tc.name, 0.02, tc.options...)
			if !tc.want(p.ExplicitBounds) {
				t.Errorf("the bounds are %v", p.ExplicitBounds)
			}
		})
	}
}

func TestMetrics_WithinSpan_ExemplarNamesTheTrace(t *testing.T) {
	c := newCollector(t)
	p := histogram(t, c, setup(t, configFor(c.URL)), "some.duration", 0.02)
	if len(p.Exemplars) != 1 || string(p.Exemplars[0].TraceId) != string(c.spans[0].TraceId) {
		t.Errorf("the exemplars are %v", p.Exemplars)
	}
	config := configFor(c.URL)
	config.Metrics.ExemplarFilter = exemplar.AlwaysOffFilter
	if p := histogram(t, c, setup(t, config), "other.duration", 0.02); len(p.Exemplars) != 0 {
		t.Errorf("switched off, the exemplars are %v", p.Exemplars)
	}
}

func TestMetrics_DeltaTemporality_Kept(t *testing.T) {
	c := newCollector(t)
	config := configFor(c.URL)
	config.Metrics.Temporality = sdkmetric.DeltaTemporalitySelector
	tel := setup(t, config)
	for range 2 {
		histogram(t, c, tel, "some.duration", 0.02)
	}
	h := c.metric("some.duration").GetHistogram()
	if h.AggregationTemporality != metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA || h.DataPoints[0].Count != 1 {
		t.Errorf("the second export is %v", h)
	}
}

func TestMetrics_Runtime_GoMetrics(t *testing.T) {
	c := newCollector(t)
	config := configFor(c.URL)
	config.Metrics.Runtime = true
	tel := setup(t, config)
	if err := tel.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c.metric("go.goroutine.count") == nil {
		t.Error("go.goroutine.count did not arrive")
	}
}

func TestMetrics_Interval_ExportedUnasked(t *testing.T) {
	c := newCollector(t)
	config := configFor(c.URL)
	config.Metrics.Interval = 20 * time.Millisecond
	tel := setup(t, config)
	counter, err := tel.MeterProvider().Meter("test").Int64Counter("things")
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(t.Context(), 3)
	deadline := time.Now().Add(time.Minute)
	for c.metric("things") == nil && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	if m := c.metric("things"); m == nil || m.GetSum().DataPoints[0].GetAsInt() != 3 {
		t.Errorf("got %v", m)
	}
}

// With delta temporality a lost collection is lost for good, so that none is
// made while one waits for the collector.
func TestMetrics_CollectorSlow_NothingLost(t *testing.T) {
	c := newCollector(t)
	var sum, failures atomic.Int64
	c.misbehave(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/metrics") && failures.Add(1) <= 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	})
	c.onMetrics = func(metrics []*metricspb.Metric) {
		for _, m := range metrics {
			if m.Name == "things" {
				sum.Add(m.GetSum().DataPoints[0].GetAsInt())
			}
		}
	}
	config := configFor(c.URL)
	config.Metrics.Interval = 10 * time.Millisecond
	config.Metrics.Temporality = sdkmetric.DeltaTemporalitySelector
	tel := setup(t, config)
	counter, err := tel.MeterProvider().Meter("test").Int64Counter("things")
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		counter.Add(t.Context(), 1)
		time.Sleep(5 * time.Millisecond)
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := sum.Load(); got != 100 {
		t.Errorf("%d arrived, want 100; dropped %v", got, tel.Dropped())
	}
}

// A Lambda flushes in every invocation, but pays for metrics once in an
// interval only.
func TestFlushInvocation_Repeated_MetricsOnceInAnInterval(t *testing.T) {
	c := newCollector(t)
	config := configFor(c.URL)
	config.Traces.Batch.Delay, config.Logs.Batch.Delay, config.Metrics.Interval = time.Hour, time.Hour, time.Hour
	tel := setup(t, config)
	for range 3 {
		emit(t, tel, 1)
		if err := tel.FlushInvocation(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	exports := map[string]int{}
	count := func() int {
		clear(exports)
		for _, r := range c.requests {
			exports[r.URL.Path]++
		}
		return exports["/v1/metrics"]
	}
	if count() != 1 || exports["/v1/traces"] != 3 || exports["/v1/logs"] != 3 {
		t.Errorf("the requests are %v, want one of metrics and three of the others", exports)
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m := c.metric("things"); count() != 2 || m.GetSum().DataPoints[0].GetAsInt() != 3 {
		t.Errorf("after the shutdown, %d exports of metrics, the last with %v", count(), m)
	}
}
