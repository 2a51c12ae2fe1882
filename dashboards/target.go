package dashboards

import (
	"strconv"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cloudwatch"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/loki"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/tempo"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/internal/figure"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// targets are the queries of one panel as Grafana takes them.
type targets struct {
	drawing *drawing
	list    []variants.Dataquery
	ids     map[string]string // of CloudWatch's metric math: what an id stands for
}

// traceLimit is how many traces and lines a table shows.
const traceLimit = 20

// add adds a query; kind is the panel's.
func (t *targets) add(q *Query, kind Kind) {
	switch q.source {
	case fromCloudWatch:
		if q.group != "" {
			t.insights(q)
			return
		}
		t.metrics(q)
	case fromPrometheus:
		t.promQL(q, kind)
	case fromTempo:
		t.list = append(t.list, tempo.TempoQuery{
			RefId: t.ref(), Datasource: t.drawing.source(fromTempo), QueryType: new("traceql"), Query: new(t.drawing.uses(q.text)),
			Limit: new(int64(traceLimit)), TableType: new(tempo.SearchTableTypeTraces), Filters: []tempo.TraceqlFilter{},
		})
	case fromXRay:
		t.list = append(t.list, variants.UnknownDataquery{
			"refId": *t.ref(), "datasource": t.drawing.source(fromXRay), "queryType": "getTraceSummaries", "region": t.drawing.pipeline.Region, "query": t.drawing.uses(q.text),
		})
	case fromLoki:
		t.list = append(t.list, loki.Dataquery{
			RefId: t.ref(), Datasource: t.drawing.source(fromLoki), Expr: t.drawing.uses(q.text), QueryType: new("range"), MaxLines: new(int64(100)),
		})
	case fromPostgres:
		format := "table"
		if q.series {
			format = "time_series"
		}
		t.list = append(t.list, variants.UnknownDataquery{
			"refId": *t.ref(), "datasource": t.drawing.source(fromPostgres), "format": format, "editorMode": "code", "rawQuery": true, "rawSql": q.text,
		})
	default:
		panic("dashboards: a query has no data source")
	}
}

// What every query of CloudWatch has. The SDK wants pointers: these are shared
// and not to be changed.
var (
	yes            = true
	average        = "Average"
	search         = cloudwatch.MetricQueryTypeSearch
	byName, byText = cloudwatch.MetricEditorModeBuilder, cloudwatch.MetricEditorModeCode
)

// letters are names of queries within their panel: A to Z, A1 to Z1 and so on.
var letters = func() (all [26 * 10]string) {
	for i := range all {
		all[i] = string(rune('A' + i%26))
		if i >= 26 {
			all[i] += strconv.Itoa(i / 26)
		}
	}
	return all
}()

// ref is a name of its own for each query.
func (t *targets) ref() *string { return &letters[len(t.list)%len(letters)] }

func (t *targets) promQL(q *Query, kind Kind) {
	target := prometheus.Dataquery{
		RefId: t.ref(), Datasource: t.drawing.source(fromPrometheus), Expr: t.drawing.uses(q.text), LegendFormat: &q.label,
		EditorMode: new(prometheus.QueryEditorModeCode), Instant: new(q.instant), Range: new(!q.instant),
	}
	if q.exemplars {
		target.Exemplar = new(true)
	}
	if kind == Table {
		target.Format = new(prometheus.PromQueryFormatTable)
	}
	t.list = append(t.list, target)
}

// metrics adds the metrics of a query and, with metric math, what is made of
// them. Metrics that are only computed with are not drawn.
func (t *targets) metrics(q *Query) {
	period := "auto"
	if q.period > 0 {
		period = strconv.Itoa(int(q.period.Seconds()))
	}
	if q.text == "" {
		t.metric(&q.inputs[0].Signal, t.free(q.inputs[0].ID), period, q.label, false)
		return
	}
	names := make(map[string]string, len(q.inputs))
	for i := range q.inputs {
		names[q.inputs[i].ID] = t.input(&q.inputs[i], period)
	}
	id := t.free("result")
	t.math(id, rename(q.text, names), period, q.label)
	if a := t.drawing.byKey[q.alarm]; a != nil && a.Metric != nil && a.Metric.Comparison.Band() {
		t.math(t.free("band"), "ANOMALY_DETECTION_BAND("+id+", "+figure.Number(a.Metric.BandWidth)+")", period, "What is normal")
	}
}

// input adds a metric that is computed with, once, and returns its id.
func (t *targets) input(in *alarms.Input, period string) string {
	what := in.Signal.Metric.Key() + " " + in.Signal.Statistic + " " + period
	id := in.ID
	for n := 2; ; n++ {
		switch stands, taken := t.ids[id]; {
		case !taken:
			t.ids[id] = what
			t.metric(&in.Signal, id, period, in.Signal.Title, true)
			return id
		case stands == what:
			return id
		}
		id = in.ID + "_" + strconv.Itoa(n)
	}
}

// free returns an id that nothing has yet, and takes it.
func (t *targets) free(id string) string {
	name := id
	for n := 2; t.ids[name] != ""; n++ {
		name = id + "_" + strconv.Itoa(n)
	}
	t.ids[name] = "drawn"
	return name
}

func (t *targets) metric(s *signal.Signal, id, period, label string, hidden bool) {
	target := metricTarget{Dimensions: t.drawing.dimensionsOf(&s.Metric), CloudWatchMetricsQuery: cloudwatch.CloudWatchMetricsQuery{
		RefId: t.ref(), Datasource: t.drawing.source(fromCloudWatch),
		QueryMode: cloudwatch.CloudWatchQueryModeMetrics, MetricQueryType: &search, MetricEditorMode: &byName,
		Id: id, Region: t.drawing.pipeline.Region, Namespace: t.drawing.named(s.Metric.Namespace), MetricName: &s.Metric.Name,
		MatchExact: &yes, Period: &period, Statistic: &s.Statistic,
	}}
	if hidden {
		target.Hide = &yes
	} else {
		target.Label = &label
	}
	t.list = append(t.list, target)
}

// metricTarget is the SDK's query with dimensions that have one value each, which
// are encoded in no time.
type metricTarget struct {
	cloudwatch.CloudWatchMetricsQuery
	Dimensions map[string]string `json:"dimensions"`
}

func (t *targets) math(id, expression, period, label string) {
	t.list = append(t.list, cloudwatch.CloudWatchMetricsQuery{
		RefId: t.ref(), Datasource: t.drawing.source(fromCloudWatch),
		QueryMode: cloudwatch.CloudWatchQueryModeMetrics, MetricQueryType: &search, MetricEditorMode: &byText,
		Id: id, Region: t.drawing.pipeline.Region, Expression: &expression, Period: &period, Label: &label,
		Statistic: &average, // of no meaning, but Grafana's server wants one
	})
}

func (t *targets) insights(q *Query) {
	t.list = append(t.list, cloudwatch.CloudWatchLogsQuery{
		RefId: t.ref(), Datasource: t.drawing.source(fromCloudWatch), QueryMode: cloudwatch.CloudWatchQueryModeLogs, Id: "",
		Region: t.drawing.pipeline.Region, Expression: &q.text, StatsGroups: []string{},
		LogGroups: []cloudwatch.LogGroup{{Arn: t.drawing.logGroup(q.group), Name: q.group}},
	})
}

// rename gives the inputs of metric math other ids.
func rename(expression string, names map[string]string) string {
	same := true
	for from, to := range names {
		same = same && from == to
	}
	if same {
		return expression
	}
	var b strings.Builder
	for rest := expression; rest != ""; {
		end := strings.IndexFunc(rest, func(r rune) bool { return !inWord(r) })
		switch {
		case end < 0:
			end = len(rest)
		case end == 0:
			end = 1 // what is between words
		}
		word := rest[:end]
		if to, ok := names[word]; ok {
			word = to
		}
		b.WriteString(word)
		rest = rest[end:]
	}
	return b.String()
}

// apart gives the inputs of the n-th part of an expression ids of its own.
func apart(inputs []alarms.Input, expression string, n int) ([]alarms.Input, string) {
	own := make([]alarms.Input, len(inputs))
	names := make(map[string]string, len(inputs))
	for i, in := range inputs {
		own[i] = alarms.Input{ID: in.ID + "_" + strconv.Itoa(n), Signal: in.Signal}
		names[in.ID] = own[i].ID
	}
	return own, rename(expression, names)
}

// inWord reports whether a character can be part of an id, a function's name or a
// number.
func inWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
