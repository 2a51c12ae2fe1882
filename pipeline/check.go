package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// checkTogether reports what is wrong between settings that are good each by
// itself. A setting with a problem of its own is left alone.
func (l *loader) checkTogether(p *Pipeline) {
	l.checkService(p)
	for i := range p.Consumers {
		l.checkConsumer(&p.Consumers[i])
	}
	l.checkDatabase(p)
	l.checkTelemetry(p)
	l.checkRouting(p)
	if l.good("product", "environment", "service", "service.name", "topic", "topic.event", "consumers") {
		l.checkNames(p)
	}
}

// good reports whether the settings, and what they are part of, were read
// without a problem.
func (l *loader) good(settings ...string) bool {
	for _, s := range settings {
		for s != "" {
			if _, bad := l.bad[s]; bad {
				return false
			}
			s = s[:max(strings.LastIndexAny(s, ".["), 0)]
		}
	}
	return true
}

// fargateMemory is the memory in MiB that Fargate pairs with CPU units. (Amazon
// ECS developer guide, "Task CPU and memory".)
func fargateMemory(cpu int) (from, to, step int) {
	switch cpu {
	case 256:
		return 512, 2048, 512 // but for 1536
	case 512:
		return 1024, 4096, 1024
	case 1024:
		return 2048, 8192, 1024
	case 2048:
		return 4096, 16384, 1024
	case 4096:
		return 8192, 30720, 1024
	case 8192:
		return 16384, 61440, 4096
	default:
		return 32768, 122880, 8192
	}
}

func (l *loader) checkTaskSize(cpu, memory int) {
	from, to, step := fargateMemory(cpu)
	wanted := fmt.Sprintf("from %d to %d in steps of %d", from, to, step)
	fits := memory >= from && memory <= to && (memory-from)%step == 0
	if cpu == 256 {
		wanted = "512, 1024 or 2048"
		fits = fits && memory != 1536
	}
	if !fits {
		l.report("service", "memory_mib", fmt.Sprintf("Fargate does not pair %d with a cpu of %d: %s", memory, cpu, wanted))
	}
}

func (l *loader) checkService(p *Pipeline) {
	s := p.Service
	if l.good("service.cpu", "service.memory_mib") {
		l.checkTaskSize(s.CPU, s.MemoryMiB)
	}
	if l.good("service.min_tasks", "service.max_tasks") && s.MinTasks > s.MaxTasks {
		l.report("service", "max_tasks", fmt.Sprintf("%d is under min_tasks, %d", s.MaxTasks, s.MinTasks))
	}
	if l.good("service.event_source", "service.event_type") && (s.EventSource == "") != (s.EventType == "") {
		l.report("service", "", "event_source and event_type go together: plain JSON needs both")
	}
	if l.good("edge.domain", "edge.hosted_zone") && p.Edge.Domain != "" &&
		p.Edge.Domain != p.Edge.HostedZone && !strings.HasSuffix(p.Edge.Domain, "."+p.Edge.HostedZone) {
		l.report("edge", "hosted_zone", fmt.Sprintf("the domain %s is not in the zone %s", p.Edge.Domain, p.Edge.HostedZone))
	}
	if l.good("edge.domain", "edge.authentication") && p.Edge.Domain == "" && p.Edge.Authentication != "none" {
		l.report("edge", "authentication", p.Edge.Authentication+" needs TLS, and so a domain; without one, say none")
	}
}

func (l *loader) checkConsumer(c *Consumer) {
	path := "consumers." + c.Name
	good := func(keys ...string) bool {
		return !slices.ContainsFunc(keys, func(key string) bool { return !l.good(join(path, key)) })
	}
	// Lambda API reference, CreateEventSourceMapping, BatchSize.
	if good("batch_size", "batch_window_seconds") && c.BatchSize > 10 && c.BatchWindow == 0 {
		l.report(path, "batch_size", fmt.Sprintf("%d needs a batch_window_seconds of at least 1", c.BatchSize))
	}
	if least := c.leastVisibilityTimeout(); good("visibility_timeout_seconds", "timeout_seconds", "batch_window_seconds") {
		switch {
		case c.VisibilityTimeout < least:
			l.report(path, "visibility_timeout_seconds", fmt.Sprintf(
				"%d is under %d, which is six times the timeout and the batch window", seconds(c.VisibilityTimeout), seconds(least)))
		case c.Retention > 0 && good("max_receive_count", "retention_days") &&
			time.Duration(c.MaxReceiveCount)*c.VisibilityTimeout > c.Retention:
			l.report(path, "retention_days", fmt.Sprintf(
				"a message would expire before it was received %d times, %d seconds apart", c.MaxReceiveCount, seconds(c.VisibilityTimeout)))
		}
	}
	// A message keeps its age when it moves to the dead-letter queue. (Amazon
	// SQS developer guide, "Using dead-letter queues in Amazon SQS".)
	if good("dlq_retention_days", "retention_days") && c.DLQRetention < c.Retention {
		l.report(path, "dlq_retention_days", fmt.Sprintf(
			"%d is under retention_days, %d: messages would be lost on their arrival", days(c.DLQRetention), days(c.Retention)))
	}
	if good("filter_policy", "filter_scope") {
		l.checkFilter(join(path, "filter_policy"), c)
	}
}

