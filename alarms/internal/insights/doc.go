// Package insights reads queries of CloudWatch Logs Insights: as much of the
// language as queries of alarms and runbooks need.
//
// Start from [Parse]. It refuses what is no query: an unknown command or function,
// a name that a command before has not made, an aggregate outside stats, a number of
// arguments that a function does not take. [Query.Fields] are the fields that a
// log line must have for it, [Query.Matches] whether its filters let a line pass.
//
// The language is AWS's, "CloudWatch Logs Insights language query syntax", Amazon
// CloudWatch Logs user guide. Of its commands fields, display, filter, parse, stats,
// sort, limit and dedup are read.
//
// The package imports the standard library alone.
package insights
