//go:build unix

// Command faults proves what the pipeline promises: every event that the
// service has accepted is in the table exactly once, or in a dead-letter queue
// with its reason and its trace, whatever breaks on the way.
//
//	go run ./internal/faults [-short] [-run REGEXP] [-runs N] [-list] [-mutate]
//
// Each scenario starts a pipeline of its own with the real programs, sends
// events that each have an id and a checksum, breaks one thing, mends it, and
// waits until the queue is empty. Then the books are settled: what clients
// were answered is held against all rows, all dead letters and all spans. What
// is lost, doubled, corrupted, broken off from its trace, unexplained or was
// never sent fails the run; so does a fault that was never met, because it
// proves nothing. What depends on time, and is missed, is repeated: twice at most
// in a scenario, and the table says so.
//
// With -mutate it proves the same of itself: it takes one safeguard after the
// other out of the programs, as the idempotent insert or the halving of a batch
// with poison in it, and wants a scenario to say what is wrong then.
//
// Start from scenario in scenario.go. A file of scenarios returns them from
// one function, which is named in scenarios.go. The books are in ledger.go,
// what is found in evidence.go, and how one is held against the other in
// account.go and trees.go.
package main
