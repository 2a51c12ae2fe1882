package dashboards

// databaseRows show the database's capacity, its health, what is slow and what
// was written last.
func (b *builder) databaseRows() []Row {
	if b.signals.Database == nil {
		return nil
	}
	return []Row{b.capacityRow(), b.healthRow(), b.statementRow(), b.latestRow()}
}

func (b *builder) capacityRow() Row {
	d, most := b.signals.Database, b.pipeline.Database.MaxACU
	return Row{Title: "Capacity", Panels: []Panel{
		{
			Key: "acu", Title: "Capacity in use", Max: 100, Width: 6,
			Description: "Capacity of the most that the writer may have. Good is below the lower line, with room for a burst. Above the upper one it grows no further: raise max_acu, or find the slow statement below.",
			Queries:     b.orElse(b.watch("database-acu", "capacity"), Metric(d.ACUUtilization, "capacity")),
			Alarms:      b.known("database-capacity", "database"),
		},
		{
			Key: "capacity", Title: "Capacity", Unit: "suffix: ACU", Max: most, Width: 6,
			Description: "Capacity that the writer has, in ACUs of about 2 GiB of memory each. Good follows the load within a minute. At the top it cannot grow.",
			Queries:     list(Metric(d.Capacity, "capacity")),
		},
		{
			Key: "cpu", Title: "CPU of the present capacity", Width: 6,
			Description: "CPU in use of what the present capacity has. CloudWatch's own figure beside it is of the greatest capacity and looks harmless. Good is below the line.",
			Queries:     b.orElse(b.watch("database-cpu", "of the present capacity"), Metric(d.CPU, "of the greatest capacity")),
		},
		{
			Key: "cpu-of-most", Title: "CPU of the greatest capacity", Max: 100, Width: 6,
			Description: "CPU in use of what the greatest capacity would have: CloudWatch's own figure. Good is low; to be read together with the capacity.",
			Queries:     list(Metric(d.CPU, "CPU")),
		},
		{
			Key: "connections", Title: "Connections", Width: 6,
			Description: "Open connections to the writer. Good is one for each sandbox that runs. Near the line new sandboxes will be refused: lower max_concurrency, or find who holds them.",
			Queries:     b.orElse(b.watch("database-connections", "open"), Metric(d.Connections, "open")),
		},
		{
			Key: "pool", Title: "Connections of the consumers", Unit: "short", Width: 6,
			Description: "Connections that the consumers' pools hold, by what they are doing. Good is idle ones ready; used for long without messages is a hung statement.",
			Queries:     list(PromQL("sum by (service_name, db_client_connection_state) ("+connections.prom()+"{"+b.selectorAll()+"})", "{{service_name}} {{db_client_connection_state}}")),
		},
		{
			Key: "memory", Title: "Free memory", Width: 6,
			Description: "Memory that would be free at the greatest capacity. Good is above the line. Below it queries spill to disk, then are killed.",
			Queries:     b.watch("database-memory", "free"),
		},
		{
			Key: "volume", Title: "Storage used", Width: 6, Since: "30d",
			Description: "Size of the cluster's volume, which is paid for; reported every few hours. Good grows as the events do. A jump is a table that is not vacuumed.",
			Queries:     list(Metric(d.VolumeUsed, "used").Every(hour)),
		},
	}}
}

func (b *builder) healthRow() Row {
	d := b.signals.Database
	row := Row{Title: "Health", Panels: []Panel{
		{
			Key: "commit", Title: "Commit latency", Width: 6,
			Description: "Mean time of a commit. Good is a few milliseconds. Tens mean that the storage is busy, or that commits are many and small.",
			Queries:     list(Metric(d.CommitLatency, "commit")),
		},
		{
			Key: "deadlocks", Title: "Deadlocks", Width: 6,
			Description: "Deadlocks a second. Good is none: batches are sorted by key. Somebody else writes in another order.",
			Queries:     b.watch("database-deadlocks", "deadlocks"),
		},
		{
			Key: "transaction-ids", Title: "Age of the oldest transaction id", Width: 6, Since: "7d",
			Description: "Transaction ids in use since the oldest was frozen. Good is below the line and falling after a vacuum. At about 2.1 billion PostgreSQL takes no more writes.",
			Queries:     b.watch("database-transaction-ids", "ids"),
		},
	}}
	if d.ReplicaLag != nil {
		row.Panels = append(row.Panels, Panel{
			Key: "replica-lag", Title: "Replica lag", Width: 6,
			Description: "How far the slowest reader is behind the writer. Good is under 100 ms. Above the line who reads there does not see what was just written.",
			Queries:     b.orElse(b.watch("database-replica-lag", "lag"), Metric(*d.ReplicaLag, "lag")),
		})
	}
	return row
}

