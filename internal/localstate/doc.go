//go:build unix

// Package localstate is how one process finds a pipeline that another one keeps
// running on this machine: `tracehaul up` leaves a file with its addresses,
// `tracehaul trace`, `tracehaul doctor` and `tracehaul dlq` read it.
//
// Start from [Find], or [Named]. A file lives as long as the process that wrote it, which
// holds a lock on it: the system frees that when the process dies, however it
// dies. So a file that nobody holds is old and is removed.
//
// It imports internal/localpipeline for the addresses, and nothing else of
// this module.
package localstate
