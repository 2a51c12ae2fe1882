package telemetry

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlphttp"
)

// Defaults that the specification sets.
const (
	defaultQueueSize     = 2048
	defaultBatchSize     = 512
	defaultSpanDelay     = 5 * time.Second
	defaultLogDelay      = time.Second
	defaultExportTimeout = 30 * time.Second
	defaultInterval      = 60 * time.Second
	defaultTimeout       = 10 * time.Second
)

// Limits on requests. A gRPC server takes 4 MiB unless told otherwise; for
// CloudWatch's see "OTLP Endpoints" in its user guide.
const (
	maxRequest           = 4<<20 - 64<<10
	maxCloudWatchRequest = 1_000_000
	maxCloudWatchPoints  = 1000
	maxCloudWatchSpans   = 10_000
)

// Limits on what is kept.
const (
	// spanBytes is more than spans take on average, and minQueueBytes has room
	// for some large ones: an invocation that links to 10,000 messages takes
	// half a megabyte.
	spanBytes     = 1 << 10
	minQueueBytes = 8 << 20

	// defaultLinks is as many as an SQS batch has messages: an invocation's
	// span links to each. OpenTelemetry's default of 128 cuts them off.
	defaultLinks = 10_000
)

var (
	defaultSpanLimits = sdktrace.SpanLimits{
		AttributeValueLengthLimit:   sdktrace.DefaultAttributeValueLengthLimit,
		AttributeValueDepthLimit:    sdktrace.DefaultAttributeValueDepthLimit,
		AttributeCountLimit:         sdktrace.DefaultAttributeCountLimit,
		EventCountLimit:             sdktrace.DefaultEventCountLimit,
		LinkCountLimit:              defaultLinks,
		AttributePerEventCountLimit: sdktrace.DefaultAttributePerEventCountLimit,
		AttributePerLinkCountLimit:  sdktrace.DefaultAttributePerLinkCountLimit,
	}
	defaultLogLimits = LogLimits{AttributeCount: 128, AttributeValueLength: -1}
)

func (c Config) withDefaults() Config {
	c.DetectTimeout = orDefault(c.DetectTimeout, time.Second)
	c.FlushTimeout = orDefault(c.FlushTimeout, 5*time.Second)
	c.ShutdownTimeout = orDefault(c.ShutdownTimeout, 5*time.Second)
	if c.Propagators == nil {
		c.Propagators = []string{PropagatorTraceContext, PropagatorBaggage, PropagatorXRay}
	}
	if c.LogWriter == nil {
		c.LogWriter = os.Stdout
	}
	if c.LogLevel == nil {
		c.LogLevel = slog.LevelInfo
	}
	c.Traces = c.Traces.withDefaults()
	c.Metrics = c.Metrics.withDefaults()
	c.Logs = c.Logs.withDefaults()
	return c
}

func (c TracesConfig) withDefaults() TracesConfig {
	c.Exporter = c.Exporter.withDefaults(SignalTraces)
	c.Batch = c.Batch.withDefaults(defaultSpanDelay)
	c.QueueBytes = orDefault(c.QueueBytes, max(minQueueBytes, c.Batch.QueueSize*spanBytes))
	c.Limits = orDefault(c.Limits, &defaultSpanLimits)
	if c.Sampler == nil {
		c.Sampler = sdktrace.ParentBased(sdktrace.AlwaysSample())
	}
	return c
}

func (c MetricsConfig) withDefaults() MetricsConfig {
	c.Exporter = c.Exporter.withDefaults(SignalMetrics)
	c.Interval = orDefault(c.Interval, defaultInterval)
	c.Timeout = orDefault(c.Timeout, defaultExportTimeout)
	if c.Temporality == nil {
		c.Temporality = sdkmetric.CumulativeTemporalitySelector
	}
	if c.ExemplarFilter == nil {
		c.ExemplarFilter = exemplar.TraceBasedFilter
	}
	return c
}

func (c LogsConfig) withDefaults() LogsConfig {
	c.Exporter = c.Exporter.withDefaults(SignalLogs)
	c.Batch = c.Batch.withDefaults(defaultLogDelay)
	limits := orDefault(c.Limits, &defaultLogLimits).withDefaults()
	c.Limits = &limits
	return c
}

func (l LogLimits) withDefaults() LogLimits {
	l.AttributeCount = orDefault(l.AttributeCount, defaultLogLimits.AttributeCount)
	l.AttributeValueLength = orDefault(l.AttributeValueLength, defaultLogLimits.AttributeValueLength)
	return l
}

func (c BatchConfig) withDefaults(delay time.Duration) BatchConfig {
	c.QueueSize = orDefault(c.QueueSize, defaultQueueSize)
	c.BatchSize = orDefault(c.BatchSize, min(defaultBatchSize, c.QueueSize))
	c.Delay = orDefault(c.Delay, delay)
	c.ExportTimeout = orDefault(c.ExportTimeout, defaultExportTimeout)
	return c
}

