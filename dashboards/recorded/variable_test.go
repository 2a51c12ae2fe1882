package recorded_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// variable is one that CloudWatch is not asked for.
func variable(name, kind, query string, current any) object {
	return object{"name": name, "type": kind, "query": query, "current": object{"value": current}}
}

const balancers = "dimension_values(eu-central-1, AWS/ApplicationELB, RequestCount, LoadBalancer)"

// Each row has variables, and what a query for the load balancer $v comes to.
func TestEvaluate_Variables_HaveTheValueThatIsSeen(t *testing.T) {
	const own = `/^app\/prod-orders-intake\//`
	for _, c := range []struct {
		title     string
		variables []object
		value     string // of the dimension; defaults to $v
		want      string
	}{
		{"found by its name", []object{lookUp("v", balancers, own)}, "", ""},
		{"in brackets", []object{lookUp("v", balancers, own)}, "[[v]]", ""},
		{"in braces with a format", []object{lookUp("v", balancers, own)}, "${v:raw}", ""},
		{"a pattern that has to match as a whole", []object{lookUp("v", balancers, "app/prod-orders-intake/.*")}, "", ""},
		{"a group", []object{lookUp("v", balancers, `/^app\/(prod-orders-intake\/.*)/`)}, "app/$v", ""},
		{"a named group", []object{lookUp("v", balancers, `/^(?<text>app)\/(?<value>prod-orders-intake\/.*)/`)}, "app/$v", ""},
		{"whatever the case", []object{lookUp("v", balancers, `/^APP\/PROD-ORDERS-INTAKE\//i`)}, "", ""},
		{"without a pattern the first is another's", []object{lookUp("v", balancers, "")}, "", "there are no datapoints"},
		{"a pattern without an end takes a neighbour", []object{lookUp("v", balancers, `/^app\/prod-orders-intake.*/`)}, "", "there are no datapoints"},
		{"a pattern without a beginning takes a neighbour", []object{lookUp("v", balancers, `/prod-orders-intake\//`)}, "", "there are no datapoints"},
		{"the order decides", []object{with(lookUp("v", balancers, `/(admin|intake\/5)/`), "sort", 2)}, "$v", `has the LoadBalancer "intake/5"`},
		{"what was chosen is still there", []object{with(lookUp("v", balancers, ""), "current", object{"value": loadBalancer})}, "", ""},
		{"what was chosen is gone", []object{with(lookUp("v", balancers, own), "current", object{"value": "app/gone/1"})}, "", ""},
		{"never asked again", []object{with(with(lookUp("v", balancers, own), "current", object{"value": "app/gone/1"}), "refresh", 0)}, "", `has the LoadBalancer "app/gone/1"`},
		{"no option matches", []object{lookUp("v", balancers, `/^app\/dev-orders-intake\//`)}, "", `the variable "v" has no value: /^app\/dev-orders-intake\// matches none of app/another-prod-orders-intake/0123456789abcdef, app/`},
		{"no expression", []object{lookUp("v", balancers, `/(/`)}, "", `the variable "v" has no value: /(/: error parsing`},
		{"not ended", []object{lookUp("v", balancers, `/app`)}, "", "is no regular expression"},

		{"a misspelt metric", []object{lookUp("v", "dimension_values(eu-central-1, AWS/ApplicationELB, RequestCounts, LoadBalancer)", own)}, "", `the variable "v" has no value: AWS/ApplicationELB has no metric "RequestCounts": is RequestCount meant?`},
		{"a wrong dimension", []object{lookUp("v", "dimension_values(eu-central-1, AWS/ApplicationELB, RequestCount, LoadBalancers)", own)}, "", "not LoadBalancers"},
		{"a wrong region", []object{lookUp("v", "dimension_values(us-east-1, AWS/ApplicationELB, RequestCount, LoadBalancer)", own)}, "", `it asks the region "us-east-1"`},
		{"another query", []object{lookUp("v", "ebs_volume_ids(eu-central-1, i-1)", own)}, "", `the query of the variable "v" is "ebs_volume_ids(eu-central-1, i-1)", which a recording does not answer`},
		{"the editor's form", []object{with(lookUp("v", "", own), "query", object{
			"queryType": "dimensionValues", "region": "eu-central-1", "namespace": elb, "metricName": "RequestCount", "dimensionKey": "LoadBalancer", "dimensionFilters": object{},
		})}, "", ""},
		{"the editor's form of another query", []object{with(lookUp("v", "", own), "query", object{"queryType": "logGroups"})}, "", `is of the type "logGroups"`},

		{"filtered by a text", []object{lookUp("v", `dimension_values(eu-central-1, AWS/ApplicationELB, RequestCount, LoadBalancer, {"TargetGroup": "targetgroup/prod-orders-intake-a/73e2d6bc24d8a067"})`, "")}, "", ""},
		{"filtered by another variable, which stands behind it", []object{
			lookUp("v", `dimension_values($region, AWS/ApplicationELB, RequestCount, LoadBalancer, {"TargetGroup": "$group"})`, ""),
			lookUp("group", "dimension_values($region, AWS/ApplicationELB, RequestCount, TargetGroup)", `/^targetgroup\/$environment-orders-intake-b\//`),
			variable("region", "custom", "eu-central-1", nil), variable("environment", "constant", "prod", nil),
		}, "", ""},
		{"filtered by what there is not", []object{lookUp("v", `dimension_values(eu-central-1, AWS/ApplicationELB, RequestCount, LoadBalancer, {"TargetGroup": "gone"})`, "")}, "", `has the TargetGroup "gone"`},
		{"filtered by something else than JSON", []object{lookUp("v", `dimension_values(eu-central-1, AWS/ApplicationELB, RequestCount, LoadBalancer, TargetGroup=a)`, "")}, "", "has the filter TargetGroup=a: want JSON"},
		{"in a circle", []object{lookUp("v", "dimension_values($w, AWS/ApplicationELB, RequestCount, LoadBalancer)", ""), lookUp("w", "dimension_values($v, AWS/ApplicationELB, RequestCount, LoadBalancer)", "")}, "", "depends on itself"},

		{"a constant", []object{variable("v", "constant", loadBalancer, nil)}, "", ""},
		{"a text", []object{variable("v", "textbox", loadBalancer, nil)}, "", ""},
		{"a choice", []object{variable("v", "custom", "other, Ours : "+loadBalancer, loadBalancer)}, "", ""},
		{"the first choice", []object{variable("v", "custom", "Ours : "+loadBalancer+", other", nil)}, "", ""},
		{"no choice", []object{variable("v", "custom", "", nil)}, "", `the variable "v" has no options`},
		{"of another data source, with a value", []object{with(variable("v", "query", "label_values(x)", loadBalancer), "datasource", object{"type": "prometheus"})}, "", ""},
		{"of another data source", []object{with(variable("v", "query", "label_values(x)", "$__all"), "datasource", object{"type": "prometheus"})}, "", `the variable "v" has no value that is known here`},
		{"not defined", []object{variable("vv", "constant", loadBalancer, nil)}, "", `the variable "v" is not defined: is vv meant?`},

		{"all", []object{multi(lookUp("v", balancers, ""), "$__all")}, "", ""},
		{"some", []object{multi(lookUp("v", balancers, ""), []string{loadBalancer, "app/prod-orders-intake-admin/0123456789abcdef"})}, "", ""},
		{"some that are silent", []object{multi(lookUp("v", balancers, ""), []string{"app/prod-orders-intake-admin/0123456789abcdef"})}, "", "there are no datapoints"},
		{"a value for all", []object{with(multi(lookUp("v", balancers, ""), "$__all"), "allValue", "*")}, "", ""},
	} {
		t.Run(c.title, func(t *testing.T) {
			if c.value == "" {
				c.value = "$v"
			}
			target := metric(elb, "RequestCount", "Sum", object{"LoadBalancer": c.value})
			check(t, evaluate(t, prod(t), board(t, c.variables, panel("P", target)))[0], c.want)
		})
	}
}

