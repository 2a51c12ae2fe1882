package recorded_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/dashboards/recorded"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Each row is metric math over the ids of its panel: requests, elb (a few minutes of
// errors), queues (several), silent and wrong.
func TestEvaluate_MetricMath(t *testing.T) {
	inputs := func() []object {
		return []object{
			with(metric(elb, "RequestCount", "Sum", object{"LoadBalancer": loadBalancer}), "id", "requests"),
			with(metric(elb, "HTTPCode_ELB_5XX_Count", "Sum", object{"LoadBalancer": loadBalancer}), "id", "elb"),
			with(metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", object{"QueueName": "*"}), "id", "queues"),
			with(metric(elb, "RequestCount", "Sum", object{"LoadBalancer": "app/prod-orders-intake-admin/0123456789abcdef"}), "id", "silent"),
			with(metric(elb, "RequestCounts", "Sum", object{"LoadBalancer": loadBalancer}), "id", "wrong"),
			with(with(metric(elb, "RequestCount", "Sum", object{"LoadBalancer": loadBalancer}), "id", "slow"), "period", "300"),
			math("share", "100 * elb / requests"),
			math("none", "silent * 2"),
		}
	}
	for _, c := range []struct {
		expression string
		series     int
		want       string
	}{
		{"IF(requests + elb > 20, 100 * FILL(elb, 0) / requests, 0)", 1, ""},
		{"share > 5", 1, ""},
		{"FILL(elb, 0) / PERIOD(elb)", 1, ""},
		{"SUM([requests, elb])", 1, ""},
		{"FILL(silent, 0) + requests", 1, ""},
		{"FILL(wrong, 0) + requests", 1, ""},

		// An id of several series.
		{"queues", 5, ""},
		{"queues / 60", 5, ""},
		{"SUM(queues)", 1, ""},
		{"SUM(100 * queues) / requests", 1, ""},
		{"[requests, elb]", 2, ""},
		{"[requests, queues]", 6, ""},
		{"100 * [requests, elb]", 0, "is a list of series, which is not evaluated here: want a query for each"},

		// What graphs can have.
		{"ANOMALY_DETECTION_BAND(requests)", 2, ""},
		{"ANOMALY_DETECTION_BAND(requests, 4.5)", 2, ""},
		{"ANOMALY_DETECTION_BAND(share, 2)", 2, ""},
		{"FIRST(ANOMALY_DETECTION_BAND(requests, 2))", 1, ""},
		{"requests - LAST(ANOMALY_DETECTION_BAND(requests, 2))", 1, ""},
		{"RUNNING_SUM(elb)", 1, ""},
		{"100 * RUNNING_SUM(FILL(elb, 0)) / RUNNING_SUM(requests)", 1, ""},
		{"RUNNING_SUM(queues)", 5, ""},
		{"LAST(queues)", 1, ""},
		{"RUNNING_SUM(silent)", 0, "the expression has no datapoints, nor has what it is made of: silent (there are no datapoints"},
		{"ANOMALY_DETECTION_BAND(silent)", 0, "silent (there are no datapoints"},
		{"ANOMALY_DETECTION_BAND(queues)", 0, "ANOMALY_DETECTION_BAND is of 5 series: want one"},
		{"ANOMALY_DETECTION_BAND(requests, wide)", 0, "ANOMALY_DETECTION_BAND has the arguments  wide behind the series"},
		{"RUNNING_SUM(requests, 2)", 0, "RUNNING_SUM has 2 arguments: want one"},
		{"RUNNING_SUM(requests", 0, "a parenthesis is not closed"},
		{"RUNNING_SUM()", 0, "the expression is none"},

		// Functions that are named.
		{`SEARCH('{AWS/Lambda,FunctionName} MetricName="Errors"', 'Sum', 300)`, 0, "the function SEARCH is not evaluated here"},
		{`SUM(METRICS("elb"))`, 0, "the function METRICS is not evaluated here"},
		{"SUM(METRICS())", 0, "METRICS is a function of CloudWatch that is not known here"},
		{"STDDEV(requests)", 0, "STDDEV is a function of CloudWatch that is not known here"},
		{"LOG10(requests)", 0, "LOG10 is a function"},
		{"MEAN(requests)", 0, `"MEAN" is no function`},

		// Ids.
		{"elbs / requests", 0, `no query of the panel has the id "elbs": is elb meant?`},
		{"FILL(rest, 0)", 0, `no query of the panel has the id "rest"`},
		{"result + 1", 0, "the expression depends on itself"},
		{"wrong * 2", 0, `wrong (AWS/ApplicationELB has no metric "RequestCounts": is RequestCount meant?)`},
		{"none + silent", 0, "none (the expression has no datapoints, nor has what it is made of: silent (there"},
		{"requests / slow", 0, `"slow" has a period of 5m, and what stands before it one of 1m: want one period`},

		// What is none.
		{"100 * elb /", 0, "the expression is none"},
		{"5", 0, "the expression is none: column 1: the result is a single number"},
		{"", 0, "the expression is none"},
		{"wrong +", 0, "the expression is none"},
		{"IF(requests > 1000000000, requests)", 0, "there are no datapoints in the recording"},
		{strings.Repeat("requests+", 300) + "1", 0, "the expression has 2701 characters: 2048 are allowed"},
	} {
		t.Run(c.expression, func(t *testing.T) {
			queries := evaluate(t, prod(t), board(t, nil, panel("P", append(inputs(), math("result", c.expression))...)))
			q := queries[len(queries)-1]
			check(t, q, c.want)
			if q.Series != c.series {
				t.Errorf("%d series, want %d", q.Series, c.series)
			}
		})
	}
}

// Ids are those of one panel.
func TestEvaluate_MetricMath_OtherPanels_AreNotSeen(t *testing.T) {
	requests := with(metric(elb, "RequestCount", "Sum", object{"LoadBalancer": loadBalancer}), "id", "requests")
	queries := evaluate(t, prod(t), board(t, nil, panel("A", requests), panel("B", math("", "requests * 2"))))
	check(t, queries[0], "")
	check(t, queries[1], `no query of the panel has the id "requests"`)
}

// small is a recording of one metric with a sample a minute, from midnight on.
func small(t *testing.T, values ...float64) *recorded.Recording {
	t.Helper()
	s := signal.Signal{Metric: signal.Metric{Namespace: "Shop", Name: "Orders"}}
	h := simulator.NewHistory(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), len(values))
	for i, x := range values {
		h.Set(s.Metric, i, simulator.One(x)) // NaN is none
	}
	r, err := recorded.New("", h, []signal.Signal{s}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What an expression is worth is seen by how many of its datapoints pass a
// condition.
func TestEvaluate_GraphFunctions_AreRight(t *testing.T) {
	minutes := make([]float64, 60)
	for i := range minutes {
		minutes[i] = 10 + 2*float64(i%2) // a mean of 11, a standard deviation of 1
	}
	for expression, points := range map[string]int{
		"RUNNING_SUM(orders) == 10":                                         1,
		"RUNNING_SUM(orders) == 22":                                         1,
		"RUNNING_SUM(orders) == 660":                                        1,
		"RUNNING_SUM(orders) < 111":                                         10,
		"ABS(FIRST(ANOMALY_DETECTION_BAND(orders)) - 13) < 0.001":           60,
		"ABS(LAST(ANOMALY_DETECTION_BAND(orders)) - 9) < 0.001":             60,
		"ABS(FIRST(ANOMALY_DETECTION_BAND(orders, 3)) - 14) < 0.001":        60,
		"ABS(LAST(ANOMALY_DETECTION_BAND(2 * orders, 1.5)) - 19) < 0.001":   60,
		"orders > LAST(ANOMALY_DETECTION_BAND(orders, 0.5))":                30,
		"FIRST(ANOMALY_DETECTION_BAND(orders)) - FIRST([orders, orders])>2": 30,
	} {
		target := with(metric("Shop", "Orders", "Sum", object{}), "id", "orders")
		q := evaluate(t, small(t, minutes...), board(t, nil, panel("P", target, math("", "IF("+expression+", 1)"))))[1]
		if check(t, q, ""); q.Points != points {
			t.Errorf("%s holds %d times, want %d", expression, q.Points, points)
		}
	}
}
