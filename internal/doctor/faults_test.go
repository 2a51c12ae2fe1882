package doctor_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/doctor"
	"github.com/tracehaul/tracehaul/pipeline"
)

const (
	queueName    = "prod-intake-order-ledger"
	functionName = "prod-orders-ledger"
	serviceName  = "prod-orders-intake"
	topicName    = "prod-orders-order"
)

// seeded is something that is wrong in an account, and what is to be said of it.
type seeded struct {
	check   string
	verdict doctor.Verdict
	subject string
	found   string // a part
	wrong   func(*account)
	too     []string // checks that may, and must, say something as well
}

// alarm is the one of that key.
func (a *account) alarm(key string) object {
	for _, all := range [][]object{a.metricAlarms, a.composites} {
		for _, o := range all {
			if o["AlarmName"] == a.set.Pipeline.AlarmName(key) {
				return o
			}
		}
	}
	panic("no alarm " + key)
}

// eachAlarm changes all.
func (a *account) eachAlarm(change func(object)) {
	for _, all := range [][]object{a.metricAlarms, a.composites} {
		for _, o := range all {
			change(o)
		}
	}
}

func (a *account) mapping() object { return a.mappings[0].(object) } //nolint:forcetypeassert // it is made so

func (a *account) variables() object {
	return a.functions[functionName]["Environment"].(object)["Variables"].(object) //nolint:forcetypeassert // it is made so
}

func (a *account) orders() attributes { return a.subscriptions[topicName][0] }

