package alarms

import (
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

const gibibyte = 1 << 30

// maxConnections is PostgreSQL's max_connections in Aurora Serverless v2: it
// follows from the greatest capacity and does not change while the cluster
// scales. The published values (189 for 1 ACU, 823 for 4, 1,669 for 8, 3,360 for
// 16, at most 5,000) lie on a line. With a least capacity of 0 or 0.5 there are
// at most 2,000. ("Performance and scaling for Aurora Serverless v2", Maximum
// connections, Aurora user guide.)
func maxConnections(d pipeline.Database) float64 {
	most := 5000.0
	if d.MinACU <= 0.5 {
		most = 2000
	}
	return min(most, 211.4*d.MaxACU-22)
}

func (b *builder) database() {
	d := b.signals.Database
	if d == nil {
		return
	}
	logs := LogQuery{
		pipeline.LogGroupName(pipeline.KindFunction, b.pipeline.Consumers[b.firstSink()].FunctionName()),
		queryErrors,
	}
	gone := MissingBreaching
	if b.pipeline.Database.MinACU == 0 {
		gone = MissingNotBreaching // it may have paused
	}
	b.page(Alarm{
		Key: "database", Title: "The database is at its limit", Hop: signal.HopDatabase, Runbook: "database.md",
		Meaning: "The database can take no more. Messages fail and come again; rows are late.",
		Logs:    logs,
	}, "", Alarm{
		Key: "database-capacity", Title: "The database is out of capacity", Runbook: "database-capacity.md",
		Meaning: "The writer has had nearly all the capacity it may have for a quarter of an hour, or says nothing at all.",
		Logs:    logs,
		Metric:  &Metric{Inputs: of(d.ACUUtilization), Threshold: 95, Period: minutes(5), Periods: 3, Missing: gone},
	}, Alarm{
		Key: "database-connections", Title: "The database is nearly out of connections", Runbook: "database-connections.md",
		Meaning: "More than 80 % of the connections that the database takes are open. New sandboxes of a consumer will be refused.",
		Logs:    logs,
		Metric:  &Metric{Inputs: of(d.Connections), Threshold: round(0.8*maxConnections(b.pipeline.Database), 0), Periods: 5, Missing: MissingNotBreaching},
	})
	b.databaseTickets(d, logs)
}

// firstSink is a consumer that writes to the database.
func (b *builder) firstSink() int {
	for i := range b.pipeline.Consumers {
		if b.pipeline.Consumers[i].Sink == "postgres" {
			return i
		}
	}
	return 0
}

func (b *builder) databaseTickets(d *signal.Database, logs LogQuery) {
	ticket := func(a Alarm) {
		a.Hop, a.Severity, a.Logs, a.Metric.Missing = signal.HopDatabase, pipeline.SeverityTicket, logs, MissingNotBreaching
		b.add(a)
	}
	most := b.pipeline.Database.MaxACU
	ticket(Alarm{
		Key: "database-acu", Title: "The database has little capacity left", Runbook: "database-acu.md",
		Meaning: "The writer has had more than 80 % of the capacity that it may have for half an hour. A burst would find none.",
		Metric:  &Metric{Inputs: of(d.ACUUtilization), Threshold: 80, Period: minutes(5), Periods: 6},
	})
	ticket(Alarm{
		Key: "database-cpu", Title: "The database is out of CPU", Runbook: "database-cpu.md",
		Meaning: "The writer uses more than 90 % of the CPU that it has at its present capacity, for a quarter of an hour. CloudWatch's own figure is of the greatest capacity and would look harmless.",
		Metric: &Metric{
			Inputs:     []Input{{"cpu", d.CPU}, {"capacity", d.Capacity}},
			Expression: "IF(capacity > 0, cpu * " + number(most) + " / capacity, 0)",
			Threshold:  90, Unit: signal.UnitPercent, Period: minutes(5), Periods: 3,
		},
	})
	ticket(Alarm{
		Key: "database-memory", Title: "The database is nearly out of memory", Runbook: "database-memory.md",
		Meaning: "Less than 5 % of the memory of the greatest capacity would be free. Queries will spill to disk, then be killed.",
		Metric:  &Metric{Inputs: of(d.FreeMemory), Comparison: Below, Threshold: round(0.05*most*2*gibibyte, 0), Period: minutes(5), Periods: 3},
	})
	ticket(Alarm{
		Key: "database-deadlocks", Title: "Transactions block each other", Runbook: "database-deadlocks.md",
		Meaning: "There are more than three deadlocks a minute for a quarter of an hour. The consumer sorts its batches, so that somebody else writes in another order.",
		Metric:  &Metric{Inputs: of(d.Deadlocks), Threshold: 0.05, Period: minutes(5), Periods: 3},
	})
	ticket(Alarm{
		Key: "database-transaction-ids", Title: "PostgreSQL runs out of transaction ids", Runbook: "database-transaction-ids.md",
		Meaning: "The oldest transaction id is a thousand million old. At about 2.1 thousand million PostgreSQL takes no more writes; vacuum does not keep up, or something keeps it from working.",
		Metric:  &Metric{Inputs: of(d.TransactionIDs), Threshold: 1e9, Period: minutes(60)},
	})
	if d.ReplicaLag != nil {
		ticket(Alarm{
			Key: "database-replica-lag", Title: "Readers are behind", Runbook: "database-replica-lag.md",
			Meaning: "The slowest reader is more than a second behind the writer for a quarter of an hour. Who reads there does not see what was just written.",
			Metric:  &Metric{Inputs: of(*d.ReplicaLag), Threshold: 1000, Period: minutes(5), Periods: 3},
		})
	}
}
