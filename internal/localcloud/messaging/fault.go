package messaging

import "time"

// Call describes one request to Config.Fault.
type Call struct {
	// Service is "sns" or "sqs".
	Service string
	// Action is the API's name for the call, as "PublishBatch".
	Action string
	// Resource is the name of the topic or queue, or "" where the call has none.
	Resource string
	// Entries is the number of entries of a batch, and 1 for any other call.
	Entries int
}

// Fault says what goes wrong with a call. The parts combine: a fault can wait,
// do the work and then drop the connection.
type Fault struct {
	// Delay is waited for before anything is done; nothing is if the client
	// gives up meanwhile. Defaults to no wait.
	Delay time.Duration
	// Error is answered in place of doing the work. Defaults to none.
	Error *Error
	// Drop closes the connection without an answer. Defaults to DropNone.
	Drop Drop
	// FailEntries are the indexes of the entries of a batch that fail with
	// EntryError while the others succeed on HTTP 200. Ignored for calls that
	// are no batches. Defaults to none.
	FailEntries []int
	// EntryError is the error of FailEntries. Defaults to InternalError, the
	// server's fault.
	EntryError *Error
}

// Drop says when a connection is dropped.
type Drop int

const (
	// DropNone answers.
	DropNone Drop = iota
	// DropBefore closes the connection with nothing done.
	DropBefore
	// DropAfter does the work and closes the connection in place of the
	// answer: the client cannot know that it worked.
	DropAfter
)
