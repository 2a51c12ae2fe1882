// Package snippet makes the queries and commands to run after an alarm: in
// CloudWatch Logs Insights, TraceQL and SQL, and for a shell, with the names of
// one environment in them.
//
// Start from [For]:
//
//	fmt.Println(snippet.For(p).FailingRequests().Text)
//
// Package alarms says which of them belong to which alarm, and puts them into
// runbooks and messages. [InsightsURL] is an address that opens CloudWatch's
// console with a query and a time filled in.
//
// In a snippet, TRACE_ID is for the reader to replace. Tests run each against what
// it asks: queries of lines and spans against those of the real programs, queries
// of rows in psql against the real schema with a row in it, commands of tracehaul
// against its own parser. What only AWS can answer is compared with what AWS
// documents, in testdata: lines of Lambda and of the firewall, and a table of the
// AWS CLI's options, values and members of answers. No command was sent to AWS.
//
// Of this module it imports alarms/internal, pipeline and telemetry/semconv.
package snippet
