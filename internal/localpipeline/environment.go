//go:build unix

package localpipeline

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/tracehaul/tracehaul/pipeline"
)

// telemetryDelay is how soon telemetry is sent: a person is waiting for it.
const telemetryDelay = 100 * time.Millisecond

// variables are a program's environment variables.
type variables map[string]string

func (v variables) list() []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		list = append(list, name+"="+v[name])
	}
	return list
}

// with returns a copy with more variables, the later ones winning.
func (v variables) with(more ...map[string]string) variables {
	all := maps.Clone(v)
	for _, m := range more {
		maps.Copy(all, m)
	}
	return all
}

// common is what every program gets: nothing of the user's own AWS
// configuration, and where telemetry goes.
func (l *Local) common(serviceName string) variables {
	return variables{ //nolint:gosec // names of files, not credentials
		"AWS_CONFIG_FILE":             "/dev/null",
		"AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		"AWS_EC2_METADATA_DISABLED":   "true",
		"AWS_ENDPOINT_URL_SNS":        l.routed[PartSNS],
		"AWS_ENDPOINT_URL_SQS":        l.routed[PartSQS],
		"OTEL_SERVICE_NAME":           serviceName,
		"OTEL_RESOURCE_ATTRIBUTES":    "deployment.environment.name=" + l.cfg.Pipeline.Environment + ",service.version=local",
		"OTEL_EXPORTER_OTLP_ENDPOINT": l.routed[PartOTLP],
		"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
		"OTEL_BSP_SCHEDULE_DELAY":     milliseconds(telemetryDelay),
		"OTEL_BLRP_SCHEDULE_DELAY":    milliseconds(telemetryDelay),
		"OTEL_METRIC_EXPORT_INTERVAL": milliseconds(time.Second),
		"OTEL_TRACES_SAMPLER":         "parentbased_always_on",
	}
}

func (l *Local) serviceVariables(listen string) variables {
	p := l.cfg.Pipeline
	return l.common(p.TelemetryName(p.Service.Name)).with(map[string]string{
		// What ECS gives a task; Lambda gives a function its own.
		"AWS_REGION":            p.Region,
		"AWS_ACCESS_KEY_ID":     "local",
		"AWS_SECRET_ACCESS_KEY": "local",

		"LISTEN_ADDRESS": listen,
		"ALB_SPANS":      strconv.FormatBool(l.hasALBSpans()),
		"TOPIC_ARN":      l.addresses.TopicARN,
		"EVENT_SOURCE":   p.Service.EventSource,
		"EVENT_TYPE":     p.Service.EventType,
	}, l.cfg.ServiceEnv)
}

func (l *Local) consumerVariables(c *pipeline.Consumer) variables {
	return l.common(c.TelemetryName()).with(map[string]string{
		"DATABASE_URL":          l.routed[PartDatabase],
		"DEAD_LETTER_QUEUE_URL": l.broker.QueueURL(c.DLQName()),
		"FRESHNESS":             l.cfg.Pipeline.Objectives.Freshness.String(),
	}, l.cfg.ConsumerEnv)
}

func (l *Local) albspansVariables(s3 string) variables {
	p := l.cfg.Pipeline
	return l.common(p.TelemetryName("albspans")).with(map[string]string{
		"AWS_ENDPOINT_URL_S3": s3,
		"ALB_SERVICE_NAME":    p.TelemetryName(pipeline.LoadBalancerComponent),
	}, l.cfg.ALBSpansEnv)
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
