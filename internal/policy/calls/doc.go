// Package calls finds the calls to AWS that a program can make, by reading its
// source with its types: every operation of the SDK, the token that connects to
// a database, and requests that are signed. Start from [Of].
//
// A function counts if a way leads to it from main: it is called or named in one
// that counts, or is a method of a type that is. So nothing that can be called
// is missed, and what another program's functions do in a shared package is left
// out.
//
// Only tests import this package.
package calls
