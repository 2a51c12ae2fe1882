// Package scenarios holds the kit's alarm scenarios: package alarms/scenario
// reads them, and `tracehaul init` writes them beside a new description. They
// are for the alarms and sizes of the reference pipeline in prod, whose consumer
// is called ledger.
//
// It imports nothing of this module.
package scenarios

import "embed"

// Files are the scenarios, those of incidents in a directory of their own, and
// the list of mutants that are no fault.
//
//go:embed *.scenario incidents/*.scenario equivalent.txt
var Files embed.FS
