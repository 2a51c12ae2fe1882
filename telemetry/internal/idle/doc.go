// Package idle puts work off until the program has nothing better to do: what
// must be done in the course of a job, but not before the job goes on, is done
// while the program waits for a database.
//
// Whoever has such work puts it into the context of the job, see [Context],
// and does it in the end if nobody has. Whoever is about to wait calls [Run].
// It imports nothing of this module.
package idle
