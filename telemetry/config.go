package telemetry

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Config says what [Setup] makes. The zero value is usable: it sends the three
// signals to an OTLP collector on this machine. [ConfigFromEnv] fills a Config
// from the standard OTEL_* variables; whatever a program wants otherwise, it
// sets before it calls Setup.
type Config struct {
	// Disabled makes providers that record nothing. The propagator and the
	// logger still work. Defaults to false.
	Disabled bool

	// ServiceName is service.name. Defaults to the service.name in Resource,
	// else to "unknown_service:" and the program's name.
	ServiceName string

	// ServiceVersion is service.version. Defaults to the service.version in
	// Resource, else to the VCS revision the program was built from.
	ServiceVersion string

	// Environment is deployment.environment.name, say "prod". Defaults to the
	// one in Resource, else to none.
	Environment string

	// Resource holds further attributes of the resource that every span,
	// metric and log record carries. They win over detected ones. Defaults to
	// none.
	Resource []attribute.KeyValue

	// ForeignResource says that the signals are of something else than this
	// program, as of a load balancer whose log it reads: the resource then has
	// nothing of the process, the build and the machine. Defaults to false.
	ForeignResource bool

	// ECSMetadataURI is the base of Amazon ECS's task metadata endpoint,
	// version 4. Setup asks it, for at most DetectTimeout, who the task is.
	// Defaults to none, which asks nobody.
	ECSMetadataURI string

	// DetectTimeout bounds resource detection in Setup. Defaults to 1 second.
	DetectTimeout time.Duration

	// Traces, Metrics and Logs say of each signal where it goes, and how much of it.
	Traces  TracesConfig
	Metrics MetricsConfig
	Logs    LogsConfig

	// Propagators carry the context between processes: PropagatorTraceContext,
	// PropagatorBaggage and PropagatorXRay. With several trace headers,
	// traceparent wins. Defaults to all of them; an empty, non-nil slice means
	// none.
	Propagators []string

	// ALBParent makes the load balancer's span, whose id follows from the
	// Root that it sends, the parent of requests that came through it. Set it
	// only where its access logs are made into spans. Defaults to false.
	ALBParent bool

	// Credentials sign requests to CloudWatch's OTLP endpoints. Defaults to
	// none: Setup then refuses such an endpoint, unless an Authorization
	// header was configured for it.
	Credentials aws.CredentialsProvider

	// GRPC dials collectors whose protocol is grpc: otlpgrpc.Dial.
	// Defaults to none: Setup then refuses that protocol.
	GRPC Dialer

	// LogWriter receives the JSON lines of [Telemetry.Logger] and of console
	// exporters, one Write per line. Defaults to os.Stdout.
	LogWriter io.Writer

	// LogLevel is the lowest level that [Telemetry.Logger] writes. Defaults
	// to slog.LevelInfo.
	LogLevel slog.Leveler

	// FlushTimeout bounds [Telemetry.ForceFlush] and
	// [Telemetry.FlushInvocation], whatever their context allows. Defaults to
	// 5 seconds.
	FlushTimeout time.Duration

	// ShutdownTimeout bounds [Telemetry.Shutdown], whatever its context
	// allows. Defaults to 5 seconds.
	ShutdownTimeout time.Duration
}

// TracesConfig says how spans are sampled, queued and sent.
type TracesConfig struct {
	// Exporter says where spans go. Defaults to OTLP.
	Exporter ExporterConfig

	// Sampler decides where no parent has decided before; a trace id that a
	// load balancer made is no decision. Defaults to sampling everything
	// without a parent and following the parent's decision otherwise.
	Sampler sdktrace.Sampler

	// IDs makes the ids of traces and spans. Defaults to random ones.
	IDs sdktrace.IDGenerator

	// Limits bound one span. Defaults to OpenTelemetry's (128 attributes,
	// events, attributes per event and per link; values of any length), but
	// 10,000 links: an invocation links to every message of its batch. If you set
	// it, its zero fields do not become defaults: to the SDK zero mostly means to
	// keep nothing. So change what [ConfigFromEnv] or [sdktrace.NewSpanLimits]
	// returned.
	Limits *sdktrace.SpanLimits

	// Batch says how ended spans are queued. Defaults to a queue of 2048,
	// batches of 512, sent after at most 5 seconds.
	Batch BatchConfig

	// QueueBytes is how many bytes the spans that wait or are being sent take
	// at most, encoded; what comes on top is dropped and counted. Defaults to
	// 1 KiB for each of Batch.QueueSize, but at least 8 MiB.
	QueueBytes int
}

// MetricsConfig says how metrics are aggregated and sent.
type MetricsConfig struct {
	// Exporter says where metrics go. Defaults to OTLP.
	Exporter ExporterConfig

	// Interval is the time between two exports. Defaults to 60 seconds.
	Interval time.Duration

	// Timeout bounds one collection and export. Defaults to 30 seconds.
	Timeout time.Duration

	// Temporality chooses between cumulative and delta for each kind of
	// instrument. Defaults to cumulative for all.
	Temporality sdkmetric.TemporalitySelector

	// ExemplarFilter chooses the measurements that may become exemplars.
	// Defaults to those made within a sampled span.
	ExemplarFilter exemplar.Filter

	// Views are the program's own views. Defaults to none.
	Views []sdkmetric.View

	// Runtime adds metrics of the Go runtime. Defaults to false.
	Runtime bool
}

