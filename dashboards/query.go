package dashboards

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Query is what a panel asks a data source. It is made by one of the functions
// below.
type Query struct {
	source source
	text   string // in the language of the source; metric math for CloudWatch
	label  string // what the series is called

	inputs []alarms.Input // CloudWatch: the signals of the text, or the one that is asked for
	period time.Duration  // CloudWatch: the length of a datapoint; 0 for what fits the time shown
	alarm  string         // the key of the alarm that watches this, if one does
	group  string         // CloudWatch: the log group of a query of Logs Insights

	instant   bool // Prometheus: the latest value alone
	exemplars bool // Prometheus: with traces that the values were made of
	series    bool // Postgres: a time and values, for a graph
}

// Metric asks for a signal.
func Metric(s signal.Signal, label string) Query {
	return Query{source: fromCloudWatch, inputs: []alarms.Input{{ID: "m", Signal: s}}, label: label}
}

// Math asks for metric math over signals, in the syntax of an alarm's
// expression. Without an expression there is one signal, which is asked for
// itself.
func Math(inputs []alarms.Input, expression, label string) Query {
	return Query{source: fromCloudWatch, inputs: inputs, text: expression, label: label}
}

// Rate asks for how many a second a signal has that counts, whatever the period
// that fits the time shown. A gap is a gap: filled, the minutes that CloudWatch
// does not show yet would look like an outage. ("Using math expressions with
// CloudWatch metrics", CloudWatch user guide.)
func Rate(s signal.Signal, label string) Query {
	return Math([]alarms.Input{{ID: "count", Signal: s}}, "count / PERIOD(count)", label)
}

// Watched asks for what an alarm compares with its threshold. The panel gets
// the alarm's line, and a link to its runbook.
//
// An alarm that joins others watches nothing itself: [For] refuses a panel with
// it. Name it in [Panel].Alarms.
func Watched(a alarms.Alarm, label string) Query {
	m := a.Metric
	if m == nil {
		return Query{alarm: a.Key}
	}
	q := Query{source: fromCloudWatch, inputs: m.Inputs, text: m.Expression, label: label, period: m.Period, alarm: a.Key}
	if m.Comparison.Band() && q.text == "" && len(m.Inputs) > 0 {
		q.text = m.Inputs[0].ID // so that the band can name it
	}
	return q
}

// PromQL asks for metrics that OpenTelemetry made.
func PromQL(query, legend string) Query {
	return Query{source: fromPrometheus, text: query, label: legend}
}

// TraceQL asks Tempo for traces.
func TraceQL(query string) Query { return Query{source: fromTempo, text: query} }

// XRayTraces asks X-Ray for traces, by a filter expression.
func XRayTraces(filter string) Query { return Query{source: fromXRay, text: filter} }

// LogsInsights asks for the lines of a log group.
func LogsInsights(group, query string) Query {
	return Query{source: fromCloudWatch, group: group, text: query}
}

// LogQL asks Loki for lines.
func LogQL(query string) Query { return Query{source: fromLoki, text: query} }

// SQL asks the pipeline's database.
func SQL(query string) Query { return Query{source: fromPostgres, text: query} }

// Every returns the query with datapoints of a fixed length.
func (q Query) Every(period time.Duration) Query {
	q.period = period
	return q
}

// Instant returns the query for the latest value alone.
func (q Query) Instant() Query {
	q.instant = true
	return q
}

// Exemplars returns the query with the traces that its values were made of.
func (q Query) Exemplars() Query {
	q.exemplars = true
	return q
}

// Series returns the query for a graph: its first column is the time.
func (q Query) Series() Query {
	q.series = true
	return q
}

// metrics reports whether the query is for metrics of CloudWatch.
func (q *Query) metrics() bool { return q.source == fromCloudWatch && q.group == "" }

// Lengths of datapoints.
const (
	minute = time.Minute
	hour   = time.Hour
)

// seconds writes a length of time as Grafana and PromQL do.
func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) + "s" }

// escapeRegexp makes a text stand for itself in a regular expression within
// quotes.
func escapeRegexp(s string) string { return strings.ReplaceAll(regexp.QuoteMeta(s), `\`, `\\`) }
