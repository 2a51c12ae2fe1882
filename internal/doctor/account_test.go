package doctor_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards"
	"github.com/tracehaul/tracehaul/internal/doctor"
	"github.com/tracehaul/tracehaul/pipeline"
)

const (
	accountID = "111122223333"
	region    = "eu-central-1"
)

func arnOf(service, name string) string {
	return "arn:aws:" + service + ":" + region + ":" + accountID + ":" + name
}

// account is an AWS account with the pipeline of the description, as Terraform
// makes it. Tests change what they want to be wrong.
type account struct {
	set *alarms.Set
	own bool // whether no other test has it

	queues        map[string]object // attributes, by name
	subscriptions map[string][]attributes
	clusters      list
	service       object
	environment   map[string]string // of the service
	function      object
	mappings      list
	metricAlarms  []object
	composites    []object
	dashboard     string
	groups        map[string]int // days, 0 for ever
	filters       map[string]list
	balancers     list
	balancer      map[string]string // attributes
	targets       map[string]list   // states, by group
	database      list
	boards        map[string][]byte // in Grafana

	mu      sync.Mutex
	refused map[string]string // codes, by operation
	calls   []string
}

func describe() *alarms.Set {
	p, err := pipeline.LoadEnvironment("../../tracehaul.yaml", "prod")
	if err != nil {
		panic(err)
	}
	set, err := alarms.For(p)
	if err != nil {
		panic(err)
	}
	return set
}

// shared is the description, and what is drawn of it, for all tests.
var shared = sync.OnceValue(func() (s struct {
	set    *alarms.Set
	module []byte
	watch  string
	boards map[string][]byte
},
) {
	s.set, s.boards = describe(), map[string][]byte{}
	boards, err := dashboards.For(s.set)
	if err != nil {
		panic(err)
	}
	s.module, s.watch = s.set.Terraform(), string(boards.CloudWatch())
	for _, b := range boards.Boards() {
		s.boards[b.UID] = b.JSON()
	}
	return s
})

// healthy is an account in which nothing is wrong.
func healthy(t *testing.T) *account {
	t.Helper()
	set, p := shared().set, shared().set.Pipeline
	a := &account{
		set: set, queues: map[string]object{}, subscriptions: map[string][]attributes{}, groups: map[string]int{}, filters: map[string]list{},
		targets: map[string]list{}, boards: maps.Clone(shared().boards), refused: map[string]string{},
	}
	a.messaging(p)
	a.programs(p)
	a.alarmsOf(t)
	a.dashboard = a.filled(shared().watch)
	return a
}

func (a *account) messaging(p *pipeline.Pipeline) {
	seconds := func(hours float64) string { return strconv.Itoa(int(hours * 3600)) }
	for i := range p.Consumers {
		c := &p.Consumers[i]
		for _, name := range []string{c.DLQName(), c.UndeliveredName()} {
			a.queues[name] = object{"QueueArn": arnOf("sqs", name), "MessageRetentionPeriod": seconds(c.DLQRetention.Hours())}
		}
		a.queues[c.QueueName()] = object{
			"QueueArn": arnOf("sqs", c.QueueName()), "MessageRetentionPeriod": seconds(c.Retention.Hours()), "VisibilityTimeout": seconds(c.VisibilityTimeout.Hours()),
			"RedrivePolicy": `{"deadLetterTargetArn":"` + arnOf("sqs", c.DLQName()) + `","maxReceiveCount":` + strconv.Itoa(c.MaxReceiveCount) + `}`,
		}
		a.subscribe(p.TopicName(), "sqs", arnOf("sqs", c.QueueName()), attributes{
			"RawMessageDelivery": strconv.FormatBool(c.RawDelivery), "RedrivePolicy": `{"deadLetterTargetArn":"` + arnOf("sqs", c.UndeliveredName()) + `"}`,
		})
		a.mappings = append(a.mappings, object{
			"UUID": "1", "EventSourceArn": arnOf("sqs", c.QueueName()), "FunctionArn": arnOf("lambda", "function:"+c.FunctionName()+":live"), "State": "Enabled",
			"FunctionResponseTypes": list{"ReportBatchItemFailures"}, "BatchSize": c.BatchSize, "MaximumBatchingWindowInSeconds": int(c.BatchWindow.Seconds()),
			"ScalingConfig": object{"MaximumConcurrency": c.MaxConcurrency},
		})
		a.function = object{
			"State": "Active", "Timeout": int(c.Timeout.Seconds()), "MemorySize": c.MemoryMB, "TracingConfig": object{"Mode": "PassThrough"},
			"Environment": object{"Variables": object{"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": ratio(p)}},
		}
	}
	for _, severity := range pipeline.Severities() {
		a.subscribe(p.AlarmTopicName(severity), "lambda", arnOf("lambda", "function:"+p.NotifierName()), nil)
	}
	a.subscribe(p.WatchdogTopicName(), "email", "watchdog@example.com", nil)
}

