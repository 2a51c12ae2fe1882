// Package postgres stores events in PostgreSQL or Aurora PostgreSQL: the
// [consumer.Sink] of the reference pipeline.
//
// Start from [Open], which connects to nothing yet, and [New]. The table is made
// by package migrate, which a deployment runs.
//
// A batch is one statement in one round trip, and one transaction. Rows that
// are there already are left alone, so writing twice is harmless. Every row
// holds the trace and the span that wrote it, and every message's trace shows
// the INSERT.
//
// Errors hold no data of events and no secrets: a PostgreSQL error is reduced
// to its SQLSTATE and the names of constraint, table and column.
//
// Of this module it imports consumer and telemetry/pgxtrace.
package postgres
