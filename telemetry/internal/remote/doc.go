// Package remote reads the span context that came from another process, and
// keeps it in a context. The latter is what trace.ContextWithSpanContext does,
// in one allocation instead of two: it is done for every request and every
// message.
//
// Start from [ParseTraceparent] and [Context], or hold a [Span] in a context of
// one's own that answers for [Key].
package remote
