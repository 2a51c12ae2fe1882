package pipeline

import "strings"

// Name is the name of one AWS resource.
type Name struct {
	// Key is the path by which Terraform finds the name below "names", such as
	// "consumers.ledger.queue".
	Key string

	// Kind is what carries the name: it decides how long it may be.
	Kind Kind

	// Value is the name.
	Value string

	setting string // that made the name what it is
}

// Kind is a kind of AWS resource whose names have limits of their own.
type Kind string

// Kinds of names.
const (
	KindCluster      Kind = "ECS cluster"
	KindService      Kind = "ECS service"
	KindLoadBalancer Kind = "load balancer"
	KindTargetGroup  Kind = "target group"
	KindRepository   Kind = "ECR repository"
	KindTopic        Kind = "SNS topic"
	KindQueue        Kind = "SQS queue"
	KindFunction     Kind = "Lambda function"
	KindRole         Kind = "IAM role"
	KindDatabase     Kind = "Aurora cluster"
	KindLogGroup     Kind = "log group"
	KindBucketPrefix Kind = "S3 bucket prefix"
	KindTable        Kind = "DynamoDB table"
)

// Name returns the name of a component: <environment>-<product>-<component>.
func (p *Pipeline) Name(component string) string {
	return p.Prefix() + "-" + component
}

// Prefix is what the name of every component begins with, and the name of what
// there is one of: the ECS cluster, the VPC.
func (p *Pipeline) Prefix() string { return p.Environment + "-" + p.Product }

// LoadBalancerComponent is the load balancer as a component, in the names that
// [Pipeline.TelemetryName] gives.
const LoadBalancerComponent = "load-balancer"

// TelemetryName is the service.name that a component's telemetry bears. The
// environment is an attribute of its own there (deployment.environment.name).
func (p *Pipeline) TelemetryName(component string) string { return p.Product + "-" + component }

// ClusterName is the ECS cluster.
func (p *Pipeline) ClusterName() string { return p.Prefix() }

// ServiceName is the ECS service and the family of its tasks.
func (p *Pipeline) ServiceName() string { return p.Name(p.Service.Name) }

// LoadBalancerName is the ALB.
func (p *Pipeline) LoadBalancerName() string { return p.ServiceName() }

// TargetGroupNames are the two target groups that swap roles at every deploy.
func (p *Pipeline) TargetGroupNames() [2]string {
	return [2]string{p.ServiceName() + "-a", p.ServiceName() + "-b"}
}

// TopicName is the SNS topic.
func (p *Pipeline) TopicName() string { return p.Name(p.Topic.Event) }

// DatabaseName is the Aurora cluster.
func (p *Pipeline) DatabaseName() string { return p.Name("database") }

// DatabaseLogGroup is the log group that Aurora writes PostgreSQL's log to.
func (p *Pipeline) DatabaseLogGroup() string {
	return "/aws/rds/cluster/" + p.DatabaseName() + "/postgresql"
}

// MigrateName is the function that runs the migrations before a deploy.
func (p *Pipeline) MigrateName() string { return p.Name("migrate") }

// AlarmTopicName is the SNS topic that alarms of a severity go to.
func (p *Pipeline) AlarmTopicName(severity string) string { return p.Name("alarms-" + severity) }

// WatchdogTopicName is the SNS topic that speaks up when the way from the other
// alarm topics to people is broken. Nothing of ours stands behind it.
func (p *Pipeline) WatchdogTopicName() string { return p.Name("alarms-watchdog") }

// AlarmName is an alarm in CloudWatch.
func (p *Pipeline) AlarmName(alarm string) string { return p.Name(alarm) }

// NotifierName is the function behind the alarm topics.
func (p *Pipeline) NotifierName() string { return p.Name("notifier") }

// NotifierDLQName is the queue of what the notifier could not deliver.
func (p *Pipeline) NotifierDLQName() string { return p.Name("notifier-dlq") }

// NotifierTableName is the table in which the notifier remembers what it has
// sent, and where.
func (p *Pipeline) NotifierTableName() string { return p.Name("notifier") }

// ALBSpansName is the function that turns access logs into spans.
func (p *Pipeline) ALBSpansName() string { return p.Name("albspans") }

// ALBSpansDLQName is the queue of files of the access log that were given up.
func (p *Pipeline) ALBSpansDLQName() string { return p.Name("albspans-dlq") }

// AccessLogPrefix is the beginning of the name of the bucket for access logs.
// The account id behind it makes it unique in the world.
func (p *Pipeline) AccessLogPrefix() string { return p.Name("access-logs") }

