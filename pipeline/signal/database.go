package signal

import (
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Database is the Aurora cluster. The signals of one instance are those of
// the writer.
//
// Sources: "Amazon CloudWatch metrics for Amazon Aurora" and "Important
// Amazon CloudWatch metrics for Aurora Serverless v2", Aurora user guide.
type Database struct {
	ACUUtilization Signal
	Capacity       Signal
	CPU            Signal
	Connections    Signal
	FreeMemory     Signal
	Deadlocks      Signal
	TransactionIDs Signal
	CommitLatency  Signal
	VolumeUsed     Signal
	ReplicaLag     *Signal // nil without readers
}

func (c *Catalogue) database(p *pipeline.Pipeline) *Database {
	cluster := source{catalogue: c, prefix: "database.", hop: HopDatabase, namespace: "AWS/RDS"}.
		with(Dimension{Name: "DBClusterIdentifier", Value: p.DatabaseName()})
	writer := cluster.with(Dimension{Name: "Role", Value: "WRITER"})
	absent := AbsentFault
	if p.Database.MinACU == 0 {
		absent = AbsentIdle // a cluster that has paused reports little
	}
	d := &Database{
		ACUUtilization: writer.add("acu_utilization", "ACUUtilization", "Average", UnitPercent, absent, "Capacity in use",
			"Capacity that the writer has, of the most that it may have. At 100 % it grows no further."),
		Capacity: writer.add("capacity", "ServerlessDatabaseCapacity", "Average", UnitCapacity, absent, "Capacity",
			"Capacity that the writer has, in ACUs. One has about 2 GiB of memory."),
		CPU: writer.add("cpu", "CPUUtilization", "Average", UnitPercent, absent, "CPU",
			"CPU that the writer uses, of what it would have at its greatest capacity. To be read together with the capacity that it has."),
		Connections: writer.add("connections", "DatabaseConnections", "Maximum", UnitCount, absent, "Connections",
			"Open connections to the writer. A Lambda sandbox holds one until it is taken down."),
		FreeMemory: writer.add("free_memory", "FreeableMemory", "Minimum", UnitBytes, absent, "Free memory",
			"Memory that would be free if the writer were scaled to its greatest capacity."),
		Deadlocks: writer.add("deadlocks", "Deadlocks", "Average", UnitCountPerSecond, absent, "Deadlocks",
			"Deadlocks a second. Good is none: batches are sorted by key so that they cannot block each other."),
		TransactionIDs: writer.add("transaction_ids", "MaximumUsedTransactionIDs", "Maximum", UnitCount, absent, "Age of the oldest transaction id",
			"Transaction ids in use since the oldest was frozen. At about 2.1 billion PostgreSQL takes no more writes."),
		CommitLatency: writer.add("commit_latency", "CommitLatency", "Average", UnitMilliseconds, AbsentIdle, "Commit latency",
			"Mean time of a commit."),
		VolumeUsed: cluster.add("volume_used", "VolumeBytesUsed", "Average", UnitBytes, absent, "Storage used",
			"Size of the cluster's volume, which is paid for. Reported every few hours."),
	}
	if p.Database.Readers > 0 {
		s := cluster.add("replica_lag", "AuroraReplicaLagMaximum", "Maximum", UnitMilliseconds, AbsentIdle, "Replica lag",
			"How far the slowest reader is behind the writer. Good is under 100 ms.")
		d.ReplicaLag = &s
	}
	return d
}

// AlarmPath is what carries an alarm to people: the notifier and its queue.
type AlarmPath struct {
	Invocations Signal
	Errors      Signal
	Undelivered Signal // messages that the notifier gave up
	Heartbeats  []Heartbeat
}

// Heartbeat counts the heartbeats that came through one topic.
type Heartbeat struct {
	Severity string
	Received Signal
}

func (c *Catalogue) alarmPath(p *pipeline.Pipeline) AlarmPath {
	name := p.NotifierName()
	lambda := source{catalogue: c, prefix: "notifier.", hop: HopAlarmPath, namespace: "AWS/Lambda"}.
		with(Dimension{Name: "FunctionName", Value: name})
	dlq := source{catalogue: c, prefix: "notifier.", hop: HopAlarmPath, namespace: "AWS/SQS"}.
		with(Dimension{Name: "QueueName", Value: p.NotifierDLQName()})
	a := AlarmPath{
		Invocations: lambda.add("invocations", "Invocations", "Sum", UnitCount, AbsentIdle, "Notifier invocations",
			"Times that the notifier ran: one for each message of an alarm topic, and each try."),
		Errors: lambda.add("errors", "Errors", "Sum", UnitCount, AbsentNothing, "Notifier failures",
			"Messages of alarms that the notifier could not send on at the first try, or the next. Good is none."),
		Undelivered: dlq.add("undelivered", "ApproximateNumberOfMessagesVisible", "Maximum", UnitCount, AbsentNothing, "Alarms unheard",
			"Messages of alarms that reached nobody. Good is none."),
	}
	lines := logs{
		source{catalogue: c, prefix: "notifier.heartbeats.", hop: HopAlarmPath, namespace: logNamespace(name)},
		pipeline.LogGroupName(pipeline.KindFunction, name),
	}
	for _, severity := range pipeline.Severities() {
		pattern := `{ $.msg = "` + semconv.LogHeartbeat + `" && $.` + semconv.LogKeyTopic + ` = "` + severity + `" }`
		a.Heartbeats = append(a.Heartbeats, Heartbeat{severity, lines.count(severity, "Heartbeats-"+severity, pattern, "1",
			"Heartbeats for "+severity, "Heartbeats that came through the topic for "+severity+". Good is one an hour.")})
	}
	return a
}
