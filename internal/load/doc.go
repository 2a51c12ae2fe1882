//go:build unix

// Command load finds out how much the service takes on this machine, what it
// does with more than that, and whether it stays as it is.
//
//	go run ./internal/load [-for 10m [-faults]]
//
// It runs the pipeline of internal/localpipeline with the real programs, and
// sends events at rates that rise until the service no longer keeps the
// description's objective of latency: the knee. Then it offers twice and four
// times as much, and little again. With -for it sends half of what the knee is
// for that long instead, and watches what the service holds. It prints a table,
// settles the accounts of all events, and fails if one of the checks does; see
// verdict.go. docs/load.md tells how to read the figures.
//
// The load is open-loop: requests begin at times that are set beforehand,
// whatever became of the others, and an answer's latency counts from the time
// at which its request was due. A stall is so felt by every request that it
// would have met, and not only by the one that waits for an answer. What a
// generator that runs late adds is in the figures, too, and shown beside them.
package main