// slowStatements lists what PostgreSQL logged as slow. Its log has no values of
// parameters, as the cluster's settings keep them out.
const slowStatements = `filter @message like /duration: / | parse @message "duration: * ms" as ms | fields @timestamp, ms, @message | sort ms desc | limit 30`

// runningStatements lists what runs now and for how long. The text of a
// statement has placeholders for its values.
const runningStatements = `SELECT pid, application_name, state, wait_event_type, wait_event,
       date_part('epoch', clock_timestamp() - query_start) AS seconds,
       left(regexp_replace(query, '\s+', ' ', 'g'), 200) AS statement
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND query <> ''
ORDER BY (state = 'idle'), query_start
LIMIT 30`

func (b *builder) statementRow() Row {
	all := b.selectorAll()
	by := []string{"db_operation_name", "db_collection_name"}
	legend := "{{db_operation_name}} {{db_collection_name}}"
	return Row{Title: "Statements", Panels: []Panel{
		{
			Key: "statements", Title: "Statements of the consumers", Unit: "ops",
			Description: "Statements a second, by what they do. Good is one INSERT for each batch.",
			Queries:     list(PromQL(statements.rate(all, by...), legend)),
		},
		{
			Key: "statement-time", Title: "Time of statements, p99", Unit: "s",
			Description: "Slowest of a hundred statements, by what they do; diamonds are traces. Good is milliseconds. Slow with idle CPU is a lock; with full CPU, capacity.",
			Queries:     list(PromQL(statements.quantile(0.99, all, by...), legend).Exemplars()),
		},
		{
			Key: "statement-errors", Title: "Failing statements", Unit: "ops",
			Description: "Statements a second that failed, by PostgreSQL's code. Good is none. 40001 and 40P01 pass; 23xxx is an event that the table refuses; 57P01 a failover.",
			Queries:     list(PromQL(statements.rate(all+`, error_type!=""`, "error_type"), "{{error_type}}")),
		},
		{
			Key: "connection-wait", Title: "Waiting for a connection", Unit: "s",
			Description: "How long consumers waited for a connection of their pool. Good is next to nothing. Much: the pool is smaller than what runs at once, or connections are slow to open.",
			Queries:     list(PromQL(connectionWait.quantile(0.99, all), "p99")),
		},
		{
			Key: "running", Title: "What runs now", Kind: Table, Width: 16,
			Description: "Statements that run, those first that have run longest; without the values. Good is nothing above a second. wait_event says what one waits for.",
			Queries:     list(SQL(runningStatements)),
		},
		{
			Key: "slow", Title: "Slow statements logged", Kind: Table, Width: 24,
			Description: "Statements that PostgreSQL logged as slow, the slowest first; without the values of parameters. Good is an empty list. Explain the first one.",
			Queries:     list(LogsInsights(b.pipeline.DatabaseLogGroup(), slowStatements)),
		},
	}}
}

// latestRows lists the latest rows without their data.
const latestRows = `SELECT written_at, source, id, type, receive_count,
       date_part('epoch', received_at - sent_at) AS queue_seconds,
       date_part('epoch', written_at - accepted_at) AS end_to_end_seconds,
       trace_id
FROM events
WHERE $__timeFilter(written_at)
ORDER BY written_at DESC
LIMIT 50`

// rowsByMinute counts rows.
const rowsByMinute = `SELECT $__timeGroupAlias(written_at, '1m'), count(*) AS rows,
       count(*) FILTER (WHERE receive_count > 1) AS "delivered more than once"
FROM events
WHERE $__timeFilter(written_at)
GROUP BY 1
ORDER BY 1`

func (b *builder) latestRow() Row {
	return Row{Title: "Rows", Panels: []Panel{
		{
			Key: "rows", Title: "Rows by minute", Unit: "short",
			Description: "Rows written in a minute, and those of messages that had been delivered before. Good follows what is accepted; many delivered more than once is a consumer that fails and recovers.",
			Queries:     list(SQL(rowsByMinute).Series()),
		},
		{
			Key: "latest", Title: "Latest rows", Kind: Table, Width: 16, Height: 12,
			Description: "The latest rows, without their data; a trace id leads to its trace. Good is rows of the last seconds. None: go up the pipeline's board.",
			Queries:     list(SQL(latestRows)), Links: b.rowLinks("trace_id"),
		},
	}}
}
