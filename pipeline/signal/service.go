package signal

import (
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Service is the ECS service.
//
// Sources: "Amazon ECS service utilization metrics", ECS developer guide, and
// "Amazon ECS Container Insights metrics", CloudWatch user guide. The latter
// are there only if Container Insights is on for the cluster.
type Service struct {
	CPU              Signal
	Memory           Signal
	RunningTasks     Signal
	DesiredTasks     Signal
	PendingTasks     Signal
	ContextsDropped  Signal
	TelemetryDropped Signal
}

func (c *Catalogue) service(p *pipeline.Pipeline) Service {
	cluster, name := Dimension{Name: "ClusterName", Value: p.ClusterName()}, Dimension{Name: "ServiceName", Value: p.ServiceName()}
	ecs := source{catalogue: c, prefix: "service.", hop: HopService, namespace: "AWS/ECS"}.with(cluster).with(name)
	insights := source{catalogue: c, prefix: "service.", hop: HopService, namespace: "ECS/ContainerInsights"}.with(cluster).with(name)
	lines := logs{source{catalogue: c, prefix: "service.", hop: HopService, namespace: logNamespace(p.ServiceName())}, pipeline.LogGroupName(pipeline.KindService, p.ServiceName())}
	return Service{
		CPU: ecs.add("cpu", "CPUUtilization", "Average", UnitPercent, AbsentFault, "CPU",
			"Mean CPU use of the tasks, of what they reserve. Autoscaling holds it at its target."),
		Memory: ecs.add("memory", "MemoryUtilization", "Maximum", UnitPercent, AbsentFault, "Memory",
			"Memory use of the fullest task, of what it reserves. A task that reaches 100 % is killed."),
		RunningTasks: insights.add("running_tasks", "RunningTaskCount", "Minimum", UnitCount, AbsentFault, "Running tasks",
			"Tasks that run. Good is what is desired."),
		DesiredTasks: insights.add("desired_tasks", "DesiredTaskCount", "Maximum", UnitCount, AbsentFault, "Desired tasks",
			"Tasks that autoscaling and deploys want to run."),
		PendingTasks: insights.add("pending_tasks", "PendingTaskCount", "Maximum", UnitCount, AbsentFault, "Pending tasks",
			"Tasks that are being started. Good is none for longer than a minute."),
		ContextsDropped: lines.sum("contexts_dropped", "ContextsDropped", semconv.LogContextDropped, semconv.LogKeyContexts,
			"Contexts dropped", "Trace contexts, or parts of them, for which a message had no room. Good is none: a trace breaks."),
		TelemetryDropped: lines.sum("telemetry_dropped", "TelemetryDropped", semconv.LogTelemetryDropped, semconv.LogKeyItems,
			"Telemetry dropped", "Spans, data points and log records that the service could not deliver. Good is none: somebody is blind."),
	}
}

// Topic is the SNS topic.
//
// Source: "Monitoring Amazon SNS topics using CloudWatch", SNS developer guide.
type Topic struct {
	Published   Signal
	PublishSize Signal
	Delivered   Signal
	Failed      Signal
	Lost        Signal // not even put into a queue for undelivered ones
	FilteredOut Signal
}

func (c *Catalogue) topic(p *pipeline.Pipeline) Topic {
	sns := source{catalogue: c, prefix: "topic.", hop: HopTopic, namespace: "AWS/SNS"}.
		with(Dimension{Name: "TopicName", Value: p.TopicName()})
	return Topic{
		Published: sns.add("published", "NumberOfMessagesPublished", "Sum", UnitCount, AbsentIdle, "Published",
			"Messages that the topic took. Each is an event that the service answered with 202."),
		PublishSize: sns.add("publish_size", "PublishSize", "Maximum", UnitBytes, AbsentIdle, "Message size",
			"Size of the largest message. SNS takes 256 KiB, attributes included."),
		Delivered: sns.add("delivered", "NumberOfNotificationsDelivered", "Sum", UnitCount, AbsentIdle, "Delivered",
			"Messages put into queues: one for each queue whose filter lets it pass."),
		Failed: sns.add("failed", "NumberOfNotificationsFailed", "Sum", UnitCount, AbsentNothing, "Failed deliveries",
			"Messages that a queue did not take. SNS tries 100,015 times over 23 days only where the queue is away; a denied permission or too many attributes fail at once. Good is none."),
		Lost: sns.add("lost", "NumberOfNotificationsFailedToRedriveToDlq", "Sum", UnitCount, AbsentNothing, "Lost",
			"Messages that neither a queue nor its queue for undelivered ones took. They are gone. Good is none, ever."),
		FilteredOut: sns.add("filtered_out", "NumberOfNotificationsFilteredOut", "Sum", UnitCount, AbsentNothing, "Filtered out",
			"Messages that a filter policy kept from a queue. With no policy there are none."),
	}
}
