//go:build unix

// Package program gets the module's own programs as files and runs them: the
// demo and the tests start the service and the consumer as the real binaries,
// not as functions.
//
// Start from [Build] and [Start]. Build needs the go command. It imports no
// other package of this module but the file lock.
package program
