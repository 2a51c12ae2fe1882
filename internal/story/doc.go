// Package story tells what became of one event: from whatever somebody holds of
// it (a trace id, a header, an event, a message, a row) it asks every back end
// that is there, puts together what they know, says what is missing and where
// the event stopped, and shows that as text, JSON or HTML.
//
// Start from [Collect]. It gives a [Story]; [Story.WriteText] and
// [Story.WriteHTML] show it, its JSON form is what `tracehaul trace --json`
// prints. A back end is a [Backend]; those that exist are in the package
// source.
//
// Collecting goes in rounds. A back end gets [Clues] and returns what it has;
// new ids in that are clues for the next round. So the row leads from a message
// to the trace, and the trace to the logs.
//
// All text in a story comes from somebody else. What looks like a credential is
// masked before anything is shown, terminals get no control characters, and
// HTML is escaped.
//
// It imports internal/trace, and of telemetry the names and package xray.
package story
