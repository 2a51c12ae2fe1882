package console_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/console"
	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

// lines returns what write writes, each line without its time.
func lines(t *testing.T, write func(slog.Handler) error) []string {
	t.Helper()
	var out bytes.Buffer
	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
			return slog.Attr{}
		}
		return a
	}
	if err := write(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: withoutTime})); err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(out.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
		all = append(all, strings.TrimSpace(line))
	}
	return all
}

func TestSpans_Everything_OneLine(t *testing.T) {
	other := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{9}, SpanID: trace.SpanID{8}})
	start := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	number := attribute.Int("n", 1)
	b := otlp.AppendSpanAttribute(make([]byte, otlp.HeaderSize), &number)
	b = otlp.AppendEvent(b, "exception", start, []attribute.KeyValue{attribute.String("exception.type", "E")}, 0)
	b = otlp.AppendLink(b, other, nil, 0)
	b = otlp.AppendTrailer(b, &otlp.Trailer{Name: "work", Code: codes.Error, Description: "broken"})
	span := otlp.Span{Data: otlp.PutHeader(b, &otlp.Header{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, ParentID: trace.SpanID{3},
		Kind: trace.SpanKindServer, Start: start, End: start.Add(time.Second),
	})}
	got := lines(t, func(h slog.Handler) error { return console.Spans(t.Context(), h, []otlp.Span{span}) })
	want := `{"msg":"span","name":"work","kind":"server","trace_id":"01000000000000000000000000000000","span_id":"0200000000000000",` +
		`"parent_span_id":"0300000000000000","start":"2026-11-24T12:00:00Z","duration":"1s","attributes":{"n":1},"status":"Error","description":"broken",` +
		`"event exception":{"exception.type":"E"},"links":["09000000000000000000000000000000/0800000000000000"]}`
	if len(got) != 1 || got[0] != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n"), want)
	}
}

func TestMetrics_EveryKind_OneLineForAPoint(t *testing.T) {
	set := attribute.NewSet(attribute.String("k", "v"))
	rm := &metricdata.ResourceMetrics{ScopeMetrics: []metricdata.ScopeMetrics{{Metrics: []metricdata.Metrics{
		{Name: "a", Unit: "s", Data: metricdata.Gauge[int64]{DataPoints: []metricdata.DataPoint[int64]{{Value: 1, Attributes: set}}}},
		{Name: "b", Data: metricdata.Gauge[float64]{DataPoints: []metricdata.DataPoint[float64]{{Value: 1.5}}}},
		{Name: "c", Data: metricdata.Sum[int64]{DataPoints: []metricdata.DataPoint[int64]{{Value: 2}, {Value: 3}}}},
		{Name: "d", Data: metricdata.Sum[float64]{DataPoints: []metricdata.DataPoint[float64]{{Value: 2.5}}}},
		{Name: "e", Data: metricdata.Histogram[int64]{DataPoints: []metricdata.HistogramDataPoint[int64]{{Count: 2, Sum: 5, Bounds: []float64{1}, BucketCounts: []uint64{0, 2}}}}},
		{Name: "f", Data: metricdata.Histogram[float64]{DataPoints: []metricdata.HistogramDataPoint[float64]{{Count: 1, Sum: .5}}}},
		{Name: "g", Data: metricdata.ExponentialHistogram[int64]{DataPoints: []metricdata.ExponentialHistogramDataPoint[int64]{{Count: 1, Sum: 6}}}},
		{Name: "h", Data: metricdata.ExponentialHistogram[float64]{DataPoints: []metricdata.ExponentialHistogramDataPoint[float64]{{Count: 1, Sum: 6.5}}}},
		{Name: "i", Data: metricdata.Summary{DataPoints: []metricdata.SummaryDataPoint{{Count: 4, Sum: 7}}}},
	}}}}
	got := lines(t, func(h slog.Handler) error { return console.Metrics(t.Context(), h, rm) })
	want := []string{
		`{"msg":"metric","name":"a","unit":"s","value":1,"attributes":{"k":"v"}}`,
		`{"msg":"metric","name":"b","unit":"","value":1.5}`,
		`{"msg":"metric","name":"c","unit":"","value":2}`,
		`{"msg":"metric","name":"c","unit":"","value":3}`,
		`{"msg":"metric","name":"d","unit":"","value":2.5}`,
		`{"msg":"metric","name":"e","unit":"","count":2,"sum":5,"bounds":[1],"counts":[0,2]}`,
		`{"msg":"metric","name":"f","unit":"","count":1,"sum":0.5,"bounds":null,"counts":null}`,
		`{"msg":"metric","name":"g","unit":"","count":1,"sum":6}`,
		`{"msg":"metric","name":"h","unit":"","count":1,"sum":6.5}`,
		`{"msg":"metric","name":"i","unit":"","count":4,"sum":7}`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
