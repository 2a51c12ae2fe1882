package span

import "github.com/tracehaul/tracehaul/telemetry/internal/remote"

// With the key under which the API keeps the current span, a span is the
// context of its own children, which saves a context for each span. Where
// there is no such key, start has the API put the span into one.

// Value implements context.Context.
func (r *recording) Value(key any) any {
	if key == remote.Key {
		return r
	}
	return r.Context.Value(key)
}

// Value implements context.Context.
func (u *unrecorded) Value(key any) any {
	if key == remote.Key {
		return u
	}
	return u.Context.Value(key)
}

// String implements fmt.Stringer. Printing a context must not read what
// others write.
func (r *recording) String() string { return remote.DescribeSpan(r.Context, r.context) }

// GoString implements fmt.GoStringer: String.
func (r *recording) GoString() string { return r.String() }

// String implements fmt.Stringer.
func (u *unrecorded) String() string { return remote.DescribeSpan(u.Context, u.context) }
