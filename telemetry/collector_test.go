package telemetry_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	logscol "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	metricscol "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	tracecol "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	metricspb "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/tracehaul/tracehaul/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector is an OTLP/HTTP collector on a real listener. It keeps what it
// took, and can be told to misbehave.
type collector struct {
	*httptest.Server

	mu       sync.Mutex
	fault    fault
	requests []*http.Request
	resource map[string]string
	spans    []*tracepb.Span
	metrics  []*metricspb.Metric // of the last export

	onMetrics func([]*metricspb.Metric) // set before the first export
	records   []*logspb.LogRecord
}

// fault answers a request in the collector's stead, or returns false.
type fault func(w http.ResponseWriter, r *http.Request) bool

func newCollector(tb testing.TB) *collector {
	tb.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(c)
	tb.Cleanup(c.Close)
	return c
}

func (c *collector) misbehave(f fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = f
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	c.mu.Lock()
	f := c.fault
	c.requests = append(c.requests, r)
	c.mu.Unlock()
	if f != nil && f(w, r) {
		return
	}
	if r.Header.Get("Content-Encoding") == "gzip" {
		zr, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body, _ = io.ReadAll(zr)
	}
	if err := c.take(r.URL.Path, body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (c *collector) take(path string, body []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch path[strings.LastIndexByte(path, '/'):] {
	case "/traces":
		var request tracecol.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &request); err != nil {
			return err
		}
		for _, rs := range request.ResourceSpans {
			c.resource = texts(rs.Resource.Attributes)
			for _, ss := range rs.ScopeSpans {
				c.spans = append(c.spans, ss.Spans...)
			}
		}
	case "/metrics":
		var request metricscol.ExportMetricsServiceRequest
		if err := proto.Unmarshal(body, &request); err != nil {
			return err
		}
		c.metrics = nil
		for _, rm := range request.ResourceMetrics {
			c.resource = texts(rm.Resource.Attributes)
			for _, sm := range rm.ScopeMetrics {
				c.metrics = append(c.metrics, sm.Metrics...)
			}
		}
		if c.onMetrics != nil {
			c.onMetrics(c.metrics)
		}
	case "/logs":
		var request logscol.ExportLogsServiceRequest
		if err := proto.Unmarshal(body, &request); err != nil {
			return err
		}
		for _, rl := range request.ResourceLogs {
			c.resource = texts(rl.Resource.Attributes)
			for _, sl := range rl.ScopeLogs {
				c.records = append(c.records, sl.LogRecords...)
			}
		}
	}
	return nil
}

// texts are the attributes whose values are strings.
func texts(attrs []*commonpb.KeyValue) map[string]string {
	m := map[string]string{}
	for _, kv := range attrs {
		if s, ok := kv.Value.Value.(*commonpb.AnyValue_StringValue); ok {
			m[kv.Key] = s.StringValue
		}
	}
	return m
}

func (c *collector) spanNames() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for _, s := range c.spans {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names
}

// metric is one of the last export.
func (c *collector) metric(name string) *metricspb.Metric {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.metrics {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// configFor sends everything to a collector, and log lines nowhere.
func configFor(url string) telemetry.Config {
	to := func(signal string) telemetry.ExporterConfig {
		return telemetry.ExporterConfig{Endpoint: url + "/v1/" + signal}
	}
	return telemetry.Config{
		ServiceName: "orders",
		LogWriter:   io.Discard,
		Traces:      telemetry.TracesConfig{Exporter: to("traces")},
		Metrics:     telemetry.MetricsConfig{Exporter: to("metrics")},
		Logs:        telemetry.LogsConfig{Exporter: to("logs")},
	}
}

// setup fails the test if Setup does, and shuts down in the end.
func setup(tb testing.TB, c telemetry.Config) *telemetry.Telemetry {
	tb.Helper()
	tel, err := telemetry.Setup(tb.Context(), c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = tel.Shutdown(tb.Context()) })
	return tel
}
