// Package memory tells Go's garbage collector what it has: cmd/service begins
// with [Tune], and so does whatever measures the service; cmd/consumer with
// [TuneFunction].
//
// The package imports nothing of this module.
package memory
