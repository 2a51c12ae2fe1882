// Package recorded runs the CloudWatch queries of a Grafana dashboard against
// metrics that were recorded, so that a query that returns nothing is found
// without an account.
//
// Start from [Model], which makes a [Recording] of a pipeline: a normal stretch
// of time with trouble at every hop, in which no signal is silent. [Read] reads
// one that a team has made of its own account, with the AWS CLI.
// [Recording.Evaluate] then fills in a dashboard's variables, finds each metric
// as CloudWatch does, reads its statistic, evaluates the metric math, and returns a
// [Query] for each: how much came back, or why nothing did.
//
// # What is evaluated
//
// Queries that name their metric, also those that Grafana turns into a search:
// with a dimension that is *, has several values, or need not be the only one.
// Metric math is that of alarms/metricmath and also ANOMALY_DETECTION_BAND, FIRST,
// LAST and RUNNING_SUM, which an alarm cannot have. Queries with other functions,
// and Metrics Insights, count as without data, and the answer says why. Logs are
// left out.
//
// Variables have the values that a person sees who opens the dashboard: the one
// chosen when it was saved or, if that no longer exists, the first. Of the
// variables that ask CloudWatch, dimension_values is answered. A panel that is
// repeated is evaluated for each value.
//
// Of this module it imports alarms, alarms/metricmath, alarms/scenario,
// alarms/simulator, dashboards/internal, internal/spelling, pipeline and
// pipeline/signal.
package recorded
