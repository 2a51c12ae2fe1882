package signal

import (
	"strings"
)

// Hop is a part of the way that an event takes, or what watches over it.
type Hop string

// Hops, in the order in which an event passes them.
const (
	HopEdge      Hop = "edge"       // the load balancer and what guards it
	HopService   Hop = "service"    // the ECS service
	HopTopic     Hop = "topic"      // the SNS topic
	HopQueue     Hop = "queue"      // the SQS queues of a consumer
	HopConsumer  Hop = "consumer"   // a consumer's Lambda function
	HopDatabase  Hop = "database"   // the Aurora cluster
	HopAlarmPath Hop = "alarm_path" // what carries an alarm to people
)

// Hops returns all hops, in the order in which an event passes them.
func Hops() []Hop {
	return []Hop{HopEdge, HopService, HopTopic, HopQueue, HopConsumer, HopDatabase, HopAlarmPath}
}

// Signal is a metric that somebody must care about.
type Signal struct {
	// ID names the signal within its pipeline, such as "edge.requests" or
	// "ledger.queue.age": the hop, or the consumer and its part, then what is
	// measured. It is lower-case words and digits with one of . - _ between
	// them; two signals differ in more than these signs, as Terraform has _ for
	// each.
	ID string

	// Hop is the part of the way that the signal is about.
	Hop Hop

	// Title is what the signal is called on a panel, such as "Age of the oldest message".
	Title string

	// Meaning says in a sentence or two what is counted, and what good looks like.
	Meaning string

	// Metric is the metric in CloudWatch.
	Metric Metric

	// Statistic is how CloudWatch sums up the samples of a period: Sum,
	// Average, Minimum, Maximum, SampleCount, a percentile such as p99, or a
	// percentile rank such as PR(:0.3).
	Statistic string

	// Unit is the unit of the metric's values: one of CloudWatch's,
	// [UnitDays] or [UnitCapacity].
	Unit Unit

	// Absent says what it means when there is no data.
	Absent Absent

	// Filter makes the metric out of log lines. It is the metric's only one,
	// and the metric has no dimensions. Nil for a metric that AWS, or a program,
	// reports by itself.
	Filter *LogFilter
}

// With returns the signal with another statistic of the same metric.
func (s Signal) With(statistic string) Signal {
	s.Statistic = statistic
	return s
}

// Metric names a metric in CloudWatch.
type Metric struct {
	Namespace  string
	Name       string
	Dimensions []Dimension // in CloudWatch's order, by name
}

// Key is one text that names the metric, for maps and messages.
func (m Metric) Key() string {
	var b strings.Builder
	b.WriteString(m.Namespace + "/" + m.Name)
	for _, d := range m.Dimensions {
		b.WriteString("," + d.Name + "=" + d.Value)
		if d.Input != "" {
			b.WriteString("$" + string(d.Input))
		}
	}
	return b.String()
}

// Dimension is a dimension of a metric. It has a value or an input.
type Dimension struct {
	Name  string
	Value string
	Input Input
}

// Input is a value that AWS chooses, so that it is known only after Terraform
// has applied. It is the name of a variable in the generated files.
type Input string

// Inputs.
const (
	// InputLoadBalancer is the end of the load balancer's ARN: app/NAME/ID.
	InputLoadBalancer Input = "load_balancer"
	// InputTargetGroupA and InputTargetGroupB are the ends of the ARNs of the
	// two target groups that swap roles at every deploy: targetgroup/NAME/ID.
	InputTargetGroupA Input = "target_group_a"
	InputTargetGroupB Input = "target_group_b"
	// InputCertificate is the ARN of the certificate of the domain.
	InputCertificate Input = "certificate"
)

// Inputs returns all inputs, in a fixed order.
func Inputs() []Input {
	return []Input{InputLoadBalancer, InputTargetGroupA, InputTargetGroupB, InputCertificate}
}

// Absent says what it means that a period has no data.
type Absent int

// Readings of a gap.
const (
	// AbsentNothing: nothing of the kind happened. AWS reports these only
	// where there is something to report. A gap is a zero.
	AbsentNothing Absent = iota
	// AbsentIdle: nothing was going on, so there is nothing to judge.
	AbsentIdle
	// AbsentFault: it is always reported as long as things are well. A gap is bad
	// news, or the end of the metric's source, which is no better.
	AbsentFault
)

// LogFilter counts from log lines: a CloudWatch metric filter. A line that is
// no match counts as zero, so that the metric has data while its program logs.
type LogFilter struct {
	// Name is the name of the filter within its log group: 512 characters at
	// most, no : and *.
	Name string

	// LogGroup is the log group that is looked at.
	LogGroup string

	// Pattern selects lines: as much of CloudWatch's syntax for JSON as
	// [LogFilter.Parse] reads.
	Pattern string

	// Value is what a line counts: a number, or the key of one such as $.failed,
	// in 100 characters at most.
	Value string
}
