package dashboards

import (
	"fmt"
	"strings"

	"go.opentelemetry.io/otel/semconv/v1.43.0/dbconv"
	"go.opentelemetry.io/otel/semconv/v1.43.0/faasconv"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"
	"go.opentelemetry.io/otel/semconv/v1.43.0/messagingconv"

	"github.com/tracehaul/tracehaul/internal/figure"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// instrument is a metric of OpenTelemetry.
type instrument struct {
	name, unit string
	sort       sort
}

// sort is what kind of instrument it is.
type sort int

const (
	histogram sort = iota
	counter
	gauge
)

// The metrics that the service and the consumers make.
var (
	httpRequests     = instrument{httpconv.ServerRequestDuration{}.Name(), "s", histogram}
	eventsAccepted   = instrument{semconv.MetricAccepted, semconv.UnitEvents, counter}
	eventsRefused    = instrument{semconv.MetricRefused, semconv.UnitEvents, counter}
	publishWait      = instrument{semconv.MetricPublishWait, semconv.UnitSeconds, histogram}
	publishBatch     = instrument{semconv.MetricPublishBatchSize, semconv.UnitMessages, histogram}
	messagingCalls   = instrument{messagingconv.ClientOperationDuration{}.Name(), "s", histogram}
	contextsDropped  = instrument{semconv.MetricContextDropped, semconv.UnitContexts, counter}
	telemetryDropped = instrument{semconv.MetricTelemetryDropped, semconv.UnitItems, counter}

	albLines = instrument{semconv.MetricALBLines, semconv.UnitLines, counter}

	invocations    = instrument{faasconv.Invocations{}.Name(), faasconv.Invocations{}.Unit(), counter}
	coldStarts     = instrument{faasconv.Coldstarts{}.Name(), faasconv.Coldstarts{}.Unit(), counter}
	invocationTime = instrument{faasconv.InvokeDuration{}.Name(), "s", histogram}
	initTime       = instrument{faasconv.InitDuration{}.Name(), "s", histogram}
	processTime    = instrument{messagingconv.ProcessDuration{}.Name(), "s", histogram}
	dwellTime      = instrument{semconv.MetricDwellTime, semconv.UnitSeconds, histogram}
	batchSize      = instrument{semconv.MetricBatchSize, semconv.UnitMessages, histogram}
	outcomes       = instrument{semconv.MetricOutcomes, semconv.UnitMessages, counter}
	endToEnd       = instrument{semconv.MetricEndToEnd, semconv.UnitSeconds, histogram}

	statements     = instrument{dbconv.ClientOperationDuration{}.Name(), "s", histogram}
	connections    = instrument{dbconv.ClientConnectionCount{}.Name(), dbconv.ClientConnectionCount{}.Unit(), gauge}
	connectionWait = instrument{dbconv.ClientConnectionWaitTime{}.Name(), "s", histogram}
)

// instruments are all of them.
var instruments = []instrument{
	httpRequests, eventsAccepted, eventsRefused, publishWait, publishBatch, messagingCalls, contextsDropped, telemetryDropped,
	albLines, invocations, coldStarts, invocationTime, initTime, processTime, dwellTime, batchSize, outcomes, endToEnd,
	statements, connections, connectionWait,
}

// promUnits are the suffixes of names in Prometheus for units. Those in curly
// brackets have none.
var promUnits = map[string]string{"s": "_seconds", "By": "_bytes"}

// prom is the name in a Prometheus-compatible store that was given the metric by
// OTLP. ("Prometheus and OpenMetrics Compatibility", OpenTelemetry
// specification.)
func (i instrument) prom() string {
	name := strings.ReplaceAll(i.name, ".", "_") + promUnits[i.unit]
	if i.sort == counter {
		name += "_total"
	}
	return name
}

// names are those of its series.
func (i instrument) names() []string {
	name := i.prom()
	if i.sort == histogram {
		return []string{name + "_bucket", name + "_count", name + "_sum"}
	}
	return []string{name}
}

// label is the name of an attribute in a Prometheus-compatible store.
func label[K ~string](key K) string { return strings.ReplaceAll(string(key), ".", "_") }

// environmentSelector keeps environments apart that share a store.
const environmentSelector = `deployment_environment_name="${` + varEnvironment + `}"`

// selector selects the metrics of a component, with more matchers if there are.
func selector(component string, more ...string) string {
	s := environmentSelector + `, service_name="${` + varPipeline + `}-` + component + `"`
	return strings.Join(append([]string{s}, more...), ", ")
}

// selectorAll selects the metrics of every component.
func (b *builder) selectorAll() string {
	return environmentSelector + `, service_name=~"${` + varPipeline + `}-.+"`
}

// ofVersions selects the versions that the reader has chosen.
const ofVersions = `service_version=~"$` + varVersion + `"`

// rate is how many a second of a counter, or of a histogram's values, there are.
func (i instrument) rate(selector string, by ...string) string {
	name := i.prom()
	if i.sort == histogram {
		name += "_count"
	}
	return "sum" + byLabels(by) + "(rate(" + name + "{" + selector + "}[$__rate_interval]))"
}

// seldom is how many a second of a counter there are that counts what seldom
// happens. A sandbox that counts once, reports that and never counts again has no
// rate: what a series begins with is counted, too, in the window in which it
// began.
func (i instrument) seldom(selector string, by ...string) string {
	return "sum" + byLabels(by) + "(" + i.grown(i.prom()+"{"+selector+"}", selector, "$__rate_interval") + ") * 1000 / $__rate_interval_ms"
}

// within is how many of a counter there were within a window, with what series
// began with.
func (i instrument) within(window, selector string) string {
	return "sum(" + i.grown("max_over_time("+i.prom()+"{"+selector+"}["+window+"])", selector, window) + ")"
}

// grown is by how much each series is more than it was before a window: all that
// it has where it was not there, or began anew. A sandbox may have slept then:
// it is looked for within an hour.
func (i instrument) grown(now, selector, window string) string {
	return "(" + now + " - last_over_time(" + i.prom() + "{" + selector + "}[1h] offset " + window + ")) >= 0 or " + now
}

// quantile is a quantile of a histogram's values.
func (i instrument) quantile(q float64, selector string, by ...string) string {
	return fmt.Sprintf("histogram_quantile(%s, sum%s(rate(%s_bucket{%s}[$__rate_interval])))",
		figure.Number(q), byLabels(append([]string{"le"}, by...)), i.prom(), selector)
}

// mean is the mean of a histogram's values.
func (i instrument) mean(selector string, by ...string) string {
	name := i.prom()
	return "sum" + byLabels(by) + "(rate(" + name + "_sum{" + selector + "}[$__rate_interval])) / sum" + byLabels(by) + "(rate(" + name + "_count{" + selector + "}[$__rate_interval]))"
}

func byLabels(by []string) string {
	if len(by) == 0 {
		return ""
	}
	return " by (" + strings.Join(by, ", ") + ") "
}

// failing is the percentage of requests that are answered with 5XX.
func failing(of string, by ...string) string {
	bad := httpRequests.rate(of+`, `+statusLabel+`=~"5.."`, by...)
	all := httpRequests.rate(of, by...)
	return "100 * (" + bad + " or 0 * " + all + ") / " + all
}

const statusLabel = "http_response_status_code"

// share5XX is the share of requests that were answered with 5XX within a window.
func share5XX(of, window string) string {
	count := func(more string) string {
		return `sum(increase(` + httpRequests.prom() + `_count{` + of + more + `}[` + window + `]))`
	}
	return `(` + count(`, `+statusLabel+`=~"5.."`) + ` or 0 * ` + count(``) + `) / ` + count(``)
}

// floorOf is the greatest bound of a histogram that is no greater than a limit, or
// else the least one: better to call a good event bad than a bad one good.
func floorOf(limit float64, bounds []float64) float64 {
	floor := bounds[0]
	for _, bound := range bounds {
		if bound <= limit {
			floor = bound
		}
	}
	return floor
}

// slower is the share of a histogram's values within a window that are above a
// limit, or above [floorOf] it, as a histogram knows no others.
func (i instrument) slower(limit float64, bounds []float64, of, window string) string {
	// Prometheus writes 60.0 where others write 60.
	bucket := `, le=~"` + escapeRegexp(figure.Number(floorOf(limit, bounds))) + `(\\.0)?"`
	return `1 - sum(increase(` + i.prom() + `_bucket{` + of + bucket + `}[` + window + `])) / sum(increase(` + i.prom() + `_count{` + of + `}[` + window + `]))`
}
