package pgxtrace

import "context"

type fanOutKey struct{}

// FanOut says that the queries made with ctx serve several traces. Each query
// becomes one CLIENT span per given context, all with the same start, end and
// outcome and with db.operation.batch.size, and none of its own in ctx.
//
// The spans are made when the query is over. The slice is kept and must not
// change before that.
func FanOut(ctx context.Context, parents []context.Context) context.Context {
	return context.WithValue(ctx, fanOutKey{}, parents)
}

// parentsOf are the contexts that get a span: those of FanOut, else ctx.
func parentsOf(ctx context.Context) []context.Context {
	parents, _ := ctx.Value(fanOutKey{}).([]context.Context)
	return parents
}
