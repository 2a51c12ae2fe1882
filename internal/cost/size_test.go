//go:build unix

package cost_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/cost"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/program"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// meter weighs what the programs send and write.
type meter struct {
	mu                  sync.Mutex
	spans, spanBytes    int
	balancer            [2]int         // spans of the load balancer, and their bytes
	files               int            // of the access log
	exports, pointBytes map[string]int // by service
	lineBytes           map[string]int // by program
}

func newMeter() *meter {
	return &meter{exports: map[string]int{}, pointBytes: map[string]int{}, lineBytes: map[string]int{}}
}

func (m *meter) line(program, line string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lineBytes[program] += len(line)
	if strings.Contains(line, semconv.LogAccessLogRead) {
		m.files++
	}
}

// ServeHTTP takes the copy of all telemetry.
func (m *meter) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch r.URL.Path {
	case "/v1/traces":
		var in collectortrace.ExportTraceServiceRequest
		if proto.Unmarshal(body, &in) == nil {
			m.addSpans(&in)
		}
	case "/v1/metrics":
		var in collectormetrics.ExportMetricsServiceRequest
		if proto.Unmarshal(body, &in) == nil {
			m.addPoints(&in)
		}
	}
}

// addSpans counts each as Transaction Search keeps it: as JSON, with its
// resource ("The span log group", Amazon CloudWatch user guide).
func (m *meter) addSpans(in *collectortrace.ExportTraceServiceRequest) {
	for _, r := range in.ResourceSpans {
		for _, s := range r.ScopeSpans {
			for _, span := range s.Spans {
				one := &trace.ResourceSpans{Resource: r.Resource, ScopeSpans: []*trace.ScopeSpans{{Scope: s.Scope, Spans: []*trace.Span{span}}}}
				text, err := protojson.Marshal(one)
				if err != nil {
					panic(err)
				}
				if serviceOf(r.Resource) == balancerName {
					m.balancer[0]++
					m.balancer[1] += len(text)
					continue
				}
				m.spans++
				m.spanBytes += len(text)
			}
		}
	}
}

// addPoints counts each point as CloudWatch does: name, attributes, resource and
// value ("OTel metrics pricing and storage", Amazon CloudWatch user guide).
func (m *meter) addPoints(in *collectormetrics.ExportMetricsServiceRequest) {
	for _, r := range in.ResourceMetrics {
		name := serviceOf(r.Resource)
		m.exports[name]++
		for _, s := range r.ScopeMetrics {
			for _, metric := range s.Metrics {
				for _, point := range points(metric) {
					m.pointBytes[name] += len(metric.Name) + proto.Size(point) + proto.Size(r.Resource)
				}
			}
		}
	}
}

// balancerName is the service.name of the load balancer's spans.
const balancerName = "orders-load-balancer"

// albspansName is the function's own.
const albspansName = "orders-albspans"

func serviceOf(r *resource.Resource) string {
	for _, a := range r.Attributes {
		if a.Key == "service.name" {
			return a.Value.GetStringValue()
		}
	}
	return ""
}

func points(m *metrics.Metric) (all []proto.Message) {
	for _, p := range m.GetSum().GetDataPoints() {
		all = append(all, p)
	}
	for _, p := range m.GetGauge().GetDataPoints() {
		all = append(all, p)
	}
	for _, p := range m.GetHistogram().GetDataPoints() {
		all = append(all, p)
	}
	for _, p := range m.GetExponentialHistogram().GetDataPoints() {
		all = append(all, p)
	}
	return all
}