var faults = map[string]seeded{
	"no target is healthy":  {"targets", doctor.Fault, serviceName, "no target is healthy", func(a *account) { a.targets[serviceName+"-a"] = list{"draining"} }, nil},
	"a target is unhealthy": {"targets", doctor.Warning, serviceName + "-b", "10.0.0.1 is unhealthy: Target.Timeout", func(a *account) { a.targets[serviceName+"-b"] = list{"unhealthy"} }, nil},
	"no load balancer":      {"targets", doctor.Fault, serviceName, "no such load balancer", func(a *account) { a.refused["DescribeLoadBalancers"] = "LoadBalancerNotFound" }, nil},
	"access log off":        {"access-logs", doctor.Fault, serviceName, "access_logs.s3.enabled is false", func(a *account) { a.balancer["access_logs.s3.enabled"] = "false" }, nil},
	"access log off, and not needed": {"access-logs", doctor.Warning, serviceName, "access_logs.s3.enabled is false", func(a *account) {
		a.consumer()
		a.set.Pipeline.Edge.ALBSpans, a.environment["ALB_SPANS"], a.balancer["access_logs.s3.enabled"] = false, "false", "false"
	}, nil},
	"idle timeout as long":     {"idle-timeout", doctor.Fault, serviceName, "the idle timeout is 1m15s", func(a *account) { a.balancer["idle_timeout.timeout_seconds"] = "75" }, nil},
	"no task":                  {"tasks", doctor.Fault, serviceName, "0 of 2 tasks run", func(a *account) { a.service["runningCount"] = 0 }, nil},
	"a task too few":           {"tasks", doctor.Warning, serviceName, "1 of 2 tasks run", func(a *account) { a.service["runningCount"] = 1 }, nil},
	"service deleted":          {"tasks", doctor.Fault, serviceName, "no active service", func(a *account) { a.service["status"] = "INACTIVE" }, nil},
	"cluster of tasks deleted": {"tasks", doctor.Fault, serviceName, "no active service", func(a *account) { a.refused["DescribeServices"] = "ClusterNotFoundException" }, nil},
	"Container Insights off":   {"container-insights", doctor.Fault, "prod-orders", "Container Insights is disabled", func(a *account) { a.clusters[0].(object)["settings"] = list{} }, nil},
	"another topic":            {"service-settings", doctor.Fault, serviceName, "the topic is prod-orders-old", func(a *account) { a.environment["TOPIC_ARN"] = arnOf("sns", "prod-orders-old") }, nil},
	"spans beneath nothing":    {"service-settings", doctor.Warning, serviceName, "ALB_SPANS is false", func(a *account) { a.environment["ALB_SPANS"] = "false" }, nil},
	"the service goes silent":  {"service-telemetry", doctor.Fault, serviceName, "OTEL_SDK_DISABLED is true", func(a *account) { a.environment["OTEL_SDK_DISABLED"] = "true" }, nil},
	"the service propagates b3": {
		"service-telemetry", doctor.Fault, serviceName, "OTEL_PROPAGATORS is b3",
		func(a *account) { a.environment["OTEL_PROPAGATORS"] = "b3" },
		[]string{"function-telemetry"},
	},
	"the service samples by itself": {
		"service-telemetry", doctor.Fault, serviceName, "OTEL_TRACES_SAMPLER is traceidratio",
		func(a *account) { a.environment["OTEL_TRACES_SAMPLER"] = "traceidratio" },
		[]string{"function-telemetry"},
	},

	"not subscribed": {"subscription", doctor.Fault, queueName, "not subscribed to " + topicName, func(a *account) { a.subscriptions[topicName] = nil }, nil},
	"not confirmed":  {"subscription", doctor.Fault, queueName, "not subscribed", func(a *account) { a.orders()["SubscriptionArn"] = "PendingConfirmation" }, nil},
	"raw delivery off": {
		"raw-delivery", doctor.Fault, queueName, "RawMessageDelivery is false",
		func(a *account) { a.orders()["RawMessageDelivery"] = "false" }, nil,
	},
	"a filter that nobody described": {"filter", doctor.Fault, queueName, `the filter policy is {"event-type":["x"]}`, func(a *account) { a.orders()["FilterPolicy"] = `{"event-type":["x"]}` }, nil},
	"a filter that is gone": {
		"filter", doctor.Fault, queueName, "the filter policy is not set",
		func(a *account) { a.consumer().FilterPolicy = map[string]any{"event-type": []any{"x"}} }, nil,
	},
	"the filter looks elsewhere": {
		"filter", doctor.Fault, queueName, "the scope of the filter policy is MessageBody",
		func(a *account) {
			a.consumer().FilterPolicy, a.consumer().FilterScope = map[string]any{"event-type": []any{"x"}}, "attributes"
			a.orders()["FilterPolicy"], a.orders()["FilterPolicyScope"] = `{ "event-type": [ "x" ] }`, "MessageBody"
		}, nil,
	},
	"no dead-letter queue of the subscription": {"subscription-dead-letters", doctor.Fault, queueName, "of the subscription is not set", func(a *account) { delete(a.orders(), "RedrivePolicy") }, nil},

	"no queue":             {"queues", doctor.Fault, queueName + "-undelivered", "there is no such queue", func(a *account) { delete(a.queues, queueName+"-undelivered") }, nil},
	"no redrive":           {"redrive", doctor.Fault, queueName, "the dead-letter queue is not set", func(a *account) { delete(a.queues[queueName], "RedrivePolicy") }, nil},
	"given up at once":     {"redrive", doctor.Fault, queueName, "maxReceiveCount is 1", func(a *account) { a.receives("1") }, nil},
	"letters die first":    {"retention", doctor.Fault, queueName + "-dlq", "that of the queue 4 days", func(a *account) { a.queues[queueName+"-dlq"]["MessageRetentionPeriod"] = "345600" }, nil},
	"kept for a day":       {"retention", doctor.Fault, queueName + "-dlq", "the retention is 1 day, that", func(a *account) { a.queues[queueName+"-dlq"]["MessageRetentionPeriod"] = "86400" }, nil},
	"letters kept shorter": {"retention", doctor.Warning, queueName + "-dlq", "the retention is 10 days", func(a *account) { a.queues[queueName+"-dlq"]["MessageRetentionPeriod"] = "864000" }, nil},
	"visible too soon":     {"visibility-timeout", doctor.Fault, queueName, "the visibility timeout is 30s", func(a *account) { a.queues[queueName]["VisibilityTimeout"] = "30" }, nil},
	"hidden for longer":    {"visibility-timeout", doctor.Warning, queueName, "the visibility timeout is 12h0m0s", func(a *account) { a.queues[queueName]["VisibilityTimeout"] = "43200" }, nil},
	"dead letters":         {"dead-letters", doctor.Warning, queueName + "-dlq", "3 dead letters", func(a *account) { a.queues[queueName+"-dlq"]["ApproximateNumberOfMessages"] = "3" }, nil},

	"no event source mapping": {"event-source", doctor.Fault, functionName, "no event source mapping", func(a *account) { a.mappings = nil }, nil},
	"not the alias":           {"event-source", doctor.Fault, functionName, "no event source mapping", func(a *account) { a.mapping()["FunctionArn"] = arnOf("lambda", "function:"+functionName) }, nil},
	"mapping disabled":        {"event-source", doctor.Fault, functionName, "the event source mapping is Disabled", func(a *account) { a.mapping()["State"] = "Disabled" }, nil},
	"mapping changes":         {"event-source", doctor.Warning, functionName, "the event source mapping is Updating", func(a *account) { a.mapping()["State"] = "Updating" }, nil},
	"somebody else takes, too": {
		"event-source", doctor.Fault, queueName, "function:thief takes messages out of it, too",
		func(a *account) {
			a.mappings = append(a.mappings, object{"EventSourceArn": arnOf("sqs", queueName), "FunctionArn": arnOf("lambda", "function:thief")})
		}, nil,
	},
	"a failure is a success":   {"batch-item-failures", doctor.Fault, functionName, "no ReportBatchItemFailures", func(a *account) { a.mapping()["FunctionResponseTypes"] = list{} }, nil},
	"other batches":            {"batch", doctor.Warning, functionName, "the batch size is 1", func(a *account) { a.mapping()["BatchSize"] = 1 }, nil},
	"another window":           {"batch", doctor.Warning, functionName, "the batch window is 9s", func(a *account) { a.mapping()["MaximumBatchingWindowInSeconds"] = 9 }, nil},
	"no limit on concurrency":  {"batch", doctor.Warning, functionName, "the maximum concurrency is not set", func(a *account) { delete(a.mapping(), "ScalingConfig") }, nil},
	"no function":              {"function", doctor.Fault, functionName, "there is no such function", func(a *account) { a.refused["GetFunctionConfiguration"] = "ResourceNotFoundException" }, nil},
	"the function is broken":   {"function", doctor.Fault, functionName, "the state is Failed", func(a *account) { a.functions[functionName]["State"] = "Failed" }, nil},
	"the function takes long":  {"function", doctor.Fault, functionName, "the timeout is 15m0s", func(a *account) { a.functions[functionName]["Timeout"] = 900 }, nil},
	"the function has little":  {"function", doctor.Warning, functionName, "the memory is 128 MB", func(a *account) { a.functions[functionName]["MemorySize"] = 128 }, nil},
	"active tracing":           {"function-tracing", doctor.Warning, functionName, "Lambda's own tracing is Active", func(a *account) { a.functions[functionName]["TracingConfig"] = object{"Mode": "Active"} }, nil},
	"the function keeps none":  {"function-telemetry", doctor.Fault, functionName, "OTEL_TRACES_SAMPLER is always_off", func(a *account) { a.variables()["OTEL_TRACES_SAMPLER"] = "always_off" }, nil},
	"the function exports not": {"function-telemetry", doctor.Fault, functionName, "OTEL_TRACES_EXPORTER is none", func(a *account) { a.variables()["OTEL_TRACES_EXPORTER"] = "none" }, nil},
	"the function reads none":  {"function-telemetry", doctor.Fault, functionName, `its propagators are "xray"`, func(a *account) { a.variables()["OTEL_PROPAGATORS"] = "xray" }, nil},
	"another share":            {"function-telemetry", doctor.Warning, functionName, "begins 5 % of traces", func(a *account) { a.variables()["OTEL_TRACES_SAMPLER_ARG"] = "0.05" }, nil},

	"other capacity": {"capacity", doctor.Fault, "prod-orders-database", "the capacity is 0.5 to 1 ACU", func(a *account) {
		a.cluster()["ServerlessV2ScalingConfiguration"] = object{"MinCapacity": 0.5, "MaxCapacity": 1.0}
	}, nil},
	"the cluster is stopped": {"capacity", doctor.Warning, "prod-orders-database", "the status is stopped", func(a *account) { a.cluster()["Status"] = "stopped" }, nil},
	"no cluster":             {"capacity", doctor.Fault, "prod-orders-database", "no such cluster", func(a *account) { a.database = nil }, nil},
	"cluster deleted":        {"capacity", doctor.Fault, "prod-orders-database", "no such cluster", func(a *account) { a.refused["DescribeDBClusters"] = "DBClusterNotFoundFault" }, nil},
	"no log of the database": {"capacity", doctor.Warning, "prod-orders-database", "it exports no log", func(a *account) { delete(a.cluster(), "EnabledCloudwatchLogsExports") }, nil},

	"an alarm is gone": {"alarms", doctor.Fault, "prod-orders", "1 of", func(a *account) {
		a.metricAlarms = slices.DeleteFunc(a.metricAlarms, func(o object) bool { return o["AlarmName"] == "prod-orders-database-capacity" })
	}, nil},
	"a threshold was changed": {"alarm-conditions", doctor.Fault, "prod-orders-database-capacity", "threshold is 99, not 95", func(a *account) { a.alarm("database-capacity")["Threshold"] = 99.0 }, nil},
	"fewer datapoints":        {"alarm-conditions", doctor.Fault, "prod-orders-database-capacity", "datapoints to alarm is 1, not 3", func(a *account) { a.alarm("database-capacity")["DatapointsToAlarm"] = 1 }, nil},
	"another queue":           {"alarm-conditions", doctor.Fault, "prod-orders-ledger-dlq-depth", "dimension QueueName is old", func(a *account) { a.dimension("ledger-dlq-depth", "QueueName", "old") }, nil},
	"another composite":       {"alarm-conditions", doctor.Fault, "prod-orders-database", `rule is FALSE, not ALARM(`, func(a *account) { a.alarm("database")["AlarmRule"] = "FALSE" }, nil},
	"missing data ignored":    {"alarm-conditions", doctor.Fault, "prod-orders-database-capacity", "missing data is ignore", func(a *account) { a.alarm("database-capacity")["TreatMissingData"] = "ignore" }, nil},
	"another load balancer": {"alarm-conditions", doctor.Fault, "prod-orders-no-healthy-hosts", "dimension LoadBalancer is app/old/1", func(a *account) {
		a.dimension("no-healthy-hosts", "LoadBalancer", "app/old/1")
	}, nil},
	"actions disabled":    {"alarm-actions", doctor.Fault, "prod-orders", "alarms have their actions disabled: prod-orders-database", func(a *account) { a.alarm("database")["ActionsEnabled"] = false }, nil},
	"all are mute":        {"alarm-actions", doctor.Fault, "prod-orders", "have no action", func(a *account) { a.eachAlarm(func(o object) { o["AlarmActions"], o["OKActions"] = list{}, list{} }) }, nil},
	"told to somebody":    {"alarm-actions", doctor.Fault, "prod-orders", "have other actions", func(a *account) { a.alarm("database")["AlarmActions"] = list{arnOf("sns", "mine")} }, nil},
	"nobody told of OK":   {"alarm-actions", doctor.Fault, "prod-orders", "have other actions", func(a *account) { a.alarm("database")["OKActions"] = list{} }, nil},
	"an alarm is on":      {"alarms-on", doctor.Warning, "prod-orders-database", "The database is at its limit: broken", func(a *account) { o := a.alarm("database"); o["StateValue"], o["StateReason"] = "ALARM", "broken" }, nil},
	"nobody hears a page": {"alarm-subscribers", doctor.Fault, "prod-orders-alarms-page", "nobody hears of it", func(a *account) { a.subscriptions["prod-orders-alarms-page"] = nil }, nil},
	"another one hears": {"alarm-subscribers", doctor.Fault, "prod-orders-alarms-page", "nobody hears of it", func(a *account) {
		a.subscriptions["prod-orders-alarms-page"][0]["Endpoint"] = arnOf("lambda", "function:other")
	}, nil},
	"watchdog unconfirmed": {"alarm-subscribers", doctor.Fault, "prod-orders-alarms-watchdog", "nobody hears of it", func(a *account) {
		a.subscriptions["prod-orders-alarms-watchdog"][0]["SubscriptionArn"] = "PendingConfirmation"
	}, nil},

	"one has not confirmed": {"alarm-subscribers", doctor.Warning, "prod-orders-alarms-watchdog", "second@example.com has not confirmed", func(a *account) {
		a.subscribe("prod-orders-alarms-watchdog", "email", "second@example.com", attributes{"SubscriptionArn": "PendingConfirmation"})
	}, nil},

	"no log group":       {"log-groups", doctor.Fault, "/aws/lambda/" + functionName, "no such log group", func(a *account) { delete(a.groups, "/aws/lambda/"+functionName) }, nil},
	"logs for ever":      {"log-groups", doctor.Warning, "/aws/lambda/" + functionName, "kept for ever", func(a *account) { a.groups["/aws/lambda/"+functionName] = 0 }, nil},
	"logs for a day":     {"log-groups", doctor.Warning, "/aws/lambda/" + functionName, "the retention is 1 day", func(a *account) { a.groups["/aws/lambda/"+functionName] = 1 }, nil},
	"no metric filter":   {"metric-filters", doctor.Fault, "Tracehaul/" + functionName + " Messages", "there is no filter for it", func(a *account) { a.dropFilter("Messages") }, nil},
	"another filter":     {"metric-filters", doctor.Fault, "Tracehaul/" + functionName + " Messages", "its filter looks for ERROR", func(a *account) { a.filter("Messages")["filterPattern"] = "ERROR" }, nil},
	"no dashboard":       {"cloudwatch-dashboard", doctor.Fault, "prod-orders-deploy", "no such dashboard", func(a *account) { a.dashboard = "" }, nil},
	"an old dashboard":   {"cloudwatch-dashboard", doctor.Warning, "prod-orders-deploy", "it differs, first at start", func(a *account) { a.dashboard = strings.Replace(a.dashboard, "-PT1H", "-PT3H", 1) }, nil},
	"another dashboard":  {"cloudwatch-dashboard", doctor.Warning, "prod-orders-deploy", "it differs, first at its whole", func(a *account) { a.dashboard = "[]" }, nil},
	"no JSON":            {"cloudwatch-dashboard", doctor.Warning, "prod-orders-deploy", "it is no dashboard", func(a *account) { a.dashboard = "{" }, nil},
	"not in Grafana":     {"grafana-dashboards", doctor.Fault, "prod-orders-alarms", "no such dashboard", func(a *account) { delete(a.boards, "prod-orders-alarms") }, nil},
	"changed in Grafana": {"grafana-dashboards", doctor.Warning, "prod-orders-alarms", "first at title, in version 3 by somebody", func(a *account) { a.retitle("prod-orders-alarms") }, nil},
}