// LogGroupName is the log group of a service or function.
func LogGroupName(kind Kind, name string) string {
	if kind == KindFunction {
		return "/aws/lambda/" + name
	}
	return "/ecs/" + name
}

// QueueName is the consumer's queue: <environment>-<service>-<event>-<consumer>.
func (c *Consumer) QueueName() string {
	p := c.pipeline
	return strings.Join([]string{p.Environment, p.Service.Name, p.Topic.Event, c.Name}, "-")
}

// DLQName is the queue of messages that the consumer gave up.
func (c *Consumer) DLQName() string { return c.QueueName() + "-dlq" }

// UndeliveredName is the dead-letter queue of the subscription: of messages
// that SNS could not put into the queue.
func (c *Consumer) UndeliveredName() string { return c.QueueName() + "-undelivered" }

// FunctionName is the consumer's Lambda function.
func (c *Consumer) FunctionName() string { return c.pipeline.Name(c.Name) }

// TelemetryName is the service.name of the consumer's telemetry.
func (c *Consumer) TelemetryName() string { return c.pipeline.TelemetryName(c.Name) }

// Consumer returns the consumer of that name, or nil.
func (p *Pipeline) Consumer(name string) *Consumer { return findConsumer(p.Consumers, name) }

// HasDatabase reports whether a consumer writes to the described database.
func (p *Pipeline) HasDatabase() bool {
	for i := range p.Consumers {
		if p.Consumers[i].Sink == "postgres" {
			return true
		}
	}
	return false
}

// Names returns every name that the description stands for, in a fixed order.
func (p *Pipeline) Names() []Name {
	names := []Name{
		{"cluster", KindCluster, p.ClusterName(), "product"},
		{"load_balancer", KindLoadBalancer, p.LoadBalancerName(), "service.name"},
		{"target_groups.a", KindTargetGroup, p.TargetGroupNames()[0], "service.name"},
		{"target_groups.b", KindTargetGroup, p.TargetGroupNames()[1], "service.name"},
		{"access_log_prefix", KindBucketPrefix, p.AccessLogPrefix(), "product"},
		{"service.name", KindService, p.ServiceName(), "service.name"},
		{"service.repository", KindRepository, p.ServiceName(), "service.name"},
		{"service.log_group", KindLogGroup, LogGroupName(KindService, p.ServiceName()), "service.name"},
		{"service.task_role", KindRole, p.ServiceName() + "-task", "service.name"},
		{"service.execution_role", KindRole, p.ServiceName() + "-execution", "service.name"},
		{"topic", KindTopic, p.TopicName(), "topic.event"},
	}
	for i := range p.Consumers {
		c := &p.Consumers[i]
		setting := "consumers." + c.Name
		names = append(names,
			Name{setting + ".queue", KindQueue, c.QueueName(), setting},
			Name{setting + ".dlq", KindQueue, c.DLQName(), setting},
			Name{setting + ".undelivered", KindQueue, c.UndeliveredName(), setting},
		)
		names = append(names, functionNames(setting, c.FunctionName(), setting)...)
	}
	if p.HasDatabase() {
		names = append(names, Name{"database.cluster", KindDatabase, p.DatabaseName(), "product"})
		names = append(names, functionNames("migrate", p.MigrateName(), "product")...)
	}
	for _, severity := range Severities() {
		names = append(names, Name{"alarm_topics." + severity, KindTopic, p.AlarmTopicName(severity), "product"})
	}
	names = append(names, Name{"alarm_topics.watchdog", KindTopic, p.WatchdogTopicName(), "product"})
	names = append(names, functionNames("notifier", p.NotifierName(), "product")...)
	names = append(names,
		Name{"notifier.dlq", KindQueue, p.NotifierDLQName(), "product"},
		Name{"notifier.table", KindTable, p.NotifierTableName(), "product"})
	if p.Edge.ALBSpans {
		names = append(names, functionNames("albspans", p.ALBSpansName(), "product")...)
		names = append(names, Name{"albspans.dlq", KindQueue, p.ALBSpansDLQName(), "product"})
	}
	return names
}

// functionNames are the names that every function has.
func functionNames(key, name, setting string) []Name {
	return []Name{
		{key + ".function", KindFunction, name, setting},
		{key + ".log_group", KindLogGroup, LogGroupName(KindFunction, name), setting},
		{key + ".role", KindRole, name + "-function", setting},
	}
}

// Severities returns the severities of alarms, the gravest first.
func Severities() []string { return []string{SeverityPage, SeverityTicket, SeverityNotice} }
