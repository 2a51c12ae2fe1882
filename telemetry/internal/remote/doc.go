// Package remote keeps the span context that came from another process in a
// context. It is what trace.ContextWithSpanContext does, in one allocation
// instead of two: it is done for every request and every message.
//
// Start from [Context], or hold a [Span] in a context of one's own that answers
// for [Key].
package remote
