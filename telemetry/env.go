package telemetry

import (
	"errors"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/awsresource"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

// ConfigFromEnv reads OpenTelemetry's standard variables, and those of the
// Lambda and ECS runtimes that say where the program runs, through getenv:
// os.Getenv in a program. All bad settings are reported in one error, each
// naming the variable, its value (never a header's or a key's) and what is
// accepted.
//
// Of what OpenTelemetry's "Environment Variable Specification" and "OTLP
// Exporter Configuration" define, these are read: OTEL_SDK_DISABLED,
// OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_PROPAGATORS,
// OTEL_{TRACES,METRICS,LOGS}_EXPORTER, OTEL_TRACES_SAMPLER and its _ARG,
// OTEL_BSP_*, OTEL_BLRP_*, OTEL_METRIC_EXPORT_{INTERVAL,TIMEOUT},
// OTEL_METRICS_EXEMPLAR_FILTER, the attribute, span and log record limits, and
// OTEL_EXPORTER_OTLP_*, each for all signals and for one.
func ConfigFromEnv(getenv func(string) string) (Config, error) {
	s := &settings{getenv: getenv}
	var c Config
	c.Disabled = s.boolean("OTEL_SDK_DISABLED")
	c.Resource = mergeAttributes(awsresource.Lambda(getenv), s.resourceAttributes("OTEL_RESOURCE_ATTRIBUTES"))
	c.ServiceName = s.get("OTEL_SERVICE_NAME")
	c.ECSMetadataURI = s.get("ECS_CONTAINER_METADATA_URI_V4")
	c.Propagators = s.propagators("OTEL_PROPAGATORS")
	c.Traces = s.traces()
	c.Metrics = s.metrics()
	c.Logs = s.logs()
	return c, errors.Join(s.errs...)
}

// mergeAttributes returns both, with the second's value where both have one.
func mergeAttributes(first, second []attribute.KeyValue) []attribute.KeyValue {
	set := attribute.NewSet(append(first, second...)...)
	return set.ToSlice()
}

func (s *settings) propagators(name string) []string {
	value := s.get(name)
	if value == "" {
		return nil
	}
	out := []string{}
	for part := range strings.SplitSeq(value, ",") {
		switch part := strings.ToLower(strings.TrimSpace(part)); part {
		case PropagatorTraceContext, PropagatorBaggage, PropagatorXRay:
			out = append(out, part)
		case "none":
			return []string{}
		default:
			s.bad(name, value, "a list of tracecontext, baggage and xray, or none")
			return nil
		}
	}
	return out
}

func (s *settings) traces() TracesConfig {
	limits := defaultSpanLimits
	s.limit(&limits.AttributeValueLengthLimit, "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT")
	s.limit(&limits.AttributeCountLimit, "OTEL_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT")
	s.limit(&limits.EventCountLimit, "OTEL_SPAN_EVENT_COUNT_LIMIT")
	s.limit(&limits.LinkCountLimit, "OTEL_SPAN_LINK_COUNT_LIMIT")
	s.limit(&limits.AttributePerEventCountLimit, "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT")
	s.limit(&limits.AttributePerLinkCountLimit, "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT")
	return TracesConfig{
		Exporter: s.exporter(SignalTraces),
		Sampler:  s.sampler("OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"),
		Limits:   &limits,
		Batch:    s.batch("OTEL_BSP_"),
	}
}

func (s *settings) sampler(name, argument string) sdktrace.Sampler {
	switch value := s.lower(name); value {
	case "":
		return nil
	case "always_on":
		return sdktrace.AlwaysSample()
	case "always_off":
		return sdktrace.NeverSample()
	case "traceidratio":
		return span.Plain{Sampler: sdktrace.TraceIDRatioBased(s.ratio(argument))}
	case "parentbased_always_on":
		return sdktrace.ParentBased(sdktrace.AlwaysSample())
	case "parentbased_always_off":
		return sdktrace.ParentBased(sdktrace.NeverSample())
	case "parentbased_traceidratio":
		return span.Plain{Sampler: sdktrace.ParentBased(sdktrace.TraceIDRatioBased(s.ratio(argument))), Inherited: true}
	default:
		s.bad(name, value, "always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or parentbased_traceidratio")
		return nil
	}
}

func (s *settings) metrics() MetricsConfig {
	c := MetricsConfig{Exporter: s.exporter(SignalMetrics)}
	s.milliseconds(&c.Interval, "OTEL_METRIC_EXPORT_INTERVAL")
	s.milliseconds(&c.Timeout, "OTEL_METRIC_EXPORT_TIMEOUT")
	const temporality = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
	switch value := s.lower(temporality); value {
	case "":
	case "cumulative":
		c.Temporality = sdkmetric.CumulativeTemporalitySelector
	case "delta":
		c.Temporality = sdkmetric.DeltaTemporalitySelector
	case "lowmemory":
		c.Temporality = sdkmetric.LowMemoryTemporalitySelector
	default:
		s.bad(temporality, value, "cumulative, delta or lowmemory")
	}
	const filter = "OTEL_METRICS_EXEMPLAR_FILTER"
	switch value := s.lower(filter); value {
	case "":
	case "trace_based":
		c.ExemplarFilter = exemplar.TraceBasedFilter
	case "always_on":
		c.ExemplarFilter = exemplar.AlwaysOnFilter
	case "always_off":
		c.ExemplarFilter = exemplar.AlwaysOffFilter
	default:
		s.bad(filter, value, "trace_based, always_on or always_off")
	}
	const histogram = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION"
	if value := s.lower(histogram); value != "" && value != "explicit_bucket_histogram" {
		s.bad(histogram, value, "explicit_bucket_histogram")
	}
	return c
}

func (s *settings) logs() LogsConfig {
	limits := defaultLogLimits
	s.limit(&limits.AttributeCount, "OTEL_ATTRIBUTE_COUNT_LIMIT", "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT")
	s.limit(&limits.AttributeValueLength, "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT")
	for _, n := range []*int{&limits.AttributeCount, &limits.AttributeValueLength} {
		*n = orDefault(*n, KeepNone)
	}
	return LogsConfig{Exporter: s.exporter(SignalLogs), Limits: &limits, Batch: s.batch("OTEL_BLRP_")}
}

// batch reads the variables of a batch processor, which begin with prefix.
func (s *settings) batch(prefix string) BatchConfig {
	var c BatchConfig
	s.milliseconds(&c.Delay, prefix+"SCHEDULE_DELAY")
	s.milliseconds(&c.ExportTimeout, prefix+"EXPORT_TIMEOUT")
	s.count(&c.QueueSize, prefix+"MAX_QUEUE_SIZE")
	s.count(&c.BatchSize, prefix+"MAX_EXPORT_BATCH_SIZE")
	if queue := orDefault(c.QueueSize, defaultQueueSize); c.BatchSize > queue {
		s.bad(prefix+"MAX_EXPORT_BATCH_SIZE", s.get(prefix+"MAX_EXPORT_BATCH_SIZE"), "at most the queue's size, "+itoa(queue))
	}
	return c
}