func (c ExporterConfig) withDefaults(signal Signal) ExporterConfig {
	c.Kind = orDefault(c.Kind, ExporterOTLP)
	c.Protocol = orDefault(c.Protocol, ProtocolHTTP)
	c.Timeout = orDefault(c.Timeout, defaultTimeout)
	if c.Protocol == ProtocolGRPC {
		c.Endpoint = orDefault(c.Endpoint, "http://localhost:4317")
		c.MaxRequestBytes = orDefault(c.MaxRequestBytes, maxRequest)
		return c
	}
	c.Endpoint = orDefault(c.Endpoint, "http://localhost:4318/v1/"+string(signal))
	service, region := c.cloudWatch()
	if service != "" && c.Signing == nil && !c.authorized() {
		c.Signing = &Signing{Service: service, Region: region}
	}
	if service == "logs" || service == "monitoring" {
		c.MaxRequestBytes = orDefault(c.MaxRequestBytes, maxCloudWatchRequest)
	}
	c.MaxRequestBytes = orDefault(c.MaxRequestBytes, maxRequest)
	return c
}

// cloudWatch returns CloudWatch's service and region if the endpoint is one of
// its own.
func (c ExporterConfig) cloudWatch() (service, region string) {
	if c.Signing != nil {
		return c.Signing.Service, c.Signing.Region
	}
	u, err := url.Parse(c.Endpoint)
	if err != nil {
		return "", ""
	}
	service, region, _ = otlphttp.CloudWatch(u.Hostname())
	return service, region
}

// authorized reports whether a header authorises requests already: CloudWatch
// takes bearer tokens, too.
func (c ExporterConfig) authorized() bool {
	for key := range c.Headers {
		if strings.EqualFold(key, "Authorization") {
			return true
		}
	}
	return false
}

// maxItems is how many items a request may hold, or 0 for any number.
func (c ExporterConfig) maxItems() int {
	switch service, _ := c.cloudWatch(); service {
	case "monitoring":
		return maxCloudWatchPoints
	case "xray":
		return maxCloudWatchSpans
	default:
		return 0
	}
}

// validate reports everything that cannot work. It comes after withDefaults.
func (c Config) validate() error {
	errs := []error{
		c.Traces.Exporter.validate("Traces.Exporter.", c),
		c.Metrics.Exporter.validate("Metrics.Exporter.", c),
		c.Logs.Exporter.validate("Logs.Exporter.", c),
		c.Traces.Batch.validate("Traces.Batch."),
		c.Logs.Batch.validate("Logs.Batch."),
		notNegative("Traces.QueueBytes", c.Traces.QueueBytes),
		notNegative("DetectTimeout", c.DetectTimeout),
		notNegative("FlushTimeout", c.FlushTimeout),
		notNegative("ShutdownTimeout", c.ShutdownTimeout),
		notNegative("Metrics.Interval", c.Metrics.Interval),
		notNegative("Metrics.Timeout", c.Metrics.Timeout),
	}
	for _, p := range c.Propagators {
		switch p {
		case PropagatorTraceContext, PropagatorBaggage, PropagatorXRay:
		default:
			errs = append(errs, badField("Propagators", p, "tracecontext, baggage or xray"))
		}
	}
	return errors.Join(errs...)
}

func (c BatchConfig) validate(prefix string) error {
	err := errors.Join(
		notNegative(prefix+"QueueSize", c.QueueSize),
		notNegative(prefix+"BatchSize", c.BatchSize),
		notNegative(prefix+"Delay", c.Delay),
		notNegative(prefix+"ExportTimeout", c.ExportTimeout),
	)
	if err == nil && c.BatchSize > c.QueueSize {
		return badField(prefix+"BatchSize", c.BatchSize, fmt.Sprintf("at most the queue's size, %d", c.QueueSize))
	}
	return err
}

func (c ExporterConfig) validate(prefix string, all Config) error {
	switch c.Kind {
	case ExporterConsole, ExporterNone:
		return nil
	case ExporterOTLP:
	default:
		return badField(prefix+"Kind", c.Kind, "otlp, console or none")
	}
	if c.Protocol != ProtocolHTTP && c.Protocol != ProtocolGRPC {
		return badField(prefix+"Protocol", c.Protocol, "http/protobuf or grpc")
	}
	endpoint := withoutSecrets(c.Endpoint)
	if _, err := parseEndpoint(c.Endpoint, c.Protocol); err != nil {
		return badField(prefix+"Endpoint", endpoint, err.Error())
	}
	switch {
	case c.Protocol == ProtocolGRPC && all.GRPC == nil:
		return badField(prefix+"Protocol", c.Protocol, "http/protobuf, or Config.GRPC = otlpgrpc.Dial")
	case c.Protocol == ProtocolHTTP && c.Signing != nil && (c.Signing.Service == "" || c.Signing.Region == ""):
		return badField(prefix+"Signing", fmt.Sprintf("%+v", *c.Signing), "a service and a region, or none for those of the endpoint's host name")
	case c.Protocol == ProtocolHTTP && c.Signing != nil && all.Credentials == nil:
		return badField(prefix+"Endpoint", endpoint, "Config.Credentials as well, because requests to it are signed")
	}
	return errors.Join(notNegative(prefix+"Timeout", c.Timeout), notNegative(prefix+"MaxRequestBytes", c.MaxRequestBytes))
}

func notNegative[T int | time.Duration](field string, value T) error {
	if value < 0 {
		return badField(field, value, "more than 0")
	}
	return nil
}

func badField(field string, value any, want string) error {
	return fmt.Errorf("Config.%s is %v: want %s", field, value, want) //nolint:staticcheck // a field has a capital
}
