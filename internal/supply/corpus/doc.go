// Package corpus holds tests that guard what is fuzzed: that every fuzz target has
// inputs in testdata/fuzz that are committed, and that none is of a target that is
// gone, whose inputs nobody runs.
package corpus
