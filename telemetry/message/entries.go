package message

import "context"

type entriesKey struct{}

// WithEntries gives every entry of the batch that is sent with the returned
// context its own parent: entries[i] is that of entry i. An entry without
// one, or with nil, continues the trace of ctx.
//
// The contexts are used for their spans and baggage only. Deadline and
// cancellation of the call are those of ctx.
func WithEntries(ctx context.Context, entries []context.Context) context.Context {
	return context.WithValue(ctx, entriesKey{}, entries)
}

// Entries returns what [WithEntries] set, or nil.
func Entries(ctx context.Context) []context.Context {
	entries, _ := ctx.Value(entriesKey{}).([]context.Context)
	return entries
}
