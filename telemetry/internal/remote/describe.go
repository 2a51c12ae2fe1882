package remote

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/trace"
)

// Describe is the String of a context that is built on another one, in the
// words of package context's: context.Background.WithSpan(<ids>). Whoever
// prints a context, as mocks print arguments, would read without a lock all
// that is in it otherwise, and show what is nobody's business.
func Describe(beneath context.Context, what string) string {
	name := fmt.Sprintf("%T", beneath)
	if s, ok := beneath.(fmt.Stringer); ok {
		name = s.String()
	}
	return name + ".With" + what
}

// DescribeSpan is Describe for a context with a span.
func DescribeSpan(beneath context.Context, sc trace.SpanContext) string {
	return Describe(beneath, "Span("+sc.TraceID().String()+" "+sc.SpanID().String()+")")
}

// String implements fmt.Stringer.
func (h *holder) String() string { return DescribeSpan(h.Context, h.span.Of) }
