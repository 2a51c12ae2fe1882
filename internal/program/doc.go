// Package program gets the module's own programs as files that can be run:
// the demo and the tests start the service and the consumer as the real
// binaries, not as functions.
//
// Start from [Build]. It needs the go command. It imports no other package of
// this module but the file lock.
package program
