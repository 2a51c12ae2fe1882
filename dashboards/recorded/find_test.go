package recorded_test

import (
	"testing"

	"github.com/tracehaul/tracehaul/pipeline"
)

const (
	elb          = "AWS/ApplicationELB"
	loadBalancer = "app/prod-orders-intake/50dc6c495c0c9188"
)

// Each row is a query that is wrong in one way, and what is said of it.
func TestEvaluate_WhatFindsNothing_IsExplained(t *testing.T) {
	balancer := object{"LoadBalancer": loadBalancer}
	queue := object{"QueueName": "prod-intake-order-ledger"}
	ecs := object{"ClusterName": "prod-orders", "ServiceName": "prod-orders-intake"}
	for _, c := range []struct {
		title  string
		target object
		want   string // nothing for a query that is right
	}{
		{"right", metric(elb, "RequestCount", "Sum", balancer), ""},
		{"right, exact by default", with(metric(elb, "RequestCount", "Sum", balancer), "matchExact", nil), ""},
		{"right, without dimensions", metric("Tracehaul/prod-orders-ledger", "Stored", "Sum", object{}), ""},
		{"right, default region", with(metric(elb, "RequestCount", "Sum", balancer), "region", "default"), ""},

		// Names.
		{"metric", metric("AWS/SQS", "AproximateAgeOfOldestMessage", "Maximum", queue), `AWS/SQS has no metric "AproximateAgeOfOldestMessage": is ApproximateAgeOfOldestMessage meant?`},
		{"metric, far from all", metric("AWS/SQS", "Temperature", "Maximum", queue), `AWS/SQS has no metric "Temperature"`},
		{"namespace", metric("AWS/ApplicationElb", "RequestCount", "Sum", balancer), `there is no namespace "AWS/ApplicationElb": RequestCount is in AWS/ApplicationELB`},
		{"namespace and metric", metric("AWS/SQSS", "Depth", "Sum", queue), `there is no namespace "AWS/SQSS": is AWS/SQS meant?`},
		{"another environment's", metric("Tracehaul/dev-orders-ledger", "Stored", "Sum", object{}), `there is no namespace "Tracehaul/dev-orders-ledger": Stored is in Tracehaul/prod-orders-ledger`},

		// Values of dimensions.
		{"value", metric("AWS/SQS", "NumberOfMessagesSent", "Sum", object{"QueueName": "prod-intake-orders-ledger"}), `no AWS/SQS NumberOfMessagesSent has the QueueName "prod-intake-orders-ledger": is prod-intake-order-ledger meant?`},
		{"value, far from all", metric("AWS/ECS", "CPUUtilization", "Average", object{"ClusterName": "prod-orders", "ServiceName": "x"}), `no AWS/ECS CPUUtilization has the ServiceName "x": there is prod-orders-intake`},
		{"values that are no pair", metric(elb, "RequestCount", "Sum", object{
			"LoadBalancer": "app/prod-orders-intake-admin/0123456789abcdef", "TargetGroup": "targetgroup/prod-orders-intake-a/73e2d6bc24d8a067",
		}), "no AWS/ApplicationELB RequestCount has all of LoadBalancer=app/prod-orders-intake-admin/0123456789abcdef, TargetGroup=targetgroup/"},
		{"no value", metric("AWS/SQS", "NumberOfMessagesSent", "Sum", object{"QueueName": ""}), `the dimension "QueueName" has no value`},
		{"no values", metric("AWS/SQS", "NumberOfMessagesSent", "Sum", object{"QueueName": []string{}}), `the dimension "QueueName" has no value`},

		// Sets of dimensions.
		{"one too few", metric("AWS/ECS", "CPUUtilization", "Average", object{"ClusterName": "prod-orders"}), "AWS/ECS CPUUtilization is there with other dimensions: it has ClusterName+ServiceName, not ClusterName"},
		{"one too many", metric(elb, "HTTPCode_ELB_5XX_Count", "Sum", object{"LoadBalancer": loadBalancer, "AvailabilityZone": "eu-central-1a"}), "it has LoadBalancer, not AvailabilityZone+LoadBalancer"},
		{"none", metric("AWS/Lambda", "Errors", "Sum", object{}), "it has FunctionName, not none"},
		{"any where none is", metric("Tracehaul/prod-orders-ledger", "Stored", "Sum", object{"FunctionName": "prod-orders-ledger"}), "it has none, not FunctionName"},
		{"misspelt", metric("AWS/Lambda", "Errors", "Sum", object{"Functionname": "prod-orders-ledger"}), "it has FunctionName, not Functionname"},

		// Statistics.
		{"statistic", metric(elb, "RequestCount", "Total", balancer), `the statistic is "Total", want Sum, SampleCount, Average, Minimum, Maximum, a percentile`},
		{"percentile over 100", metric(elb, "TargetResponseTime", "p101", balancer), "a percentile from p0 to p100"},
		{"mean of what is counted one by one", metric(elb, "RequestCount", "Average", balancer), "Average of AWS/ApplicationELB RequestCount is the same whatever happens, as each sample is a 1: want Sum"},
		{"percentile of it", metric(elb, "HTTPCode_Target_4XX_Count", "p90", balancer), "p90 of AWS/ApplicationELB HTTPCode_Target_4XX_Count is the same whatever happens"},
		{"number of it", metric(elb, "RequestCount", "SampleCount", balancer), ""},
		{"percentile of sums", metric("AWS/ECS", "CPUUtilization", "p99", ecs), "p99 is made of single samples, and of AWS/ECS CPUUtilization there are sums over several"},
		{"rank of sums", metric("AWS/ECS", "CPUUtilization", "PR(:80)", ecs), "PR(:80) is made of single samples"},
		{"percentile of samples", metric(elb, "TargetResponseTime", "p99.9", balancer), ""},
		{"rank of samples", metric(elb, "TargetResponseTime", "PR(:0.3)", balancer), ""},
		{"percentile of single readings", metric("AWS/SQS", "ApproximateAgeOfOldestMessage", "p50", queue), ""},
		{"no statistic", metric(elb, "RequestCount", "", balancer), "the query has no statistic"},

		// All else.
		{"region", with(metric(elb, "RequestCount", "Sum", balancer), "region", "us-east-1"), `it asks the region "us-east-1": the metrics are in eu-central-1`},
		{"period", with(metric(elb, "RequestCount", "Sum", balancer), "period", "soon"), `the period is "soon": want whole minutes`},
		{"short period", with(metric(elb, "RequestCount", "Sum", balancer), "period", "10"), `the period is "10"`},
		{"period of days", with(metric(elb, "RequestCount", "Sum", balancer), "period", "1d"), ""},
		{"period of minutes", with(metric(elb, "RequestCount", "Sum", balancer), "period", "5m"), ""},
		{"period as a number", with(metric(elb, "RequestCount", "Sum", balancer), "period", 300), ""},
		{"no metric", metric(elb, "", "Sum", balancer), "the query names no metric"},
		{"no namespace", metric("", "RequestCount", "Sum", balancer), "the query names no namespace"},
		{"Metrics Insights", with(metric("", "", "", object{}), "metricQueryType", 1), "Metrics Insights is not evaluated here"},
		{"a neighbour's", metric(elb, "RequestCount", "Sum", object{"LoadBalancer": "app/prod-orders-intake-admin/0123456789abcdef"}), "there are no datapoints in the recording, of 6h"},
	} {
		t.Run(c.title, func(t *testing.T) {
			queries := evaluate(t, prod(t), board(t, nil, panel("P", c.target)))
			if len(queries) != 1 {
				t.Fatalf("%d queries", len(queries))
			}
			check(t, queries[0], c.want)
		})
	}
}