// multi is a variable of which several values can be chosen, or all.
func multi(v object, current any) object {
	return with(with(with(v, "multi", true), "includeAll", true), "current", object{"value": current})
}

// Variables stand anywhere in a query.
func TestEvaluate_Variables_AreFilledInEverywhere(t *testing.T) {
	variables := []object{
		variable("environment", "constant", "prod", nil), variable("name", "constant", "Stored", nil), variable("statistic", "custom", "Sum,Maximum", nil),
		variable("period", "custom", "300", nil), variable("limit", "textbox", "5", nil), variable("region", "custom", "eu-central-1", nil), variable("key", "constant", "QueueName", nil),
	}
	queries := evaluate(t, prod(t), board(t, variables,
		panel("Stored by $environment",
			with(with(metric("Tracehaul/$environment-orders-ledger", "$name", "$statistic", object{}), "period", "$period"), "id", "stored"),
			with(metric("AWS/SQS", "NumberOfMessagesSent", "Sum", object{"$key": "$environment-intake-order-ledger"}), "region", "$region"),
			math("", "IF(stored > $limit, 1, 0) * $__period_auto"),
		)))
	for _, q := range queries {
		check(t, q, "")
	}
	want := []string{
		"Sum Tracehaul/prod-orders-ledger Stored every 5m",
		"Sum AWS/SQS NumberOfMessagesSent {QueueName=prod-intake-order-ledger} every 1m",
		"IF(stored > 5, 1, 0) * 60",
	}
	var asks []string
	for _, q := range queries {
		asks = append(asks, q.Asks)
	}
	if diff := cmp.Diff(want, asks); diff != "" {
		t.Error(diff)
	}
	if got := queries[0].Panel; got != "Stored by prod" {
		t.Errorf("the panel is %q", got)
	}
}

func TestEvaluate_RepeatedPanels_AreThereForEachValue(t *testing.T) {
	queues := multi(lookUp("queue", "dimension_values(eu-central-1, AWS/SQS, ApproximateNumberOfMessagesVisible, QueueName)", "/ledger/"), "$__all")
	statistics := multi(variable("statistic", "custom", "Maximum,Average", nil), "$__all")
	depth := func() object {
		return panel("$queue $statistic", metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "$statistic", object{"QueueName": "$queue"}))
	}
	titles := func(panels ...object) []string {
		var all []string
		for _, q := range evaluate(t, prod(t), board(t, []object{queues, statistics}, panels...)) {
			check(t, q, "")
			all = append(all, q.Panel)
		}
		return all
	}
	want := []string{
		"prod-intake-order-ledger Average", "prod-intake-order-ledger-dlq Average", "prod-intake-order-ledger-undelivered Average",
		"prod-intake-order-ledger Maximum", "prod-intake-order-ledger-dlq Maximum", "prod-intake-order-ledger-undelivered Maximum",
	}
	row := func(panels ...object) object {
		return object{"type": "row", "title": "Row", "repeat": "statistic", "collapsed": len(panels) > 0, "panels": panels}
	}
	for name, panels := range map[string][]object{
		"open row":      {row(), with(depth(), "repeat", "queue")},
		"collapsed row": {row(with(depth(), "repeat", "queue"))},
	} {
		got := titles(panels...)
		if diff := cmp.Diff(want, sortedBySecond(got)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}