func seconds(d time.Duration) int { return int(d / time.Second) }
func days(d time.Duration) int    { return int(d / (24 * time.Hour)) }

func (l *loader) checkDatabase(p *Pipeline) {
	d := p.Database
	if l.good("database.min_acu", "database.max_acu") && d.MinACU > d.MaxACU {
		l.report("database", "max_acu", fmt.Sprintf("%s is under min_acu, %s", formatNumber(d.MaxACU), formatNumber(d.MinACU)))
	}
	// Aurora refuses the names of PostgreSQL's own databases.
	if l.good("database.name") && slices.Contains([]string{"postgres", "rdsadmin", "template0", "template1"}, d.Name) {
		l.report("database", "name", fmt.Sprintf("%q is a database of the server's own", d.Name))
	}
	if l.good("database.user") && (d.User == "postgres" || strings.HasPrefix(d.User, "rds") || strings.HasPrefix(d.User, "pg_")) {
		l.report("database", "user", fmt.Sprintf("%q is a user of the server's own", d.User))
	}
}

func (l *loader) checkTelemetry(p *Pipeline) {
	t := p.Telemetry
	if l.good("telemetry.export", "telemetry.endpoint") && t.Export == "endpoint" && t.Endpoint == "" {
		l.report("telemetry", "endpoint", "the export endpoint needs one")
	}
	if l.good("telemetry.export", "telemetry.endpoint") && t.Export == "cloudwatch" && t.Endpoint != "" {
		l.report("telemetry", "endpoint", "is not used with the export cloudwatch")
	}
}

// nameLimits are the rules for names. All of them refuse what the formats of
// the parts refuse, so that only length and a few peculiarities are left.
var nameLimits = map[Kind]struct {
	max    int
	source string
}{
	KindCluster:      {255, "Amazon ECS API reference, CreateCluster"},
	KindService:      {255, "Amazon ECS API reference, CreateService"},
	KindLoadBalancer: {32, "Elastic Load Balancing API reference, CreateLoadBalancer"},
	KindTargetGroup:  {32, "Elastic Load Balancing API reference, CreateTargetGroup"},
	KindRepository:   {256, "Amazon ECR API reference, CreateRepository"},
	KindTopic:        {256, "Amazon SNS API reference, CreateTopic"},
	KindQueue:        {80, "Amazon SQS API reference, CreateQueue"},
	KindFunction:     {64, "AWS Lambda API reference, CreateFunction"},
	KindRole:         {64, "AWS IAM API reference, CreateRole"},
	KindDatabase:     {63, "Amazon RDS API reference, CreateDBCluster"},
	KindLogGroup:     {512, "Amazon CloudWatch Logs API reference, CreateLogGroup"},
	KindTable:        {255, "Amazon DynamoDB API reference, CreateTable"},
	// A bucket name has 63 characters; a hyphen and 12 digits follow.
	KindBucketPrefix: {63 - 13, "Amazon S3 user guide, General purpose bucket naming rules"},
}

func (l *loader) checkNames(p *Pipeline) {
	type maker struct {
		setting string
		kind    Kind
	}
	longest := map[maker]Name{} // of several that one setting makes too long
	for _, n := range p.Names() {
		m := maker{n.setting, n.Kind}
		if len(n.Value) > nameLimits[n.Kind].max && len(n.Value) > len(longest[m].Value) {
			longest[m] = n
		}
	}
	for _, n := range longest {
		limit := nameLimits[n.Kind]
		l.report(n.setting, "", fmt.Sprintf("makes the name %q of %s, which has %d characters; %d are allowed (%s)",
			n.Value, article(n.Kind), len(n.Value), limit.max, limit.source))
	}
	if strings.HasPrefix(p.LoadBalancerName(), "internal-") {
		l.report("environment", "", `makes the name of a load balancer that begins with "internal-", which AWS keeps for itself`)
	}
	l.checkComponents(p)
}

// checkComponents reports components of one name: their functions, roles and
// log groups would be the same.
func (l *loader) checkComponents(p *Pipeline) {
	taken := map[string]string{
		"database": "the database", "migrate": "the migrations", "notifier": "the notifier", "albspans": "the function for ALB spans",
	}
	// Signals and alarms are named after hops, and after consumers.
	hops := map[string]string{"edge": "a hop", "service": "a hop", "topic": "a hop"}
	for i := range p.Consumers {
		name := p.Consumers[i].Name
		other, ok := taken[name]
		if hop, isHop := hops[name]; isHop {
			other, ok = hop, true
		}
		if ok {
			l.report("consumers."+name, "", fmt.Sprintf("the name %s is that of %s", name, other))
		}
	}
	if other, ok := taken[p.Service.Name]; ok && l.good("service.name") {
		l.report("service", "name", fmt.Sprintf("the name %s is that of %s", p.Service.Name, other))
	}
	if p.Consumer(p.Service.Name) != nil {
		l.report("consumers."+p.Service.Name, "", "the name is that of the service")
	}
	if _, ok := taken[p.Topic.Event]; ok || strings.HasPrefix(p.Topic.Event, "alarms-") {
		l.report("topic", "event", fmt.Sprintf("the name %s is kept for other parts", p.Topic.Event))
	}
}

// article puts the right article before a kind: "an SNS topic".
func article(k Kind) string {
	if strings.ContainsRune("AEIS", rune(k[0])) {
		return "an " + string(k)
	}
	return "a " + string(k)
}
