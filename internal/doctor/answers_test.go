package doctor_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/tracehaul/tracehaul/internal/doctor"
	"github.com/tracehaul/tracehaul/internal/inprocess"
)

// start serves the account, and Grafana, and returns how the doctor reaches them.
func (a *account) start(t *testing.T) doctor.Config {
	t.Helper()
	grafana := httptest.NewServer(http.HandlerFunc(a.grafana))
	t.Cleanup(grafana.Close)
	cloud := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock() // until the answer is written: it holds the account's own maps
		defer a.mu.Unlock()
		speak(w, r, a.answer)
	})
	return doctor.Config{
		Alarms: a.set, NoEvent: true, Grafana: grafana.URL, GrafanaToken: "glsa_1",
		Clients: doctor.NewClients(aws.Config{
			Region: region, BaseEndpoint: aws.String("http://aws"), Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
			RetryMaxAttempts: 3, HTTPClient: inprocess.Client{"aws": cloud},
		}),
	}
}

func (a *account) grafana(w http.ResponseWriter, r *http.Request) {
	board, ok := a.boards[strings.TrimPrefix(r.URL.Path, "/api/dashboards/uid/")]
	switch {
	case r.Header.Get("Authorization") != "Bearer glsa_1":
		w.WriteHeader(http.StatusUnauthorized)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		stored := object{}
		_ = json.Unmarshal(board, &stored)
		stored["id"], stored["version"], stored["preload"] = 17, 3, false
		writeJSON(w, object{"dashboard": stored, "meta": object{"version": 3, "updatedBy": "somebody"}})
	}
}

// answer answers what the doctor may ask, and nothing else. a.mu is held.
func (a *account) answer(c call) any {
	if !slices.Contains(a.calls, c.operation) {
		a.calls = append(a.calls, c.operation)
	}
	if code, ok := a.refused[c.operation]; ok {
		return refusal{code}
	}
	in := func(name string) string { s, _ := c.in[name].(string); return s }
	switch c.operation {
	case "GetCallerIdentity":
		return object{"Account": accountID, "Arn": "arn:aws:sts::" + accountID + ":assumed-role/reader/me", "UserId": "1"}
	case "GetQueueUrl":
		if _, ok := a.queues[in("QueueName")]; !ok {
			return refusal{"com.amazonaws.sqs#QueueDoesNotExist"}
		}
		return object{"QueueUrl": "https://sqs.example.com/" + in("QueueName")}
	case "GetQueueAttributes":
		return object{"Attributes": a.queues[in("QueueUrl")[len("https://sqs.example.com/"):]]}
	case "ListSubscriptionsByTopic":
		all := list{}
		for _, s := range a.subscriptions[in("TopicArn")[strings.LastIndexByte(in("TopicArn"), ':')+1:]] {
			all = append(all, object{"SubscriptionArn": s["SubscriptionArn"], "Protocol": s["Protocol"], "Endpoint": s["Endpoint"]})
		}
		return object{"Subscriptions": all}
	case "GetSubscriptionAttributes":
		for _, topic := range a.subscriptions {
			for _, s := range topic {
				if s["SubscriptionArn"] == in("SubscriptionArn") {
					return object{"Attributes": s}
				}
			}
		}
		return refusal{"NotFound"}
	case "DescribeClusters":
		return object{"clusters": a.clusters}
	case "DescribeServices":
		return object{"services": list{a.service}}
	case "DescribeTaskDefinition":
		variables := list{}
		for name, value := range a.environment {
			variables = append(variables, object{"name": name, "value": value})
		}
		return object{"taskDefinition": object{"containerDefinitions": list{object{"name": "collector"}, object{"name": "service", "environment": variables}}}}
	case "GetFunctionConfiguration":
		return a.functions[in("FunctionName")]
	case "ListEventSourceMappings":
		mine := slices.DeleteFunc(slices.Clone(a.mappings), func(m any) bool { return m.(object)["EventSourceArn"] != c.in["EventSourceArn"] }) //nolint:forcetypeassert // it is made so
		return object{"EventSourceMappings": mine}
	case "DescribeAlarms":
		return object{"MetricAlarms": named(a.metricAlarms, c.in["AlarmNames"]), "CompositeAlarms": named(a.composites, c.in["AlarmNames"])}
	case "GetDashboard":
		if a.dashboard == "" {
			return refusal{"ResourceNotFound"}
		}
		return object{"DashboardName": in("DashboardName"), "DashboardBody": a.dashboard}
	case "DescribeLogGroups":
		groups := list{}
		for name, days := range a.groups {
			g := object{"logGroupName": name}
			if days > 0 {
				g["retentionInDays"] = days
			}
			if strings.HasPrefix(name, in("logGroupNamePrefix")) {
				groups = append(groups, g)
			}
		}
		return object{"logGroups": groups}
	case "DescribeMetricFilters":
		return object{"metricFilters": a.filters[in("logGroupName")]}
	case "DescribeLoadBalancers":
		return object{"LoadBalancers": a.balancers}
	case "DescribeLoadBalancerAttributes":
		all := list{}
		for key, value := range a.balancer {
			all = append(all, object{"Key": key, "Value": value})
		}
		return object{"Attributes": all}
	case "DescribeTargetGroups":
		groups := list{}
		for i, name := range a.set.Pipeline.TargetGroupNames() {
			groups = append(groups, object{"TargetGroupName": name, "TargetGroupArn": arnOf("elasticloadbalancing", "targetgroup/"+name+"/"+strconv.Itoa(i+1))})
		}
		return object{"TargetGroups": groups}
	case "DescribeTargetHealth":
		all := list{}
		parts := strings.Split(in("TargetGroupArn"), "/")
		for _, state := range a.targets[parts[1]] {
			all = append(all, object{"Target": object{"Id": "10.0.0.1"}, "TargetHealth": object{"State": state, "Reason": "Target.Timeout"}})
		}
		return object{"TargetHealthDescriptions": all}
	case "DescribeDBClusters":
		return object{"DBClusters": a.database}
	}
	panic("nobody may ask " + c.operation)
}

func named(all []object, names any) list {
	wanted, _ := names.(list)
	found := list{}
	for _, a := range all {
		if slices.Contains(wanted, a["AlarmName"]) {
			found = append(found, a)
		}
	}
	return found
}
