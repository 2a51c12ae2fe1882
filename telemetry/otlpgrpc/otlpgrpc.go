package otlpgrpc

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/sdk"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/internal/export"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Dial is a [telemetry.Dialer] for collectors that speak OTLP over gRPC.
// It connects in the background, with the first request.
func Dial(_ context.Context, signal telemetry.Signal, c telemetry.ExporterConfig) (telemetry.Transport, error) {
	method, ok := methods[signal]
	if !ok {
		return nil, fmt.Errorf("otlpgrpc: no signal %q", signal)
	}
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" {
		return nil, errors.New("otlpgrpc: the endpoint is not a URL")
	}
	transport := insecure.NewCredentials()
	if u.Scheme == "https" {
		transport = credentials.NewTLS(c.TLS)
	}
	conn, err := grpc.NewClient(u.Host,
		grpc.WithTransportCredentials(transport),
		grpc.WithUserAgent("OTel-OTLP-Exporter-Go/"+sdk.Version()+" tracehaul"),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
		grpc.WithDisableRetry(), // package export retries
		grpc.WithDefaultCallOptions(callOptions(c)...),
	)
	if err != nil {
		return nil, fmt.Errorf("otlpgrpc: %w", err)
	}
	return &client{conn: conn, method: method, headers: metadata.New(c.Headers)}, nil
}

var _ telemetry.Dialer = Dial

// methods are the Export methods of OTLP's three services.
var methods = map[telemetry.Signal]string{
	telemetry.SignalTraces:  "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
	telemetry.SignalMetrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
	telemetry.SignalLogs:    "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
}

func callOptions(c telemetry.ExporterConfig) []grpc.CallOption {
	options := []grpc.CallOption{grpc.ForceCodecV2(codec{}), grpc.MaxCallRecvMsgSize(64 << 10)}
	if c.Gzip {
		options = append(options, grpc.UseCompressor(gzip.Name))
	}
	return options
}

// client sends the requests of one signal.
type client struct {
	conn    *grpc.ClientConn
	method  string
	headers metadata.MD
}

// Send makes one attempt at a request.
func (c *client) Send(ctx context.Context, request []byte) ([]byte, error) {
	var response []byte
	err := c.conn.Invoke(metadata.NewOutgoingContext(ctx, c.headers), c.method, &request, &response)
	if err != nil {
		return nil, c.judge(ctx, err)
	}
	return response, nil
}

// Close closes the connection.
func (c *client) Close() error { return c.conn.Close() }

// judge says what an error means, by OTLP's specification, "OTLP/gRPC
// Response".
func (c *client) judge(ctx context.Context, err error) error {
	s, ok := status.FromError(err)
	if !ok || ctx.Err() != nil {
		return err // package export knows why ctx ended
	}
	e := &export.Error{
		Reason: semconv.DropRefused,
		Err:    fmt.Errorf("%s answered %s: %s", c.conn.Target(), s.Code(), export.Quote(s.Message())),
	}
	switch s.Code() {
	case codes.Unavailable:
		e.Reason, e.Retry = semconv.DropUnavailable, true
		if c.conn.GetState() != connectivity.Ready {
			e.Reason = semconv.DropConnection
		}
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.DataLoss:
		e.Reason, e.Retry = semconv.DropUnavailable, true
	case codes.ResourceExhausted:
		// Servers say so of too many requests and of too large ones: the
		// former come with RetryInfo, the latter from the gRPC library.
		if strings.Contains(s.Message(), "larger than max") {
			e.Reason = semconv.DropTooLarge
		}
	default:
	}
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok && (e.Retry || s.Code() == codes.ResourceExhausted) {
			e.Reason, e.Retry, e.After = semconv.DropUnavailable, true, info.GetRetryDelay().AsDuration()
		}
	}
	return e
}