func ratio(p *pipeline.Pipeline) string {
	return strconv.FormatFloat(p.Telemetry.SamplePercent/100, 'g', -1, 64)
}

func (a *account) subscribe(topic, protocol, endpoint string, more attributes) {
	s := attributes{"SubscriptionArn": arnOf("sns", topic) + ":" + strconv.Itoa(len(a.subscriptions[topic])+1), "Protocol": protocol, "Endpoint": endpoint}
	maps.Copy(s, more)
	a.subscriptions[topic] = append(a.subscriptions[topic], s)
}

func (a *account) programs(p *pipeline.Pipeline) {
	a.clusters = list{object{"clusterName": p.ClusterName(), "settings": list{object{"name": "containerInsights", "value": "enabled"}}}}
	a.service = object{"serviceName": p.ServiceName(), "status": "ACTIVE", "desiredCount": 2, "runningCount": 2, "pendingCount": 0, "taskDefinition": "arn:task:7"}
	a.environment = map[string]string{
		"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": ratio(p), "OTEL_SERVICE_NAME": p.TelemetryName(p.Service.Name),
		"TOPIC_ARN": arnOf("sns", p.TopicName()), "ALB_SPANS": strconv.FormatBool(p.Edge.ALBSpans),
	}
	a.balancers = list{object{"LoadBalancerArn": arnOf("elasticloadbalancing", "loadbalancer/app/"+p.LoadBalancerName()+"/50dc6c495c0c9188"), "DNSName": "balancer.example.com"}}
	a.balancer = map[string]string{"access_logs.s3.enabled": "true", "idle_timeout.timeout_seconds": "60"}
	a.targets[p.TargetGroupNames()[0]] = list{"healthy", "healthy"}
	a.targets[p.TargetGroupNames()[1]] = nil
	a.database = list{object{
		"DBClusterIdentifier": p.DatabaseName(), "Status": "available", "EnabledCloudwatchLogsExports": list{"postgresql"},
		"ServerlessV2ScalingConfiguration": object{"MinCapacity": p.Database.MinACU, "MaxCapacity": p.Database.MaxACU},
	}}
	for _, n := range p.Names() {
		if n.Kind == pipeline.KindLogGroup {
			a.groups[n.Value] = int(p.Telemetry.LogRetention.Hours() / 24)
		}
	}
}

// filled replaces Terraform's variables by what AWS chose.
func (a *account) filled(text string) string {
	p := a.set.Pipeline
	groups := p.TargetGroupNames()
	return strings.NewReplacer(
		"${var.load_balancer}", "app/"+p.LoadBalancerName()+"/50dc6c495c0c9188",
		"${var.target_group_a}", "targetgroup/"+groups[0]+"/1", "${var.target_group_b}", "targetgroup/"+groups[1]+"/2",
		"${var.certificate}", "arn:aws:acm:eu-central-1:111122223333:certificate/1",
	).Replace(text)
}

var (
	reference = regexp.MustCompile(`\$\{aws_cloudwatch_\w+_alarm\.(\w+)\.alarm_name\}`)
	topicRef  = regexp.MustCompile(`var\.alarm_topics\.(\w+)`)
)

// alarmsOf makes the alarms and metric filters of the module that Terraform
// applies.
func (a *account) alarmsOf(t *testing.T) {
	t.Helper()
	var module struct {
		Resource struct {
			Filters    map[string]object `json:"aws_cloudwatch_log_metric_filter"`
			Metrics    map[string]object `json:"aws_cloudwatch_metric_alarm"`
			Composites map[string]object `json:"aws_cloudwatch_composite_alarm"`
		} `json:"resource"`
	}
	if err := json.Unmarshal(shared().module, &module); err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, alarms := range []map[string]object{module.Resource.Metrics, module.Resource.Composites} {
		for key, alarm := range alarms {
			names[key], _ = alarm["alarm_name"].(string)
		}
	}
	text := func(v any) string {
		s, _ := v.(string)
		s = a.filled(reference.ReplaceAllStringFunc(s, func(r string) string { return names[reference.FindStringSubmatch(r)[1]] }))
		return strings.NewReplacer("$${", "${", "%%{", "%{").Replace(s)
	}
	for _, from := range module.Resource.Metrics {
		a.metricAlarms = append(a.metricAlarms, a.metricAlarm(from, text))
	}
	for _, from := range module.Resource.Composites {
		to := a.common(from, text)
		to["AlarmRule"] = text(from["alarm_rule"])
		if s, ok := from["actions_suppressor"].(list); ok {
			by, _ := s[0].(object)
			to["ActionsSuppressor"], to["ActionsSuppressorWaitPeriod"], to["ActionsSuppressorExtensionPeriod"] = text(by["alarm"]), whole(by["wait_period"]), whole(by["extension_period"])
		}
		a.composites = append(a.composites, to)
	}
	for _, from := range module.Resource.Filters {
		made, _ := from["metric_transformation"].(list)
		m, _ := made[0].(object)
		group := text(from["log_group_name"])
		a.filters[group] = append(a.filters[group], object{
			"filterName": text(from["name"]), "filterPattern": text(from["pattern"]),
			"metricTransformations": list{object{"metricNamespace": text(m["namespace"]), "metricName": text(m["name"]), "metricValue": text(m["value"])}},
		})
	}
}

