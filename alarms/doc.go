// Package alarms makes the CloudWatch alarms of a pipeline from its signals.
//
// Start from [For]. It takes a pipeline and the alarms that a team adds to it,
// and returns a checked [Set], or one error that names everything that is
// wrong: a duplicate, an alarm that names no runbook, a limit of CloudWatch
// that is broken. [CheckRunbooks] looks into the runbooks. [Set.Terraform] writes the set as Terraform JSON, [Set.Cost] says
// what it costs.
//
// An [Alarm] watches a metric, or the result of metric math over up to ten of
// them ([Metric]), or it joins other alarms ([Composite]). Who hears of it is
// its severity: see [Notify].
//
// What an alarm does with a history of its metrics can be tried before it is
// deployed: alarms/simulator evaluates it as CloudWatch does, and
// alarms/scenario reads histories and expectations from files.
//
// Of this module it imports alarms/internal, alarms/metricmath, alarms/snippet,
// internal/figure, pipeline and pipeline/signal.
package alarms
