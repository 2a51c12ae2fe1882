// Package event is the envelope that travels through a pipeline: CloudEvents
// 1.0 in JSON.
//
// Start from [Event]. [Parse] reads one event as it lies in a message,
// [ParseHTTP] what an HTTP client posted (one event, a batch, one in CloudEvents'
// binary mode, or plain JSON that is wrapped). [Event.AppendJSON] writes it.
//
// An event is identified by its source and id together, as the specification
// says; a second event with the same pair is a duplicate, whatever else it
// holds.
//
// Reading is strict. An event with a member twice, and JSON with bytes that are
// not UTF-8, with half a surrogate pair or with anything behind its end is
// refused, and so is an attribute that CloudEvents does not allow. Within the
// data a name may be given twice: jsonb keeps the last value. Everything
// has a limit: see [Limits]. A refusal is an [*Error] with a stable code; none
// is worth a retry. What Parse accepts, a PostgreSQL jsonb column accepts, too.
//
// The data of an event is never interpreted: [Event.Data] holds the bytes of
// the producer, and writing gives back the same bytes.
//
// Of this module it imports nothing.
// It needs the standard library alone.
package event
