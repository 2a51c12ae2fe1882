// Package harness is what the commands below internal have in common, which play
// the pipeline on this machine: their main functions, and waiting.
//
// Start from [Main]. It imports nothing of this module.
package harness
