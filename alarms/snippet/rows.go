package snippet

// Queries of the table that the reference consumer writes, and of PostgreSQL's own
// views. None changes anything. psql runs what ends with a semicolon.

func rows(ask, text string) Snippet { return Snippet{Ask: ask, Language: SQL, Text: text + ";"} }

// LatestRows tells when a row came last.
func (s Set) LatestRows() Snippet {
	return rows("Do rows arrive?", `SELECT date_trunc('minute', written_at) AS minute, count(*) AS rows, max(written_at - accepted_at) AS slowest
FROM events WHERE written_at > now() - interval '1 hour' GROUP BY 1 ORDER BY 1 DESC LIMIT 20`)
}

// LateRows are the slowest of an hour, with the time that each hop took.
func (s Set) LateRows() Snippet {
	return rows("Which rows came late, and where was the time lost?", `SELECT source, id, trace_id, written_at - accepted_at AS took,
  sent_at - accepted_at AS to_queue, received_at - sent_at AS waited, written_at - received_at AS stored, receive_count
FROM events WHERE written_at > now() - interval '1 hour' ORDER BY took DESC NULLS LAST LIMIT 20`)
}

// RowOfTrace is what came of one trace.
func (s Set) RowOfTrace() Snippet {
	return rows("Did the event of a trace arrive?", `SELECT source, id, type, accepted_at, written_at, receive_count FROM events WHERE trace_id = '`+traceID+`'`)
}

// LargestRows tells whose events leave no room beside them: a message has 256 KiB.
func (s Set) LargestRows() Snippet {
	return rows("Whose events are the largest?", `SELECT source, type, count(*) AS rows, max(coalesce(octet_length(data::text), octet_length(data_bytes))) AS bytes, max(written_at) AS last
FROM events WHERE written_at > now() - interval '1 hour' GROUP BY 1, 2 ORDER BY 4 DESC NULLS LAST LIMIT 20`)
}

// RowsBySource tells who sends less than before.
func (s Set) RowsBySource() Snippet {
	return rows("Which sources send less than an hour ago?", `SELECT source, count(*) FILTER (WHERE written_at > now() - interval '1 hour') AS last_hour, count(*) AS last_two_hours
FROM events WHERE written_at > now() - interval '2 hours' GROUP BY 1 ORDER BY 3 DESC LIMIT 20`)
}

// Sessions is what the database is doing.
func (s Set) Sessions() Snippet {
	return rows("What does the database do, and who waits for whom?", `SELECT pid, application_name, state, wait_event_type, wait_event, now() - xact_start AS open_for, pg_blocking_pids(pid) AS blocked_by, left(query, 80) AS query
FROM pg_stat_activity WHERE backend_type = 'client backend' AND state <> 'idle' ORDER BY xact_start LIMIT 20`)
}

// Connections are those of each program.
func (s Set) Connections() Snippet {
	return rows("Who has the connections?", `SELECT application_name, usename, state, count(*) AS connections, max(now() - state_change) AS longest
FROM pg_stat_activity WHERE backend_type = 'client backend' GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 20`)
}

// TransactionIDs is which tables hold old ones.
func (s Set) TransactionIDs() Snippet {
	return rows("Which tables are old, and when were they vacuumed?", `SELECT c.oid::regclass AS table, age(c.relfrozenxid) AS age, u.last_autovacuum, u.n_dead_tup
FROM pg_class c LEFT JOIN pg_stat_user_tables u ON u.relid = c.oid WHERE c.relkind IN ('r', 'm', 't') ORDER BY 2 DESC LIMIT 10`)
}

// OldTransactions is what keeps vacuum from working.
func (s Set) OldTransactions() Snippet {
	return rows("What keeps vacuum from working?", `SELECT 'session ' || pid AS held_by, age(backend_xmin) AS age FROM pg_stat_activity WHERE backend_xmin IS NOT NULL
UNION ALL SELECT 'prepared ' || gid, age(transaction) FROM pg_prepared_xacts
UNION ALL SELECT 'slot ' || slot_name, age(xmin) FROM pg_replication_slots WHERE xmin IS NOT NULL ORDER BY 2 DESC LIMIT 10`)
}

// Deadlocks is how many there were.
func (s Set) Deadlocks() Snippet {
	return rows("How many deadlocks were there, and since when?", `SELECT deadlocks, xact_rollback, stats_reset FROM pg_stat_database WHERE datname = current_database()`)
}
