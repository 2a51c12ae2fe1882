// Package slogtrace puts the trace into slog records: every record logged with
// a context that holds a span gets trace_id, span_id and trace_flags, at the
// top level even of loggers made by WithGroup, so that one query finds the
// log lines of a trace.
//
// Start from [NewHandler]. It wraps any slog.Handler, and needs nothing of
// OpenTelemetry but its trace API.
//
// Of this module it imports nothing.
package slogtrace
