// Package postgres gives a demo or a test a PostgreSQL of its own.
//
// Start from [Start]: it makes a fresh database in the server of a given
// connection string or, without one, starts a private server from the
// binaries installed on the machine or, at last, from downloaded ones.
// Everything it made is gone after [Server.Stop], and also when the program
// dies without calling it.
//
// initdb takes most of the time a new server needs, so its result is kept as
// a template in the user's cache directory and unpacked for every start.
// PostgreSQL refuses to run as root; a root user's server therefore runs in a
// user namespace in which that user is another one or, where that is not
// allowed, as another user.
//
// Tests take [github.com/tracehaul/tracehaul/internal/postgres/postgrestest].
//
// It needs a Unix, is for demos and tests only, and listens on loopback only.
//
// Of this module it imports internal/filelock and internal/freeport.
package postgres
