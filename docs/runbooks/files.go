// Package runbooks holds the kit's runbooks as files for programs: `tracehaul init`
// writes them beside a new description, and a program of your own can give them
// to alarms.CheckRunbooks.
//
// It imports nothing of this module.
package runbooks

import "embed"

// Files are the runbooks, README.md with the list of them among them, as they
// are for the reference pipeline: alarms.FillRunbook writes the alarms of
// another one into them.
//
//go:embed *.md
var Files embed.FS
