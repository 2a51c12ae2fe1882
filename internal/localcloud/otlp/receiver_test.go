package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a receiver until the test ends.
func serve(t *testing.T, c Config) (*Receiver, string) {
	t.Helper()
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r)
	t.Cleanup(func() {
		server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := r.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return r, server.URL
}

var testResource = resource.NewSchemaless(attribute.String("service.name", "tester"))

func TestReceiver_OpenTelemetrysTraceExporter_SpansAreKeptAsTheyWere(t *testing.T) {
	for _, compression := range []otlptracehttp.Compression{otlptracehttp.NoCompression, otlptracehttp.GzipCompression} {
		r, url := serve(t, Config{})
		exporter, err := otlptracehttp.New(t.Context(), otlptracehttp.WithEndpointURL(url+"/v1/traces"), otlptracehttp.WithCompression(compression))
		if err != nil {
			t.Fatal(err)
		}
		provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(testResource))
		tracer := provider.Tracer("test")

		start := time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC)
		ctx, parent := tracer.Start(t.Context(), "POST /v1/events", oteltrace.WithSpanKind(oteltrace.SpanKindServer), oteltrace.WithTimestamp(start))
		other := oteltrace.NewSpanContext(oteltrace.SpanContextConfig{TraceID: oteltrace.TraceID{1}, SpanID: oteltrace.SpanID{2}})
		_, child := tracer.Start(ctx, "send topic", oteltrace.WithSpanKind(oteltrace.SpanKindProducer), oteltrace.WithTimestamp(start),
			oteltrace.WithLinks(oteltrace.Link{SpanContext: other, Attributes: []attribute.KeyValue{attribute.String("why", "batch")}}),
			oteltrace.WithAttributes(attribute.String("s", "x"), attribute.Int("i", 7), attribute.Bool("b", true),
				attribute.Float64("f", 1.5), attribute.StringSlice("list", []string{"a", "b"})))
		child.AddEvent("retry", oteltrace.WithTimestamp(start.Add(time.Millisecond)))
		child.SetStatus(codes.Error, "throttled")
		child.End(oteltrace.WithTimestamp(start.Add(2 * time.Millisecond)))
		parent.End(oteltrace.WithTimestamp(start.Add(3 * time.Millisecond)))
		if err := provider.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}

		spans := r.Spans(parent.SpanContext().TraceID().String())
		if len(spans) != 2 {
			t.Fatalf("%d spans were kept, want 2", len(spans))
		}
		got := spans[0]
		if got.Name != "send topic" || got.Kind != "PRODUCER" || got.Service != "tester" || got.Status != "ERROR" || got.StatusText != "throttled" {
			t.Errorf("the child is %+v", got)
		}
		if got.ParentSpanID != parent.SpanContext().SpanID().String() || spans[1].ParentSpanID != "" {
			t.Errorf("parents are %q and %q", got.ParentSpanID, spans[1].ParentSpanID)
		}
		if !got.Start.Equal(start) || got.Duration() != 2*time.Millisecond || got.Start.Location() != time.UTC {
			t.Errorf("it began %v and took %v", got.Start, got.Duration())
		}
		if a := got.Attributes; a["s"] != "x" || a["i"] != int64(7) || a["b"] != true || a["f"] != 1.5 {
			t.Errorf("attributes are %v", a)
		}
		if list, ok := got.Attributes["list"].([]any); !ok || len(list) != 2 || list[1] != "b" {
			t.Errorf("the list is %v", got.Attributes["list"])
		}
		if len(got.Links) != 1 || got.Links[0].TraceID != other.TraceID().String() || got.Links[0].Attributes["why"] != "batch" {
			t.Errorf("links are %+v", got.Links)
		}
		if len(got.Events) != 1 || got.Events[0].Name != "retry" {
			t.Errorf("events are %+v", got.Events)
		}
		if s := r.Stats(); s.Spans != 2 || s.RejectedSpans != 0 {
			t.Errorf("stats are %+v", s)
		}
	}
}

func TestReceiver_OpenTelemetrysMetricExporter_SeriesAddUp(t *testing.T) {
	for _, temporality := range []metricdata.Temporality{metricdata.CumulativeTemporality, metricdata.DeltaTemporality} {
		t.Run(temporality.String(), func(t *testing.T) {
			r, url := serve(t, Config{})
			exporter, err := otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithEndpointURL(url+"/v1/metrics"),
				otlpmetrichttp.WithTemporalitySelector(func(sdkmetric.InstrumentKind) metricdata.Temporality { return temporality }))
			if err != nil {
				t.Fatal(err)
			}
			provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter)), sdkmetric.WithResource(testResource))
			meter := provider.Meter("test")
			counter, err := meter.Int64Counter("requests")
			if err != nil {
				t.Fatal(err)
			}
			histogram, err := meter.Float64Histogram("duration", metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(0.1, 1))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				counter.Add(t.Context(), 3, metric.WithAttributes(attribute.String("code", "202")))
				histogram.Record(t.Context(), 0.5)
				if err := provider.ForceFlush(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if err := provider.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := r.Metrics()
			if len(got) != 2 {
				t.Fatalf("series are %+v", got)
			}
			if d := got[0]; d.Name != "duration" || d.Unit != "s" || d.Kind != "histogram" || d.Count != 2 || d.Value != 1 || d.Buckets[1] != 2 {
				t.Errorf("the histogram is %+v", d)
			}
			if c := got[1]; c.Name != "requests" || c.Kind != "sum" || c.Value != 6 || c.Attributes["code"] != "202" || c.Service != "tester" {
				t.Errorf("the counter is %+v", c)
			}
		})
	}
}

