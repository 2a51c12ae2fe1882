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
// one is named after the first words of its SQL. A query that serves several
// traces at once, such as one INSERT for a batch of messages, goes through
// [FanOut], and every one of these traces shows it.
//
// The statement's text is recorded, its parameters never: not in a span, a
// metric or an error.
//
// Of this module it imports telemetry/internal and telemetry/semconv.
package pgxtrace