// The real programs take some hundred events, in batches as they are in prod, and
// what they send, write and store is weighed.
func TestMeasured_IsWhatTheRealProgramsMake(t *testing.T) {
	const events = 400
	m := newMeter()
	l, stop := startWeighed(t, m)
	for i := range events {
		body := fmt.Appendf(nil, `{"order": %d, "text": "%s"}`, i, strings.Repeat("x", int(cost.Measured.EventBody)-30))
		if _, err := l.Send(t.Context(), body, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.StartConsumers(); err != nil {
		t.Fatal(err)
	}
	for rows := 0; rows < events; time.Sleep(50 * time.Millisecond) {
		var err error
		if rows, err = l.CountRows(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	table := tableBytes(t, l.Addresses().DatabaseURL)
	p := l.Pipeline()
	service, consumer := p.TelemetryName(p.Service.Name), p.Consumers[0].TelemetryName()
	m.awaitExports(t, service, consumer, albspansName)
	stop()

	got, want := m.measured(p.Consumers[0].Name, service, consumer, events, table), cost.Measured
	for _, size := range []struct {
		name      string
		got, want float64
	}{
		{"Span", got.Span, want.Span},
		{"SpansOfEvent", got.SpansOfEvent, want.SpansOfEvent},
		{"InvocationLines", got.InvocationLines, want.InvocationLines},
		{"Row", got.Row, want.Row},
		{"ServicePoints", got.ServicePoints, want.ServicePoints},
		{"ConsumerPoints", got.ConsumerPoints, want.ConsumerPoints},
		{"BalancerSpan", got.BalancerSpan, want.BalancerSpan},
		{"FileLines", got.FileLines, want.FileLines},
		{"FilePoints", got.FilePoints, want.FilePoints},
	} {
		t.Logf("%s: measured %.4g", size.name, size.got)
		if size.got == 0 || math.Abs(size.got/size.want-1) > 0.25 {
			t.Errorf("%s is %.4g, cost.Measured has %.4g: look why, then change it", size.name, size.got, size.want)
		}
	}
}

// awaitExports waits until each has sent its metrics, and the first of them, which
// does so each second, once more.
func (m *meter) awaitExports(t *testing.T, names ...string) {
	t.Helper()
	exported := func(name string, more int) bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.exports[name] >= more
	}
	m.mu.Lock()
	next := m.exports[names[0]] + 1
	m.mu.Unlock()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if exported(names[0], next) && !slices.ContainsFunc(names, func(name string) bool { return !exported(name, 1) }) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("a minute after the last event not all of %v have sent metrics", names)
		}
	}
}

// startWeighed starts the pipeline of tracehaul.yaml with batches as they are in
// prod. Its consumers are held.
func startWeighed(t *testing.T, m *meter) (l *localpipeline.Local, stop func()) {
	t.Helper()
	programs, err := program.Build(t.Context(), t.TempDir(), "service", "consumer", "albspans")
	if err != nil {
		t.Fatal(err)
	}
	collector := httptest.NewServer(m)
	t.Cleanup(collector.Close)
	p, err := pipeline.Load(filepath.Join(root, "pipeline", "testdata", "reference", "tracehaul.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p.Consumers = p.Consumers[:1]
	p.Consumers[0].BatchSize = cost.Measured.EventsOfInvocation
	p.Consumers[0].BatchWindow = time.Minute // batches are full, however slowly they are gathered
	l, err = localpipeline.Start(t.Context(), localpipeline.Config{
		Pipeline: p, Service: programs[0], Consumer: programs[1], ALBSpans: programs[2], Migrate: migrate.UpURL, ServiceEnv: map[string]string{"DRAIN_GRACE": "0s"},
		Forward: collector.URL, Output: m.line, HoldConsumers: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		if err := l.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return l, stop
}

// measured are the sizes of what was weighed.
func (m *meter) measured(program, service, consumer string, events, table int) cost.Sizes {
	m.mu.Lock()
	defer m.mu.Unlock()
	invocations := float64(events) / float64(cost.Measured.EventsOfInvocation)
	return cost.Sizes{
		Span:            float64(m.spanBytes) / float64(m.spans),
		SpansOfEvent:    float64(m.spans) / float64(events),
		InvocationLines: float64(m.lineBytes[program]) / invocations,
		Row:             float64(table) / float64(events),
		ServicePoints:   float64(m.pointBytes[service]) / float64(m.exports[service]),
		ConsumerPoints:  float64(m.pointBytes[consumer]) / float64(m.exports[consumer]),
		BalancerSpan:    float64(m.balancer[1]) / float64(m.balancer[0]),
		FileLines:       float64(m.lineBytes["albspans"]) / float64(m.files),
		FilePoints:      float64(m.pointBytes[albspansName]) / float64(m.exports[albspansName]),
	}
}

// tableBytes is the size of the table's pages that hold rows, with its indexes.
// Those who wait for each other to make a table longer make it longer by many
// pages at once, and under load some of them stay empty.
func tableBytes(t *testing.T, url string) (size int) {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	const query = `
		SELECT count(DISTINCT (ctid::text::point)[0]) * current_setting('block_size')::bigint + pg_indexes_size('events') +
			(SELECT coalesce(pg_total_relation_size(nullif(reltoastrelid, 0)), 0) FROM pg_class WHERE oid = 'events'::regclass)
		FROM events`
	if err := pool.QueryRow(t.Context(), query).Scan(&size); err != nil {
		t.Fatal(err)
	}
	return size
}