// consumer is the description's, which is for nobody else from then on.
func (a *account) consumer() *pipeline.Consumer {
	if !a.own {
		a.own, a.set = true, describe()
	}
	return &a.set.Pipeline.Consumers[0]
}

func (a *account) cluster() object { return a.database[0].(object) } //nolint:forcetypeassert // it is made so

func (a *account) receives(n string) {
	a.queues[queueName]["RedrivePolicy"] = `{"deadLetterTargetArn":"` + arnOf("sqs", queueName+"-dlq") + `","maxReceiveCount":"` + n + `"}`
}

// dimension changes one of an alarm, of its metric or of the first that has it.
func (a *account) dimension(key, name, value string) {
	o := a.alarm(key)
	all, _ := o["Dimensions"].(list)
	queries, _ := o["Metrics"].(list)
	for _, q := range queries {
		if m, ok := q.(object)["MetricStat"].(object); ok {
			more, _ := m["Metric"].(object)["Dimensions"].(list)
			all = append(all, more...)
		}
	}
	for _, d := range all {
		if d, ok := d.(object); ok && d["Name"] == name {
			d["Value"] = value
			return
		}
	}
	panic("no dimension " + name)
}

func (a *account) filter(metric string) object {
	for _, f := range a.filters["/aws/lambda/"+functionName] {
		f := f.(object) //nolint:forcetypeassert // it is made so
		if f["filterName"] == metric {
			return f
		}
	}
	panic("no filter " + metric)
}

