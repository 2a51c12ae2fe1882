package message

import "context"

type entriesKey struct{}

// entriesContext is context.WithValue without boxing the slice: it is made
// for every batch.
type entriesContext struct {
	context.Context //nolint:containedctx // it is a context

	entries []context.Context
}

func (c *entriesContext) Value(key any) any {
	if key == (entriesKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// WithEntries gives every entry of the batch that is sent with the returned
// context its own parent: entries[i] is that of entry i. An entry without
// one, or with nil, continues the trace of ctx.
//
// The contexts are used for their spans and baggage only. Deadline and
// cancellation of the call are those of ctx.
func WithEntries(ctx context.Context, entries []context.Context) context.Context {
	return &entriesContext{ctx, entries}
}

// Entries returns what [WithEntries] set, or nil.
func Entries(ctx context.Context) []context.Context {
	c, ok := ctx.Value(entriesKey{}).(*entriesContext)
	if !ok {
		return nil
	}
	return c.entries
}
