package otlpgrpc_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	logscol "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	metricscol "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	tracecol "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/otlpgrpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector is a gRPC server with protobuf's own decoder.
type collector struct {
	tracecol.UnimplementedTraceServiceServer

	url string

	mu       sync.Mutex
	answer   func(attempt, spans int) (*tracecol.ExportTraceServiceResponse, error)
	attempts int
	metadata metadata.MD
	names    []string
	metrics  int
	logs     int
}

type metricsServer struct {
	metricscol.UnimplementedMetricsServiceServer
	c *collector
}

type logsServer struct {
	logscol.UnimplementedLogsServiceServer
	c *collector
}

func newCollector(t *testing.T, options ...grpc.ServerOption) *collector {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{url: "http://" + listener.Addr().String()}
	server := grpc.NewServer(options...)
	tracecol.RegisterTraceServiceServer(server, c)
	metricscol.RegisterMetricsServiceServer(server, &metricsServer{c: c})
	logscol.RegisterLogsServiceServer(server, &logsServer{c: c})
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := server.Serve(listener); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { server.Stop(); wg.Wait() })
	return c
}

func (c *collector) Export(ctx context.Context, r *tracecol.ExportTraceServiceRequest) (*tracecol.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempts++
	c.metadata, _ = metadata.FromIncomingContext(ctx)
	var names []string
	for _, rs := range r.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				names = append(names, s.Name)
			}
		}
	}
	if c.answer != nil {
		if response, err := c.answer(c.attempts, len(names)); err != nil || response != nil {
			return response, err
		}
	}
	c.names = append(c.names, names...)
	return &tracecol.ExportTraceServiceResponse{}, nil
}

func (s *metricsServer) Export(_ context.Context, r *metricscol.ExportMetricsServiceRequest) (*metricscol.ExportMetricsServiceResponse, error) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.c.metrics += len(r.ResourceMetrics)
	return &metricscol.ExportMetricsServiceResponse{}, nil
}

func (s *logsServer) Export(_ context.Context, r *logscol.ExportLogsServiceRequest) (*logscol.ExportLogsServiceResponse, error) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.c.logs += len(r.ResourceLogs)
	return &logscol.ExportLogsServiceResponse{}, nil
}

func config(url string) telemetry.Config {
	exporter := telemetry.ExporterConfig{Protocol: telemetry.ProtocolGRPC, Endpoint: url}
	return telemetry.Config{
		GRPC:      otlpgrpc.Dial,
		LogWriter: io.Discard,
		Traces:    telemetry.TracesConfig{Exporter: exporter},
		Metrics:   telemetry.MetricsConfig{Exporter: exporter},
		Logs:      telemetry.LogsConfig{Exporter: exporter},
	}
}

func setup(t *testing.T, c telemetry.Config) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.Setup(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tel.Shutdown(t.Context()) })
	return tel
}

func endSpans(t *testing.T, tel *telemetry.Telemetry, names ...string) {
	t.Helper()
	for _, name := range names {
		_, span := tel.TracerProvider().Tracer("test").Start(t.Context(), name)
		span.SetAttributes(attribute.String("size", strings.Repeat("x", 100)))
		span.End()
	}
}

func TestDial_AllSignals_Arrive(t *testing.T) {
	for name, gzip := range map[string]bool{"Plain": false, "Gzip": true} {
		t.Run(name, func(t *testing.T) {
			c := newCollector(t)
			config := config(c.url)
			config.Traces.Exporter.Gzip = gzip
			config.Traces.Exporter.Headers = map[string]string{"Api-Key": "secret"}
			tel := setup(t, config)
			endSpans(t, tel, "work")
			tel.Logger().Info("hello")
			counter, err := tel.MeterProvider().Meter("test").Int64Counter("things")
			if err != nil {
				t.Fatal(err)
			}
			counter.Add(t.Context(), 1)
			if err := tel.ForceFlush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(c.names) != 1 || c.metrics != 1 || c.logs != 1 {
				t.Errorf("%v, %d metrics, %d logs", c.names, c.metrics, c.logs)
			}
			if got := c.metadata.Get("api-key"); len(got) != 1 || got[0] != "secret" {
				t.Errorf("the metadata are %v", c.metadata)
			}
		})
	}
}

