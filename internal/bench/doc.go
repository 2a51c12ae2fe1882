// Command bench measures what telemetry costs. Each figure is a ratio of two
// things that take turns in one run, because machines are noisy and differ.
//
//	go run ./internal/bench [-only REGEXP] [-rounds N] [-quick]
//
// It prints one table: what was measured, the median ratio with its quartiles,
// the two figures behind it, and the aim. It measures and does not judge: it
// fails when it cannot measure, never because an aim is missed.
// docs/performance.md tells how to read the figures and what stands behind
// them.
//
// The service is measured in processes of its own, one for each way it is set
// up. Everything that is not the service (clients, SNS, collector) is in
// another one; both are this program again, see role. Where there are two
// processors or more, the service has one and the others have the rest.
package main
