//go:build unix

package collectorcheck_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric"
	logscol "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	metricscol "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	tracecol "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	metricspb "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	resourcepb "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/otlpgrpc"
)

const (
	serviceName = "orders-intake"
	version     = "0123456789abcdef0123456789abcdef01234567"

	// counter is a metric of the service's, and counted what it is in the end.
	counter = "orders.accepted"
	counted = 7
)

// service is the telemetry of one, set up as Terraform has it.
type service struct {
	*telemetry.Telemetry
	counter   metric.Int64Counter
	histogram metric.Float64Histogram
}

func newService(t *testing.T, s sidecar, protocol string) (*service, error) {
	t.Helper()
	logs := "none"
	if s.config.logs {
		logs = "otlp"
	}
	address := s.http
	if protocol == "grpc" {
		address = s.grpc
	}
	c, err := telemetry.ConfigFromEnv(func(name string) string {
		return map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + address,
			"OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
			"OTEL_SERVICE_NAME":           serviceName,
			"OTEL_RESOURCE_ATTRIBUTES":    "deployment.environment.name=prod,service.version=" + version,
			"OTEL_LOGS_EXPORTER":          logs,
		}[name]
	})
	if err != nil {
		return nil, err
	}
	c.GRPC = otlpgrpc.Dial
	c.LogWriter = io.Discard
	tel, err := telemetry.Setup(t.Context(), c)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = tel.Shutdown(context.WithoutCancel(t.Context())) }) // if the test has not
	meter := tel.MeterProvider().Meter("check")
	count, err := meter.Int64Counter(counter)
	if err != nil {
		return nil, err
	}
	histogram, err := meter.Float64Histogram("orders.duration", metric.WithUnit("s"))
	return &service{tel, count, histogram}, err
}

// work does what makes two spans, a value of each metric and a line of log.
func (s *service) work(ctx context.Context, n int64) {
	tracer := s.TracerProvider().Tracer("check")
	ctx, span := tracer.Start(ctx, "POST /v1/events")
	_, child := tracer.Start(ctx, "send prod-orders")
	child.End()
	s.counter.Add(ctx, n)
	s.histogram.Record(ctx, 0.012)
	s.Logger().InfoContext(ctx, "accepted")
	span.End()
}

var resource = &resourcepb.Resource{Attributes: []*commonpb.KeyValue{
	text("service.name", serviceName), text("service.version", version), text("service.instance.id", "4d2f5b1e-6a07-4a5e-9d0c-0c9d7a4a4a11"),
	text("deployment.environment.name", "prod"), text("cloud.provider", "aws"), text("cloud.platform", "aws_ecs"), text("cloud.region", region),
	text("aws.ecs.task.arn", "arn:aws:ecs:eu-central-1:111122223333:task/prod-orders/0123456789abcdef0123456789abcdef"),
}}

func text(key, value string) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}}}
}

// spans are n that look like the service's, from the first with this number on,
// as one request.
func spans(n int) *tracecol.ExportTraceServiceRequest {
	now := uint64(time.Now().UnixNano())
	list := make([]*tracepb.Span, n)
	for i := range list {
		list[i] = &tracepb.Span{
			TraceId: fmt.Appendf(nil, "%016x", i), SpanId: fmt.Appendf(nil, "%08x", i), ParentSpanId: []byte("parentid"),
			Name: "POST /v1/events", Kind: tracepb.Span_SPAN_KIND_SERVER, StartTimeUnixNano: now - 12e6, EndTimeUnixNano: now,
			Attributes: []*commonpb.KeyValue{
				text("http.request.method", "POST"), text("http.route", "/v1/events"), text("url.path", "/v1/events"), text("url.scheme", "https"),
				text("server.address", "orders.example.com"), text("client.address", "203.0.113.17"), text("network.protocol.version", "1.1"),
				text("user_agent.original", "orders-client/1.4 (linux; amd64)"),
				text("aws.alb.trace", "Root=1-67891233-abcdef012345678912345678"),
			},
		}
	}
	return &tracecol.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{
		Resource: resource, ScopeSpans: []*tracepb.ScopeSpans{{Scope: &commonpb.InstrumentationScope{Name: "service"}, Spans: list}},
	}}}
}

// histograms are n data points with exemplars, as large as ours get.
func histograms(n int) *metricscol.ExportMetricsServiceRequest {
	now := uint64(time.Now().UnixNano())
	bounds := []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
	list := make([]*metricspb.HistogramDataPoint, n)
	for i := range list {
		p := &metricspb.HistogramDataPoint{
			StartTimeUnixNano: now - 60e9, TimeUnixNano: now, Count: uint64(len(bounds) + 1), Sum: proto.Float64(12), ExplicitBounds: bounds,
			Attributes: []*commonpb.KeyValue{text("http.route", fmt.Sprintf("/v1/events/%d", i)), text("http.response.status_code", "202")},
		}
		for range len(bounds) + 1 {
			p.BucketCounts = append(p.BucketCounts, 1)
			p.Exemplars = append(p.Exemplars, &metricspb.Exemplar{
				TimeUnixNano: now, TraceId: []byte("0123456789abcdef"), SpanId: []byte("01234567"), Value: &metricspb.Exemplar_AsDouble{AsDouble: 0.01},
			})
		}
		list[i] = p
	}
	return &metricscol.ExportMetricsServiceRequest{ResourceMetrics: []*metricspb.ResourceMetrics{{
		Resource: resource, ScopeMetrics: []*metricspb.ScopeMetrics{{
			Scope: &commonpb.InstrumentationScope{Name: "service"},
			Metrics: []*metricspb.Metric{{Name: "http.server.request.duration", Unit: "s", Data: &metricspb.Metric_Histogram{Histogram: &metricspb.Histogram{
				DataPoints: list, AggregationTemporality: metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE,
			}}}},
		}},
	}}}
}

var errRefused = errors.New("the collector refuses")

// post sends a request to a collector. It returns errRefused when it is to come
// back later.
func (s sidecar) post(ctx context.Context, signal string, message proto.Message) error {
	body, err := proto.Marshal(message)
	if err != nil {
		return err
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.http+"/v1/"+signal, bytes.NewReader(body))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "application/x-protobuf")
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	switch answer.StatusCode {
	case http.StatusOK:
		return err
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return fmt.Errorf("%w: %s: %q", errRefused, answer.Status, said)
	default:
		return fmt.Errorf("the collector answers %s: %q", answer.Status, said)
	}
}

// records are n lines of log, as one request.
func records(n int) *logscol.ExportLogsServiceRequest {
	now := uint64(time.Now().UnixNano())
	list := make([]*logspb.LogRecord, n)
	for i := range list {
		list[i] = &logspb.LogRecord{
			TimeUnixNano: now, ObservedTimeUnixNano: now, SeverityNumber: logspb.SeverityNumber_SEVERITY_NUMBER_INFO, SeverityText: "INFO",
			Body:    &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: "accepted an event of the client, published it"}},
			TraceId: fmt.Appendf(nil, "%016x", i), SpanId: fmt.Appendf(nil, "%08x", i),
			Attributes: []*commonpb.KeyValue{text("event.id", fmt.Sprintf("4d2f5b1e-6a07-4a5e-9d0c-%012x", i)), text("event.type", "orders.accepted.v1")},
		}
	}
	return &logscol.ExportLogsServiceRequest{ResourceLogs: []*logspb.ResourceLogs{{
		Resource: resource, ScopeLogs: []*logspb.ScopeLogs{{Scope: &commonpb.InstrumentationScope{Name: "service"}, LogRecords: list}},
	}}}
}
