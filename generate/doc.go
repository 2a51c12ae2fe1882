// Package generate makes every file that comes from a pipeline's description:
// alarms and dashboards with their Terraform, what Terraform reads of the
// description, what provisions a local Grafana, the pages of queries, and what
// runbooks say of their alarms.
//
// Start from [Write], which is `tracehaul generate`, or from [Stale], which is
// `tracehaul generate --check`. A team with signals, alarms and panels of its own
// gives them to [Config], in a small program that it calls in place of the tool:
//
//	changes, err := generate.Write(generate.Config{Alarms: ourAlarms, Rows: ourRows})
//
// Package alarms/scenario takes the same function ourAlarms. If an alarm has no
// runbook, the error names it. examples/own-signal is such a program.
//
// Of this module it imports alarms, dashboards, internal/generated and
// pipeline.
package generate
