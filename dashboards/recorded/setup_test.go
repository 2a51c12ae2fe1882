package recorded_test

import (
	"cmp"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards/recorded"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// object is a part of a dashboard's JSON.
type object = map[string]any

func setOf(tb testing.TB, file, environment string) *alarms.Set {
	tb.Helper()
	p, err := pipeline.Load(file)
	if environment != "" {
		p, err = pipeline.LoadEnvironment(file, environment)
	}
	if err != nil {
		tb.Fatal(err)
	}
	set, err := alarms.For(p)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

var reference = filepath.Join("..", "..", "pipeline", "testdata", "reference", "tracehaul.yaml")

// hours is six hours of the reference pipeline in prod.
var hours = sync.OnceValues(func() (*recorded.Recording, error) {
	p, err := pipeline.LoadEnvironment(reference, "prod")
	if err != nil {
		return nil, err
	}
	set, err := alarms.For(p)
	if err != nil {
		return nil, err
	}
	return recorded.Model(set, 6*time.Hour)
})

func prod(tb testing.TB) *recorded.Recording {
	tb.Helper()
	r, err := hours()
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// metric is a query by name.
func metric(namespace, name, statistic string, dimensions object) object {
	return object{
		"refId": "A", "datasource": object{"type": "cloudwatch", "uid": "${cloudwatch}"}, "queryMode": "Metrics", "metricQueryType": 0, "metricEditorMode": 0,
		"id": "", "region": "eu-central-1", "namespace": namespace, "metricName": name, "dimensions": dimensions, "matchExact": true,
		"period": "60", "statistic": statistic, "hide": false,
	}
}

// math is metric math.
func math(id, expression string) object {
	return object{
		"refId": "E", "datasource": object{"type": "cloudwatch", "uid": "${cloudwatch}"}, "queryMode": "Metrics", "metricQueryType": 0, "metricEditorMode": 1,
		"id": id, "region": "eu-central-1", "expression": expression, "period": "60",
	}
}

// with sets a field.
func with(o object, key string, value any) object {
	o[key] = value
	return o
}

func panel(title string, targets ...object) object {
	return object{"type": "timeseries", "id": 1, "title": title, "targets": targets}
}

// board is the JSON of a dashboard. The panels of several are after each other.
func board(tb testing.TB, variables []object, panels ...object) []byte {
	tb.Helper()
	content, err := json.Marshal(object{"title": "Test", "templating": object{"list": variables}, "panels": panels})
	if err != nil {
		tb.Fatal(err)
	}
	return content
}

// lookUp is a variable that asks CloudWatch.
func lookUp(name, query, regex string) object {
	return object{
		"name": name, "type": "query", "datasource": object{"type": "cloudwatch", "uid": "${cloudwatch}"}, "query": query, "regex": regex, "refresh": 1,
	}
}

// inputVariables look up what AWS chooses for a pipeline.
func inputVariables(p *pipeline.Pipeline) []object {
	groups := p.TargetGroupNames()
	values := func(metric, dimension string) string {
		return "dimension_values(" + p.Region + ", AWS/" + metric + ", " + dimension + ")"
	}
	return []object{
		lookUp(string(signal.InputLoadBalancer), values("ApplicationELB, RequestCount", "LoadBalancer"), `/^app\/`+p.LoadBalancerName()+`\/.*/`),
		lookUp(string(signal.InputTargetGroupA), values("ApplicationELB, RequestCount", "TargetGroup"), `/^targetgroup\/`+groups[0]+`\/.*/`),
		lookUp(string(signal.InputTargetGroupB), values("ApplicationELB, RequestCount", "TargetGroup"), `/^targetgroup\/`+groups[1]+`\/.*/`),
		lookUp(string(signal.InputCertificate), values("CertificateManager, DaysToExpiry", "CertificateArn"), ""),
	}
}

// ofSignal is the query for a signal.
func ofSignal(p *pipeline.Pipeline, s signal.Signal) object {
	dimensions := object{}
	for _, d := range s.Metric.Dimensions {
		dimensions[d.Name] = d.Value
		if d.Input != "" {
			dimensions[d.Name] = "${" + string(d.Input) + "}"
		}
	}
	return with(metric(s.Metric.Namespace, s.Metric.Name, s.Statistic, dimensions), "region", p.Region)
}

// signalBoard has a panel for each signal, with its id as the title.
func signalBoard(tb testing.TB, p *pipeline.Pipeline, signals []signal.Signal) []byte {
	tb.Helper()
	var panels []object
	for _, s := range signals {
		panels = append(panels, panel(s.ID, ofSignal(p, s)))
	}
	return board(tb, inputVariables(p), panels...)
}

func evaluate(tb testing.TB, r *recorded.Recording, content []byte) []recorded.Query {
	tb.Helper()
	queries, err := r.Evaluate(content)
	if err != nil {
		tb.Fatal(err)
	}
	return queries
}

// check compares a problem with what is wanted in it; nothing wanted is no problem.
func check(tb testing.TB, q recorded.Query, want string) {
	tb.Helper()
	switch {
	case want == "" && (q.Problem != "" || q.Series == 0 || q.Points == 0):
		tb.Errorf("%s: %d series, %d points, %s", q.Asks, q.Series, q.Points, q.Problem)
	case want != "" && (q.Series != 0 || q.Points != 0):
		tb.Errorf("%s: %d series, %d points, want none", q.Asks, q.Series, q.Points)
	case want != "" && !strings.Contains(q.Problem, want):
		tb.Errorf("%s: the problem is %q, want %q", q.Asks, q.Problem, want)
	}
}

// sortedBySecond orders texts of two words by the second, then by the first.
func sortedBySecond(list []string) []string {
	slices.SortFunc(list, func(a, b string) int {
		x, y := strings.Fields(a), strings.Fields(b)
		return cmp.Or(cmp.Compare(x[1], y[1]), cmp.Compare(x[0], y[0]))
	})
	return list
}