func whole(v any) int {
	x, _ := v.(float64)
	return int(x)
}

func (a *account) common(from object, text func(any) string) object {
	to := object{"AlarmName": text(from["alarm_name"]), "AlarmDescription": text(from["alarm_description"]), "ActionsEnabled": true, "StateValue": "OK", "StateReason": "fine"}
	for name, key := range map[string]string{"AlarmActions": "alarm_actions", "OKActions": "ok_actions"} {
		topics := list{}
		refs, _ := from[key].(string)
		for _, m := range topicRef.FindAllStringSubmatch(refs, -1) {
			topics = append(topics, arnOf("sns", a.set.Pipeline.Name("alarms-"+m[1])))
		}
		to[name] = topics
	}
	return to
}

func (a *account) metricAlarm(from object, text func(any) string) object {
	to := a.common(from, text)
	to["ComparisonOperator"], to["TreatMissingData"] = text(from["comparison_operator"]), text(from["treat_missing_data"])
	to["EvaluationPeriods"], to["DatapointsToAlarm"] = whole(from["evaluation_periods"]), whole(from["datapoints_to_alarm"])
	if id := text(from["threshold_metric_id"]); id != "" {
		to["ThresholdMetricId"] = id
	} else {
		to["Threshold"] = from["threshold"]
	}
	if low := text(from["evaluate_low_sample_count_percentiles"]); low != "" {
		to["EvaluateLowSampleCountPercentile"] = low
	}
	if from["metric_name"] != nil {
		to["Namespace"], to["MetricName"], to["Dimensions"], to["Period"] = text(from["namespace"]), text(from["metric_name"]), dimensions(from["dimensions"], text), whole(from["period"])
		for name, key := range map[string]string{"Statistic": "statistic", "ExtendedStatistic": "extended_statistic"} {
			if s := text(from[key]); s != "" {
				to[name] = s
			}
		}
		return to
	}
	var queries list
	all, _ := from["metric_query"].(list)
	for _, q := range all {
		q, _ := q.(object)
		query := object{"Id": text(q["id"]), "ReturnData": q["return_data"]}
		if e := text(q["expression"]); e != "" {
			query["Expression"] = e
		}
		if stats, ok := q["metric"].(list); ok {
			m, _ := stats[0].(object)
			query["MetricStat"] = object{
				"Metric": object{"Namespace": text(m["namespace"]), "MetricName": text(m["metric_name"]), "Dimensions": dimensions(m["dimensions"], text)},
				"Stat":   text(m["stat"]), "Period": whole(m["period"]),
			}
		}
		queries = append(queries, query)
	}
	to["Metrics"] = queries
	return to
}

func dimensions(v any, text func(any) string) list {
	all := list{}
	m, _ := v.(object)
	for name, value := range m {
		all = append(all, object{"Name": name, "Value": text(value)})
	}
	return all
}

// start serves the account, and Grafana, and returns how the doctor reaches them.
func (a *account) start(t *testing.T) doctor.Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if uid, ok := strings.CutPrefix(r.URL.Path, "/api/dashboards/uid/"); ok {
			a.grafana(w, r, uid)
			return
		}
		speak(w, r, a.answer)
	}))
	t.Cleanup(server.Close)
	return doctor.Config{
		Alarms: a.set, NoEvent: true, Grafana: server.URL, GrafanaToken: "glsa_1",
		Clients: doctor.NewClients(aws.Config{
			Region: region, BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
			RetryMaxAttempts: 1,
		}),
	}
}

func (a *account) grafana(w http.ResponseWriter, r *http.Request, uid string) {
	board, ok := a.boards[uid]
	switch {
	case r.Header.Get("Authorization") != "Bearer glsa_1":
		w.WriteHeader(http.StatusUnauthorized)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		stored := object{}
		_ = json.Unmarshal(board, &stored)
		stored["id"], stored["version"] = 17, 3
		writeJSON(w, object{"dashboard": stored, "meta": object{"version": 3, "updatedBy": "somebody"}})
	}
}

// answer answers what the doctor may ask, and nothing else.
func (a *account) answer(c call) any {
	a.mu.Lock()
	defer a.mu.Unlock()
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
		return a.function
	case "ListEventSourceMappings":
		return object{"EventSourceMappings": a.mappings}
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
