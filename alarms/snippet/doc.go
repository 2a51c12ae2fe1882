// Package snippet makes the queries and commands that somebody types next who
// has heard of an alarm: CloudWatch Logs Insights, TraceQL, SQL and a shell's,
// with the names of one environment in them.
//
// Start from [For]. Package alarms says which of them belong to which alarm, and
// puts them into runbooks and messages. [InsightsURL] is an address that opens
// CloudWatch's console with a query and a time filled in.
//
// In a snippet, TRACE_ID and other words in capitals are for the reader to
// replace. Tests run all of them: on the lines and spans of the real programs, on
// the schema of the database, and on the parser of the command.
//
// The package imports pipeline and telemetry/semconv.
package snippet