func TestDial_TLS_Arrives(t *testing.T) {
	// A certificate for 127.0.0.1 from the standard library's test server.
	https := httptest.NewTLSServer(nil)
	defer https.Close()
	pool := x509.NewCertPool()
	pool.AddCert(https.Certificate())
	c := newCollector(t, grpc.Creds(credentials.NewServerTLSFromCert(&https.TLS.Certificates[0])))
	config := config(strings.Replace(c.url, "http:", "https:", 1))
	config.Traces.Exporter.TLS = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	none := telemetry.ExporterConfig{Kind: telemetry.ExporterNone}
	config.Metrics.Exporter, config.Logs.Exporter = none, none
	tel := setup(t, config)
	endSpans(t, tel, "work")
	if err := tel.ForceFlush(t.Context()); err != nil || len(c.names) != 1 {
		t.Errorf("%v, %v", c.names, err)
	}
}

func TestDial_Answers(t *testing.T) {
	withRetryInfo := func(code codes.Code) error {
		s, err := status.New(code, "slow down").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(300 * time.Millisecond)})
		if err != nil {
			panic(err)
		}
		return s.Err()
	}
	once := func(err error) func(int, int) (*tracecol.ExportTraceServiceResponse, error) {
		return func(attempt, _ int) (*tracecol.ExportTraceServiceResponse, error) {
			if attempt == 1 {
				return nil, err
			}
			return nil, nil
		}
	}
	tests := map[string]struct {
		answer  func(attempt, spans int) (*tracecol.ExportTraceServiceResponse, error)
		arrived int
		least   time.Duration
		wantErr string
	}{
		"Unavailable_Retried":           {answer: once(status.Error(codes.Unavailable, "later")), arrived: 4},
		"Throttled_RetriedAfterTheWait": {answer: once(withRetryInfo(codes.ResourceExhausted)), arrived: 4, least: 300 * time.Millisecond},
		"Exhausted_NotRetried":          {answer: once(status.Error(codes.ResourceExhausted, "quota")), wantErr: `traces: 4 dropped`},
		"Invalid_NotRetried":            {answer: once(status.Error(codes.InvalidArgument, "what")), wantErr: `InvalidArgument: "what"`},
		"TooLarge_Split": {
			answer: func(_, spans int) (*tracecol.ExportTraceServiceResponse, error) {
				if spans > 1 {
					return nil, status.Error(codes.ResourceExhausted, "grpc: received message larger than max (9 vs. 8)")
				}
				return nil, nil
			},
			arrived: 4,
		},
		"PartialSuccess_Counted": {
			answer: func(int, int) (*tracecol.ExportTraceServiceResponse, error) {
				return &tracecol.ExportTraceServiceResponse{PartialSuccess: &tracecol.ExportTracePartialSuccess{RejectedSpans: 3, ErrorMessage: "old"}}, nil
			},
			wantErr: `traces: 3 dropped: the collector rejected them: "old"`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCollector(t)
			c.answer = tc.answer
			tel := setup(t, config(c.url))
			start := time.Now()
			endSpans(t, tel, "a", "b", "c", "d")
			err := tel.ForceFlush(t.Context())
			if (err != nil) != (tc.wantErr != "") || err != nil && !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("error %v, want %q", err, tc.wantErr)
			}
			if len(c.names) != tc.arrived {
				t.Errorf("%v arrived, want %d", c.names, tc.arrived)
			}
			if d := time.Since(start); d < tc.least {
				t.Errorf("it took %v, want at least %v", d, tc.least)
			}
		})
	}
}

func TestDial_CollectorAway_BoundedAndCounted(t *testing.T) {
	hanging, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hanging.Close()
	for name, url := range map[string]string{"Down": "http://127.0.0.1:1", "Hangs": "http://" + hanging.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			var lines bytes.Buffer
			config := config(url)
			config.LogWriter = &lines
			tel := setup(t, config)
			endSpans(t, tel, "lost")
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if err := tel.ForceFlush(ctx); err == nil {
				t.Error("the flush succeeded")
			}
			if err := tel.Shutdown(ctx); err == nil {
				t.Error("the shutdown succeeded")
			}
			if d := time.Since(start); d > 4*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}