func (a *account) dropFilter(metric string) {
	group := "/aws/lambda/" + functionName
	a.filters[group] = slices.DeleteFunc(a.filters[group], func(f any) bool { return f.(object)["filterName"] == metric }) //nolint:forcetypeassert // it is made so
}

func (a *account) retitle(board string) {
	a.boards[board] = bytes.Replace(a.boards[board], []byte(`"title": "prod-orders: Alarms"`), []byte(`"title": "mine"`), 1)
}

// Each fault is found by its own check, under its name, and nothing else is
// blamed.
func TestChecks_SeededFault_NamedByItsCheckAlone(t *testing.T) {
	t.Parallel()
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := healthy(t)
			f.wrong(a)
			r := examine(t, a, f.check == "grafana-dashboards")
			found := slices.ContainsFunc(r.Findings, func(g doctor.Finding) bool {
				return g.Check == f.check && g.Verdict == f.verdict && g.Subject == f.subject && strings.Contains(g.Found, f.found)
			})
			if !found {
				t.Errorf("want %s of %s: %s %q, got:\n%s", f.verdict, f.check, f.subject, f.found, text(t, r))
			}
			checks := map[string]bool{}
			for _, g := range bad(r) {
				checks[g.Check] = true
				if g.Check != f.check && !slices.Contains(f.too, g.Check) {
					t.Errorf("%s is blamed: %s %s", g.Check, g.Subject, g.Found)
				}
				if g.Want == "" || g.Why == "" || g.Mend == "" || g.Page == "" {
					t.Errorf("it does not say what would be right, why, how to mend it and where to read: %+v", g)
				}
			}
			for _, too := range f.too {
				if !checks[too] {
					t.Errorf("%s says nothing", too)
				}
			}
		})
	}
}

// Whoever adds a check seeds a fault for it.
func TestChecks_EachHasAFault(t *testing.T) {
	for _, c := range doctor.Checks() {
		seeded := false
		for _, f := range faults {
			seeded = seeded || f.check == c.ID
		}
		if !seeded {
			t.Errorf("no fault is seeded for %s", c.ID)
		}
		if c.What == "" || c.Page == "" {
			t.Errorf("%s does not say what it looks at, and which page helps", c.ID)
		}
	}
}
