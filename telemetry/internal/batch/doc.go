// Package batch holds items in a bounded queue and exports them in batches, on
// one goroutine of its own. Adding never blocks: what does not fit is dropped
// and counted. Flushing and shutting down are bounded by their contexts.
//
// Start from [New]. It knows nothing of what the items are.
package batch
