// Package runbooks holds the kit's runbooks, for whoever has them elsewhere than
// in a copy of this repository: `tracehaul init` writes them beside a new
// description, and alarms.CheckRunbooks reads them in a program of one's own.
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
