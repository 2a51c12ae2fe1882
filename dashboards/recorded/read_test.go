package recorded_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/dashboards/recorded"
)

// The answers of the AWS CLI say the same as the model that they were made of.
func TestRead_Prod_HasEverySignal(t *testing.T) {
	r, err := recorded.Read(filepath.Join("testdata", "prod"))
	if err != nil {
		t.Fatal(err)
	}
	set := setOf(t, reference, "prod")
	for _, q := range evaluate(t, r, signalBoard(t, set.Pipeline, set.Signals.All())) {
		check(t, q, "")
		if q.Points > 24 {
			t.Errorf("%s: %d datapoints in six hours of quarters", q.Panel, q.Points)
		}
	}
	target := func(namespace, name, statistic string, period string) object {
		return with(metric(namespace, name, statistic, object{"LoadBalancer": loadBalancer}), "period", period)
	}
	for _, c := range []struct {
		target object
		points int
		want   string
	}{
		{target(elb, "TargetResponseTime", "p99", "60"), 24, ""},
		{target(elb, "TargetResponseTime", "p99", "3600"), 6, ""},
		{target(elb, "TargetResponseTime", "PR(:0.3)", "1200"), 12, ""}, // the next that quarters make up: half an hour
		{target(elb, "RequestCount", "p98", "60"), 0, "p98 of AWS/ApplicationELB RequestCount {LoadBalancer=app/prod-orders-intake/50dc6c495c0c9188} was not recorded: SampleCount, Sum was"},
		{with(metric(elb, "RequestCount", "Sum", object{"LoadBalancer": "*"}), "region", "us-east-1"), 24, ""}, // it is not known
		{metric(elb, "RequestCount", "Sum", object{"LoadBalancer": "app/prod-orders-intake-admin/0123456789abcdef"}), 0, "was listed, and none of its datapoints were recorded"},
	} {
		q := evaluate(t, r, board(t, nil, panel("P", c.target)))[0]
		if check(t, q, c.want); q.Points != c.points {
			t.Errorf("%s: %d datapoints, want %d", q.Asks, q.Points, c.points)
		}
	}
	band := evaluate(t, r, board(t, nil, panel("P", with(target(elb, "RequestCount", "Sum", "60"), "id", "m"), math("", "ANOMALY_DETECTION_BAND(m, 2)"))))[1]
	check(t, band, "")
}

const (
	listed = `{"Metrics": [{"Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "Till", "Value": "1"}]}, {"Namespace": "Shop", "MetricName": "Idle", "Dimensions": []}]}`
	asked  = `[{"Id": "m1", "MetricStat": {"Metric": {"Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "Till", "Value": "1"}]}, "Period": 60, "Stat": "Sum"}},
		{"Id": "m2", "MetricStat": {"Metric": {"Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "Till", "Value": "1"}]}, "Period": 60, "Stat": "Maximum"}}]`
	// The second page of an answer has the same ids again; the newest comes first.
	answered = `{"MetricDataResults": [
		{"Id": "m1", "Label": "Orders", "Timestamps": ["2026-03-02T10:03:00+00:00", "2026-03-02T10:01:00+00:00"], "Values": [5.0, 7.0], "StatusCode": "Complete"},
		{"Id": "m2", "Timestamps": ["2026-03-02T10:03:00Z"], "Values": [2]},
		{"Id": "m1", "Timestamps": ["2026-03-02T11:00:00+01:00"], "Values": [1]}], "Messages": []}`
)

// write makes a directory of files.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRead_Answers_BecomeDatapoints(t *testing.T) {
	r, err := recorded.Read(write(t, map[string]string{
		"metrics-a.json": listed, "queries-7.json": asked, "data-7.json": answered, "README.md": "no recording", "notes.json": "{",
	}))
	if err != nil {
		t.Fatal(err)
	}
	orders := func(statistic, period string) object {
		return with(with(metric("Shop", "Orders", statistic, object{"Till": "1"}), "period", period), "id", "orders")
	}
	for _, c := range []struct {
		target     object
		expression string
		points     int
	}{
		{orders("Sum", "60"), "orders", 3},
		{orders("Sum", "60"), "IF(orders == 7, 1)", 1},
		{orders("Sum", "120"), "IF(orders == 8, 1)", 1},
		{orders("Sum", "120"), "IF(orders == 5, 1)", 1},
		{orders("Sum", "300"), "IF(orders == 13, 1)", 1},
		{orders("Sum", "auto"), "orders", 3},
		{orders("Maximum", "60"), "IF(orders == 2, 1)", 1},
	} {
		q := evaluate(t, r, board(t, nil, panel("P", c.target, math("", c.expression))))[1]
		if check(t, q, ""); q.Points != c.points {
			t.Errorf("%s of %v: %d datapoints, want %d", c.expression, c.target["period"], q.Points, c.points)
		}
	}
	check(t, evaluate(t, r, board(t, nil, panel("P", metric("Shop", "Idle", "Sum", object{}))))[0], "Shop Idle was listed, and none of its datapoints")
}

