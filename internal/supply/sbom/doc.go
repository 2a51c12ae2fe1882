// Command sbom writes the bill of materials of a program, as CycloneDX: what is in
// it, from its own build information, by cyclonedx-gomod, and under which
// licences, by package licence. Start from run.
//
// The same program gives the same bytes: nothing of the machine or of the time of
// the run is in them. A module that is in the program and not in the bill is an
// error.
//
// It may import internal/supply/licence; nothing imports it.
package main
