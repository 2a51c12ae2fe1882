package message

import "context"

type entriesKey struct{}

// entriesContext is context.WithValue without boxing the slice: it is made
// for every batch.
type entriesContext struct {
	context.Context //nolint:containedctx // it is a context

	entries []context.Context
	own     bool // the batch's entries belong to whoever injects
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
	return &entriesContext{Context: ctx, entries: entries}
}

// WithOwnEntries is [WithEntries] for a batch that was made for this one call:
// what is sent with the returned context goes into the entries themselves and
// into their maps of attributes, of which no copies are made then. Whoever
// sends the same entries again must make them anew, or the message carries the
// context of the call before; two calls at once write to the same maps. Where
// another one decides how often a batch is sent, use WithEntries.
func WithOwnEntries(ctx context.Context, entries []context.Context) context.Context {
	return &entriesContext{Context: ctx, entries: entries, own: true}
}

// Own says whether the context that is nearest has the entries of
// [WithOwnEntries].
func Own(ctx context.Context) bool {
	c, ok := ctx.Value(entriesKey{}).(*entriesContext)
	return ok && c.own
}

// Entries returns what [WithEntries] set, or nil.
func Entries(ctx context.Context) []context.Context {
	c, ok := ctx.Value(entriesKey{}).(*entriesContext)
	if !ok {
		return nil
	}
	return c.entries
}