func TestReceiver_OpenTelemetrysLogExporter_RecordsAreFoundByTrace(t *testing.T) {
	r, url := serve(t, Config{MaxLogs: 2})
	exporter, err := otlploghttp.New(t.Context(), otlploghttp.WithEndpointURL(url+"/v1/logs"))
	if err != nil {
		t.Fatal(err)
	}
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewSimpleProcessor(exporter)), sdklog.WithResource(testResource))
	parent := oteltrace.NewSpanContext(oteltrace.SpanContextConfig{TraceID: oteltrace.TraceID{1}, SpanID: oteltrace.SpanID{2}, TraceFlags: oteltrace.FlagsSampled})
	for _, body := range []string{"first", "second", "third"} {
		var rec log.Record
		rec.SetBody(attribute.StringValue(body))
		rec.SetSeverityText("INFO")
		rec.SetObservedTimestamp(time.Unix(7, 0))
		provider.Logger("test").Emit(oteltrace.ContextWithSpanContext(t.Context(), parent), rec)
	}
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := r.Logs(parent.TraceID().String())
	if len(got) != 2 || got[0].Body != "second" || got[1].Body != "third" {
		t.Fatalf("records are %+v, want the last two", got)
	}
	if l := got[0]; l.Service != "tester" || l.Severity != "INFO" || l.SpanID != parent.SpanID().String() || !l.Time.Equal(time.Unix(7, 0)) {
		t.Errorf("the record is %+v", l)
	}
	if other := r.Logs(strings.Repeat("f", 32)); len(other) != 0 {
		t.Errorf("another trace has %+v", other)
	}
}

// post sends a body and returns the status and the answer's text.
func post(t *testing.T, url, contentType, encoding string, body []byte) (int, string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", contentType)
	if encoding != "" {
		q.Header.Set("Content-Encoding", encoding)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

func zipped(b []byte) []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, _ = w.Write(b)
	_ = w.Close()
	return buf.Bytes()
}

func TestReceiver_BadRequests_AreRefusedWithAReason(t *testing.T) {
	r, url := serve(t, Config{MaxRequestBytes: 1000})
	for name, tc := range map[string]struct {
		path, contentType, encoding string
		body                        []byte
		status                      int
		says                        string
	}{
		"JSON":            {"/v1/traces", "application/json", "", []byte("{}"), 415, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"},
		"gRPC":            {"/v1/traces", "application/grpc+proto", "", nil, 415, "OTLP/gRPC is not taken"},
		"text":            {"/v1/traces", "text/plain", "", nil, 415, "want Content-Type"},
		"none":            {"/v1/traces", "", "", nil, 415, "want Content-Type"},
		"zstd":            {"/v1/traces", contentType, "zstd", nil, 415, "zstd"},
		"garbage":         {"/v1/traces", contentType, "", []byte("garbage"), 400, "ExportTraceServiceRequest"},
		"garbage metrics": {"/v1/metrics", contentType, "", []byte("garbage"), 400, "ExportMetricsServiceRequest"},
		"garbage logs":    {"/v1/logs", contentType, "", []byte("garbage"), 400, "ExportLogsServiceRequest"},
		"not gzip":        {"/v1/traces", contentType, "gzip", []byte("garbage"), 400, "not gzip"},
		"cut gzip":        {"/v1/traces", contentType, "gzip", zipped(make([]byte, 100))[:15], 400, "cannot be read"},
		"large":           {"/v1/traces", contentType, "", make([]byte, 1001), 413, "more than 1000 bytes"},
		"gzip bomb":       {"/v1/traces", contentType, "gzip", zipped(make([]byte, 100_000)), 413, "more than 1000 bytes"},
		"other path":      {"/v1/profiles", contentType, "", nil, 404, "/v1/traces"},
	} {
		t.Run(name, func(t *testing.T) {
			status, text := post(t, url+tc.path, tc.contentType, tc.encoding, tc.body)
			if status != tc.status || !strings.Contains(text, tc.says) {
				t.Errorf("%d %q, want %d with %q", status, text, tc.status, tc.says)
			}
		})
	}
	if got := r.Stats().RefusedRequests; got != 13 {
		t.Errorf("%d refused requests were counted, want 13", got)
	}
	t.Run("GET", func(t *testing.T) {
		q := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/traces", nil)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, q)
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST" {
			t.Errorf("%d, Allow %q", w.Code, w.Header().Get("Allow"))
		}
	})
}

func TestConfig_BadSettings_AreReportedTogether(t *testing.T) {
	_, err := New(Config{MaxTraces: -1, Forward: "localhost:4318"})
	if err == nil || !strings.Contains(err.Error(), "traces: -1") || !strings.Contains(err.Error(), "forward: ") {
		t.Errorf("error %v, want both settings", err)
	}
}