func TestRead_WhatCannotBeUsed_IsNamed(t *testing.T) {
	data := func(result string) map[string]string {
		return map[string]string{"metrics.json": listed, "queries.json": asked, "data.json": `{"MetricDataResults": [` + result + `]}`}
	}
	query := func(stat string) map[string]string {
		files := data(`{"Id": "m1", "Timestamps": [], "Values": []}`)
		files["queries.json"] = `[{"Id": "m1", ` + stat + `}]`
		return files
	}
	for want, files := range map[string]map[string]string{
		"there are no metrics: want metrics.json":                                                      {},
		"metrics.json: unexpected end":                                                                 {"metrics.json": "{"},
		"metrics.json: it lists no metrics: want the answer of aws":                                    {"metrics.json": `{"MetricDataResults": []}`},
		"queries.json: stat queries.json: no such file":                                                {"metrics.json": listed, "data.json": answered},
		`data.json: nothing in queries.json has the id "m9"`:                                           data(`{"Id": "m9", "Timestamps": [], "Values": []}`),
		`data.json: the result "m1" has 1 timestamps and 0 values`:                                     data(`{"Id": "m1", "Timestamps": ["2026-03-02T10:00:00Z"], "Values": []}`),
		"data.json: parsing time":                                                                      data(`{"Id": "m1", "Timestamps": ["10:00"], "Values": [1]}`),
		"want 63 days at most":                                                                         data(`{"Id": "m1", "Timestamps": ["2026-03-02T10:00:00Z", "2026-06-02T10:00:00Z"], "Values": [1, 2]}`),
		`queries.json: the query "m1" has no metric with a statistic`:                                  query(`"Expression": "m2"`),
		`queries.json: the query "m1" has a period of 10 seconds: want whole minutes`:                  query(`"MetricStat": {"Metric": {"MetricName": "Orders"}, "Stat": "Sum", "Period": 10}`),
		`queries.json: the query "m1" has a period of 0 seconds`:                                       query(`"MetricStat": {"Metric": {"MetricName": "Orders"}, "Stat": "Sum"}`),
		"queries.json: json: cannot unmarshal object into Go value of type []recorded.MetricDataQuery": {"metrics.json": listed, "data.json": answered, "queries.json": "{}"},
	} {
		if _, err := recorded.Read(write(t, files)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := recorded.Read(filepath.Join("testdata", "nowhere")); err == nil || !strings.Contains(err.Error(), "recording "+filepath.Join("testdata", "nowhere")) {
		t.Errorf("got %v", err)
	}
}

// A list of metrics is enough to know what to ask for; the answers are then all that
// the dashboard needs.
func TestQueries_OfList_AskForWhatDashboardReads(t *testing.T) {
	files := map[string]string{"metrics.json": listed}
	r, err := recorded.Read(write(t, files))
	if err != nil {
		t.Fatal(err)
	}
	tills := lookUp("till", "dimension_values(eu-central-1, Shop, Orders, Till)", "")
	sum, highest := metric("Shop", "Orders", "Sum", object{"Till": "$till"}), metric("Shop", "Orders", "Maximum", object{"Till": "*"})
	content := board(t, []object{tills}, panel("A", sum, highest, with(sum, "refId", "C")), panel("B", metric("Shop", "Order", "Sum", object{}), math("", "5")))
	queries, err := r.Queries(content, content)
	if err != nil {
		t.Fatal(err)
	}
	highestOfAll := recorded.MetricStat{
		Metric: recorded.Metric{Namespace: "Shop", MetricName: "Orders", Dimensions: []recorded.Dimension{{Name: "Till", Value: "1"}}}, Period: 60, Stat: "Maximum",
	}
	if diff := cmp.Diff(highestOfAll, queries[0].MetricStat); diff != "" {
		t.Errorf("%s", diff)
	}
	got, err := json.Marshal(queries)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"Id":"m0","MetricStat":{"Metric":{"Namespace":"Shop","MetricName":"Orders","Dimensions":[{"Name":"Till","Value":"1"}]},"Period":60,"Stat":"Maximum"}},` +
		`{"Id":"m1","MetricStat":{"Metric":{"Namespace":"Shop","MetricName":"Orders","Dimensions":[{"Name":"Till","Value":"1"}]},"Period":60,"Stat":"Sum"}}]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s", diff)
	}
	files["queries.json"] = string(got)
	files["data.json"] = strings.NewReplacer("m1", "m0", "m2", "m1").Replace(answered)
	if r, err = recorded.Read(write(t, files)); err != nil {
		t.Fatal(err)
	}
	for _, q := range evaluate(t, r, content)[:3] {
		check(t, q, "")
	}
	if _, err := r.Queries([]byte("{")); err == nil {
		t.Error("what is no dashboard is not an error")
	}
}
