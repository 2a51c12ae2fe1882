package alarms

import (
	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/internal/figure"
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
	logs := b.snippets.Consumer(&b.pipeline.Consumers[b.firstSink()]).Errors
	b.page(Alarm{
		Key: "database", Title: "The database is at its limit", Hop: signal.HopDatabase, Runbook: "database.md",
		Meaning: "The database is at its limit. Messages fail and are delivered again; rows are late.",
		Logs:    logs,
	}, "", Alarm{
		Key: "database-capacity", Title: "The database is out of capacity", Runbook: "database-capacity.md",
		Meaning: "For some time the writer has used nearly all the capacity that it may have. It grows no further.",
		Logs:    logs,
		Metric:  b.outOfCapacity(d),
	}, Alarm{
		Key: "database-connections", Title: "The database is nearly out of connections", Runbook: "database-connections.md",
		Meaning: "Most of the connections that the database takes are open. New sandboxes of a consumer will be refused.",
		Logs:    logs,
		Metric:  &Metric{Inputs: of(d.Connections), Threshold: figure.Round(0.8*maxConnections(b.pipeline.Database), 0), Periods: 8, Datapoints: 5, Missing: MissingNotBreaching},
	})
	if b.pipeline.Database.MinACU > 0 { // else it may have paused
		b.add(silent("database-silent", "Nothing is known of the database", signal.HopDatabase, d.ACUUtilization, logs,
			"The writer reports nothing: it is stopped or gone, or its metrics are late. Alarms on it cannot fire."))
	}
	b.databaseTickets(d, logs)
}

// scales reports whether the capacity says anything about the load: one whose
// least is near its greatest is always near it.
func (b *builder) scales() bool {
	return b.pipeline.Database.MinACU < 0.75*b.pipeline.Database.MaxACU
}

// outOfCapacity watches the capacity or, where that is always the same, the CPU.
func (b *builder) outOfCapacity(d *signal.Database) *Metric {
	m := b.cpuInUse(d)
	if b.scales() {
		m = &Metric{Inputs: of(d.ACUUtilization)}
	}
	m.Threshold, m.Period, m.Periods, m.Missing = 95, minutes(5), 3, MissingNotBreaching
	return m
}

// cpuInUse is the CPU in use of what the present capacity has. CloudWatch's own
// figure is of the greatest capacity.
func (b *builder) cpuInUse(d *signal.Database) *Metric {
	return &Metric{
		Inputs:     []Input{{"cpu", d.CPU}, {"capacity", d.Capacity}},
		Expression: "IF(capacity > 0, cpu * " + figure.Number(b.pipeline.Database.MaxACU) + " / capacity, 0)", Unit: signal.UnitPercent,
	}
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

func (b *builder) databaseTickets(d *signal.Database, logs snippet.Snippet) {
	ticket := func(a Alarm) {
		a.Hop, a.Severity, a.Logs, a.Metric.Missing = signal.HopDatabase, pipeline.SeverityTicket, logs, MissingNotBreaching
		b.add(a)
	}
	most := b.pipeline.Database.MaxACU
	if b.scales() {
		ticket(Alarm{
			Key: "database-acu", Title: "The database has little capacity left", Runbook: "database-acu.md",
			Meaning: "For a good while the writer has had most of the capacity that it may have. A burst would find little.",
			Metric:  &Metric{Inputs: of(d.ACUUtilization), Threshold: 80, Period: minutes(5), Periods: 6},
		})
	}
	cpu := b.cpuInUse(d)
	cpu.Threshold, cpu.Period, cpu.Periods = 90, minutes(5), 3
	ticket(Alarm{
		Key: "database-cpu", Title: "The database is out of CPU", Runbook: "database-cpu.md",
		Meaning: "The writer uses nearly all the CPU that it has at its present capacity. CloudWatch's own figure is a share of the greatest capacity and would look harmless.",
		Metric:  cpu,
	})
	ticket(Alarm{
		Key: "database-memory", Title: "The database is nearly out of memory", Runbook: "database-memory.md",
		Meaning: "Little memory would be free even at the greatest capacity. Queries will spill to disk, then be killed.",
		Metric:  &Metric{Inputs: of(d.FreeMemory), Comparison: Below, Threshold: figure.Round(0.05*most*2*gibibyte, 0), Period: minutes(5), Periods: 3},
	})
	ticket(Alarm{
		Key: "database-deadlocks", Title: "Transactions block each other", Runbook: "database-deadlocks.md",
		Meaning: "Deadlocks keep occurring. The consumer sorts its batches, so somebody else writes in another order.",
		Metric:  &Metric{Inputs: of(d.Deadlocks), Threshold: 0.05, Period: minutes(5), Periods: 3},
	})
	ticket(Alarm{
		Key: "database-transaction-ids", Title: "PostgreSQL runs out of transaction ids", Runbook: "database-transaction-ids.md",
		Meaning: "The oldest transaction id is very old: vacuum does not keep up, or something keeps it from working. When the ids run out, PostgreSQL takes no more writes.",
		Metric:  &Metric{Inputs: of(d.TransactionIDs), Threshold: 1e9, Period: minutes(60)},
	})
	if d.ReplicaLag != nil {
		ticket(Alarm{
			Key: "database-replica-lag", Title: "Readers are behind", Runbook: "database-replica-lag.md",
			Meaning: "The slowest reader is far behind the writer. Whoever reads there does not see what was just written.",
			Metric:  &Metric{Inputs: of(*d.ReplicaLag), Threshold: 1000, Period: minutes(5), Periods: 3},
		})
	}
}
