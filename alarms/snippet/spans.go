package snippet

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// spansGroup is where X-Ray keeps spans with Transaction Search: all of them, a
// line of JSON each, in the names of OpenTelemetry. (CloudWatch user guide,
// "Transaction Search".)
const spansGroup = "aws/spans"

// SpansIn is the language in which the spans of the pipeline are asked for: Logs
// Insights where X-Ray gets them, TraceQL where Tempo does. It is empty where
// nobody is known who could be asked.
//
// Where they go is telemetry.export's to say: a Tempo that Grafana knows of is
// empty if spans are sent to CloudWatch. A collector without an address has
// CloudWatch behind it, as functions send there then.
func (s Set) SpansIn() Language {
	t, d := s.pipeline.Telemetry, s.pipeline.Dashboards
	switch {
	case t.Export == "cloudwatch" || t.Export == "collector" && t.Endpoint == "":
		return LogsInsights
	case d.TempoUID != "":
		return TraceQL
	case d.XRayUID != "": // another way to X-Ray
		return LogsInsights
	}
	return ""
}

// condition is one on a span, in both languages.
type condition struct{ traceQL, insights string }

// spans are those of a component that fulfil conditions; nothing where nobody can
// be asked.
func (s Set) spans(ask string, component condition, conditions ...condition) Snippet {
	all := append([]condition{component, resource(otelsemconv.DeploymentEnvironmentNameKey, s.pipeline.Environment)}, conditions...)
	var traceQL, insights []string
	for _, c := range all {
		traceQL, insights = append(traceQL, c.traceQL), append(insights, c.insights)
	}
	switch s.SpansIn() {
	case TraceQL:
		return Snippet{Ask: ask, Language: TraceQL, Text: "{ " + strings.Join(traceQL, " && ") + " }"}
	case LogsInsights:
		return logs(ask, spansGroup, "filter "+strings.Join(insights, " and ")+" | fields @timestamp, traceId, name, durationNano / 1000000 as ms | sort @timestamp desc | limit 20")
	case SQL, Shell:
	}
	return Snippet{}
}

// of are the spans of one component.
func (s Set) of(component string) condition {
	return resource(otelsemconv.ServiceNameKey, s.pipeline.TelemetryName(component))
}

// ofAll are the spans of all components.
func (s Set) ofAll() condition {
	prefix := regexp.QuoteMeta(s.pipeline.TelemetryName(""))
	return condition{
		fmt.Sprintf("resource.%s =~ %q", otelsemconv.ServiceNameKey, prefix+".+"),
		fmt.Sprintf("resource.attributes.%s like /^%s/", otelsemconv.ServiceNameKey, prefix),
	}
}

var failed = condition{"status = error", `status.code = "ERROR"`}

// unreached are requests of which no target has answered: the status is that of
// the target. What JSON has as false is compared in ways of its own in Logs
// Insights.
var unreached = condition{
	fmt.Sprintf("span.%s = false", semconv.ALBTargetReachedKey),
	fmt.Sprintf("not ispresent(attributes.%s)", semconv.ALBTargetStatusKey),
}

func resource[K ~string](key K, value string) condition {
	return condition{fmt.Sprintf("resource.%s = %q", key, value), fmt.Sprintf("resource.attributes.%s = %q", key, value)}
}

func kind(name string) condition {
	return condition{"kind = " + name, fmt.Sprintf("kind = %q", strings.ToUpper(name))}
}

func named(name string) condition {
	text := fmt.Sprintf("name = %q", name)
	return condition{text, text}
}

// is compares an attribute with a text.
func is[K ~string](key K, value string) condition {
	return condition{fmt.Sprintf("span.%s = %q", key, value), fmt.Sprintf("attributes.%s = %q", key, value)}
}

// number compares an attribute with a number, such as "< 500".
func number[K ~string](key K, with string) condition {
	return condition{fmt.Sprintf("span.%s %s", key, with), fmt.Sprintf("attributes.%s %s", key, with)}
}

// hasSome is whether there is an attribute that is a list. Logs Insights knows its
// members by their numbers. ("Supported logs and discovered fields", Amazon
// CloudWatch Logs user guide.)
func hasSome[K ~string](key K) condition {
	return condition{fmt.Sprintf("span.%s != nil", key), fmt.Sprintf("ispresent(attributes.%s.0)", key)}
}

// longer is a condition on how long a span took.
func longer(d time.Duration) condition {
	return condition{
		"duration > " + strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', -1, 64) + "ms",
		"durationNano > " + strconv.FormatInt(d.Nanoseconds(), 10),
	}
}
