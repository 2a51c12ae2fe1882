// Package pgxtrace traces and measures PostgreSQL through pgx, by
// OpenTelemetry's stable database conventions.
//
// Start from [Instrument] before the pool is made and [ObservePool] after:
//
//	cfg, _ := pgxpool.ParseConfig(url)
//	pgxtrace.Instrument(cfg, pgxtrace.Config{})
//	pool, _ := pgxpool.NewWithConfig(ctx, cfg)
//
// A query, a batch or a copy becomes a CLIENT span named after what it does and
// to which table, `INSERT events`. Name it with [WithOperation]; a query without
// one is named after its SQL: the command, and the table where there is no doubt
// about it. It is QUERY if it begins with no command of PostgreSQL's, nor with
// CockroachDB's UPSERT, as the name of a prepared statement does. A query that
// serves several traces at once, such as one INSERT for a batch of messages, goes
// through [FanOut], and every one of these traces shows it.
//
// The statement's text is recorded, with its literals replaced unless it has
// parameters ([Config.NoStatement]); parameters and a COPY's rows never are: not
// in a span, a metric or an error. Prepare makes no span.
//
// Of this module it imports telemetry/internal and telemetry/semconv.
package pgxtrace