// LogsConfig says how log records are queued and sent. [Telemetry.Logger]
// writes JSON lines to Config.LogWriter in any case; with an OTLP exporter it
// sends every record there as well.
type LogsConfig struct {
	// Exporter says where log records go. Defaults to OTLP.
	Exporter ExporterConfig

	// Limits bound one record. Defaults to OpenTelemetry's: 128 attributes,
	// values of any length.
	Limits *LogLimits

	// Batch says how records are queued. Defaults to a queue of 2048, batches
	// of 512, sent after at most 1 second.
	Batch BatchConfig
}

// LogLimits bound a log record. Negative numbers mean no limit, but for
// [KeepNone].
type LogLimits struct {
	// AttributeCount is how many attributes a record keeps. Defaults to 128.
	AttributeCount int
	// AttributeValueLength is the length to which strings are cut. Defaults to
	// no limit.
	AttributeValueLength int
}

// KeepNone as a limit of [LogLimits] keeps no attributes, or nothing of their
// values, as 0 does in the OTEL_* variables.
const KeepNone = math.MinInt

// BatchConfig says how ended spans, or log records, are queued and batched.
type BatchConfig struct {
	// QueueSize is how many items wait at most; what comes on top is dropped
	// and counted. Defaults to 2048.
	QueueSize int

	// BatchSize is how many items a request carries at most. Defaults to 512,
	// or QueueSize if that is less.
	BatchSize int

	// Delay is how long an item waits at most for its batch to fill. Defaults
	// to 5 seconds for spans and 1 second for log records.
	Delay time.Duration

	// ExportTimeout bounds one batch with all attempts at it. Defaults to 30
	// seconds.
	ExportTimeout time.Duration

	// AlwaysWait makes every flush wait for the collector, even after one that
	// ran out of time: for programs whose only work is to deliver telemetry.
	// Defaults to false: after a flush that ran out of time the next ones return
	// an error at once, so that a collector that hangs does not slow down every
	// invocation of a Lambda.
	AlwaysWait bool
}

// The propagators, by their names in OTEL_PROPAGATORS.
const (
	PropagatorTraceContext = "tracecontext" // traceparent and tracestate
	PropagatorBaggage      = "baggage"
	PropagatorXRay         = "xray" // X-Amzn-Trace-Id
)

// ExporterKind is where a signal goes.
type ExporterKind string

// The kinds of exporter.
const (
	ExporterOTLP    ExporterKind = "otlp"    // to a collector, by OTLP
	ExporterConsole ExporterKind = "console" // to Config.LogWriter, a JSON line each
	ExporterNone    ExporterKind = "none"    // nowhere
)

// Protocol is how OTLP travels.
type Protocol string

// The protocols.
const (
	ProtocolHTTP Protocol = "http/protobuf"
	ProtocolGRPC Protocol = "grpc"
)

// ExporterConfig says where and how one signal is sent.
type ExporterConfig struct {
	// Kind defaults to ExporterOTLP.
	Kind ExporterKind

	// Protocol defaults to ProtocolHTTP.
	Protocol Protocol

	// Endpoint is the collector's URL: http or https. Over HTTP it holds the
	// whole path, say http://localhost:4318/v1/traces; over gRPC host and
	// port only. Defaults to the collector on this machine: port 4318 and the
	// signal's path over HTTP, port 4317 over gRPC.
	Endpoint string

	// Headers go with every request. Their values are never printed. Defaults
	// to none.
	Headers map[string]string

	// Timeout bounds the export of a batch with all its retries. Defaults to
	// 10 seconds.
	Timeout time.Duration

	// Gzip compresses requests. Defaults to false.
	Gzip bool

	// TLS is used with https endpoints. Defaults to the system's roots and no
	// client certificate.
	TLS *tls.Config

	// Signing signs requests over HTTP with SigV4. Defaults to what the
	// endpoint's host name says: requests to CloudWatch are signed, others
	// are not.
	Signing *Signing

	// MaxRequestBytes is how large a request may be before compression;
	// larger batches are split. Defaults to 4 MiB less a little, which is what
	// gRPC servers take, and to 1 MB for CloudWatch's endpoints of logs and
	// metrics.
	MaxRequestBytes int
}

// Signing is the scope of SigV4 signatures.
type Signing struct {
	Service string // "xray", "logs" or "monitoring"; required
	Region  string // such as "eu-west-1"; required
}

// Dialer makes the transport to the collector of one signal. It must not wait
// for the collector to be there.
type Dialer func(ctx context.Context, signal Signal, c ExporterConfig) (Transport, error)

// Transport sends requests to one collector. It is used by one goroutine at a
// time, apart from Close.
type Transport interface {
	// Send makes one attempt at one request, an encoded
	// Export<Signal>ServiceRequest, and returns the encoded response. It
	// keeps to ctx.
	Send(ctx context.Context, request []byte) (response []byte, err error)
	Close() error
}

// Signal is a kind of telemetry.
type Signal string

// The signals.
const (
	SignalTraces  Signal = semconv.SignalTraces
	SignalMetrics Signal = semconv.SignalMetrics
	SignalLogs    Signal = semconv.SignalLogs
)
