package doctor_test

import (
	"encoding/json"
	"maps"
	"strconv"
	"sync"
	"testing"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards"
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
	functions     map[string]object
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
	p, err := pipeline.LoadEnvironment("../../pipeline/testdata/reference/tracehaul.yaml", "prod")
	if err != nil {
		panic(err)
	}
	set, err := alarms.For(p)
	if err != nil {
		panic(err)
	}
	return set
}

// drawn is what is made of a description: the module of its alarms, and dashboards.
type drawn struct {
	set    *alarms.Set
	module []byte
	watch  string // CloudWatch's
	boards map[string][]byte
}

func draw(set *alarms.Set) drawn {
	d := drawn{set: set, boards: map[string][]byte{}}
	boards, err := dashboards.For(set)
	if err != nil {
		panic(err)
	}
	d.module, d.watch = set.Terraform(), string(boards.CloudWatch())
	for _, b := range boards.Boards() {
		d.boards[b.UID] = b.JSON()
	}
	return d
}

// shared is the description of all tests, drawn once.
var shared = sync.OnceValue(func() drawn { return draw(describe()) })

// healthy is an account in which nothing is wrong.
func healthy(t *testing.T) *account {
	t.Helper()
	return accountOf(t, shared())
}

func accountOf(t *testing.T, d drawn) *account {
	t.Helper()
	p := d.set.Pipeline
	a := &account{
		set: d.set, queues: map[string]object{}, subscriptions: map[string][]attributes{}, functions: map[string]object{}, groups: map[string]int{}, filters: map[string]list{},
		targets: map[string]list{}, boards: maps.Clone(d.boards), refused: map[string]string{},
	}
	a.messaging(p)
	a.programs(p)
	a.alarmsOf(t, d.module)
	a.dashboard = a.filled(d.watch)
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
		more := attributes{"RawMessageDelivery": strconv.FormatBool(c.RawDelivery), "RedrivePolicy": `{"deadLetterTargetArn":"` + arnOf("sqs", c.UndeliveredName()) + `"}`}
		if len(c.FilterPolicy) > 0 {
			policy, _ := json.MarshalIndent(c.FilterPolicy, "", " ") // it came from YAML
			more["FilterPolicy"], more["FilterPolicyScope"] = string(policy), map[string]string{"attributes": "MessageAttributes", "body": "MessageBody"}[c.FilterScope]
		}
		a.subscribe(p.TopicName(), "sqs", arnOf("sqs", c.QueueName()), more)
		a.mappings = append(a.mappings, object{
			"UUID": "1", "EventSourceArn": arnOf("sqs", c.QueueName()), "FunctionArn": arnOf("lambda", "function:"+c.FunctionName()+":live"), "State": "Enabled",
			"FunctionResponseTypes": list{"ReportBatchItemFailures"}, "BatchSize": c.BatchSize, "MaximumBatchingWindowInSeconds": int(c.BatchWindow.Seconds()),
			"ScalingConfig": object{"MaximumConcurrency": c.MaxConcurrency},
		})
		a.functions[c.FunctionName()] = object{
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