// Where Grafana searches, all that is found is drawn, and only what has datapoints.
func TestEvaluate_Search_DrawsWhatHasDatapoints(t *testing.T) {
	p, err := pipeline.LoadEnvironment(reference, "prod")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		title  string
		target object
		series int
		want   string
	}{
		{"any queue", metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", object{"QueueName": "*"}), 5, ""},
		{"two queues", metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", object{"QueueName": []string{p.Consumers[0].QueueName(), p.Consumers[0].DLQName()}}), 2, ""},
		{"any load balancer has one alone", metric(elb, "RequestCount", "Sum", object{"LoadBalancer": "*"}), 1, ""},
		{"with other dimensions", with(metric(elb, "RequestCount", "Sum", object{"LoadBalancer": loadBalancer}), "matchExact", false), 3, ""},
		{"with a group of any name", with(metric(elb, "RequestCount", "Sum", object{"TargetGroup": "*"}), "matchExact", false), 2, ""},
		{"any value of one dimension too few", metric("AWS/ECS", "CPUUtilization", "Average", object{"ClusterName": "*"}), 0, "it has ClusterName+ServiceName, not ClusterName"},
		{"nothing of the name", with(metric(elb, "RequestCount", "Sum", object{"Zone": "*"}), "matchExact", false), 0, "not Zone"},
		{"values that there are not", metric("AWS/SQS", "NumberOfMessagesSent", "Sum", object{"QueueName": []string{"a", "b"}}), 0, `has the QueueName "a"`},
		{"all that is found is silent", metric(elb, "RequestCount", "Sum", object{"LoadBalancer": []string{"app/another-prod-orders-intake/0123456789abcdef", "app/prod-orders-intake-admin/0123456789abcdef"}}), 0, "there are no datapoints"},
	} {
		t.Run(c.title, func(t *testing.T) {
			q := evaluate(t, prod(t), board(t, nil, panel("P", c.target)))[0]
			check(t, q, c.want)
			if q.Series != c.series {
				t.Errorf("%d series, want %d", q.Series, c.series)
			}
		})
	}
}

// The number of datapoints is that of the periods, from full hours on.
func TestEvaluate_Period_CountsDatapoints(t *testing.T) {
	tasks := func(period any) object {
		return with(metric("ECS/ContainerInsights", "RunningTaskCount", "Minimum", object{"ClusterName": "prod-orders", "ServiceName": "prod-orders-intake"}), "period", period)
	}
	for _, c := range []struct {
		period any
		points int
	}{{"60", 360}, {"300", 72}, {"3600", 6}, {"86400", 1}, {"", 360}, {"auto", 360}, {"1h", 6}} {
		q := evaluate(t, prod(t), board(t, nil, panel("P", tasks(c.period))))[0]
		if check(t, q, ""); q.Points != c.points {
			t.Errorf("%v: %d datapoints, want %d", c.period, q.Points, c.points)
		}
	}
}
