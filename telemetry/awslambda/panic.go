package awslambda

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/codes"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// panicked is a handler's panic, as an error.
type panicked struct {
	value any
	stack string
}

// maxStack bounds the stack of a panic in spans and logs.
const maxStack = 8 << 10

// recovered makes an error of what recover returned; nil of nil. It is to be
// called where the panic is recovered, for the stack, unless it was another
// goroutine's: then the value brings that one's stack.
func recovered(value any) *panicked {
	if value == nil {
		return nil
	}
	stack := debug.Stack()
	if other, ok := value.(interface {
		Value() any
		Stack() []byte
	}); ok {
		value, stack = other.Value(), other.Stack()
	}
	return &panicked{value: value, stack: string(stack[:min(len(stack), maxStack)])}
}

// Error tells the value if it is an error or a string. Another value may hold
// anything, and is told by its type.
func (p *panicked) Error() string {
	switch v := p.value.(type) {
	case error:
		return "panic: " + v.Error()
	case string:
		return "panic: " + v
	}
	return "panic with a value of type " + p.ErrorType()
}

// Unwrap returns the value if it is an error.
func (p *panicked) Unwrap() error {
	err, _ := p.value.(error)
	return err
}

// ErrorType is error.type.
func (p *panicked) ErrorType() string { return strings.TrimPrefix(fmt.Sprintf("%T", p.value), "*") }

// record makes span one that ended with the panic.
func (p *panicked) record(span trace.Span) {
	span.SetAttributes(otelsemconv.ErrorType(p))
	span.SetStatus(codes.Error, errorText(p))
	span.AddEvent("exception", trace.WithAttributes(
		otelsemconv.ExceptionType(p.ErrorType()),
		otelsemconv.ExceptionMessage(errorText(p)),
		otelsemconv.ExceptionStacktrace(p.stack),
	))
}

func (f *function) logPanic(ctx context.Context, p *panicked) {
	f.Logger.ErrorContext(ctx, "the handler panicked", slog.String("error", errorText(p)), slog.String("stack", p.stack))
}

// maxErrorText bounds what a span says of an error.
const maxErrorText = 256

// errorText is an error fit for a span: cut, and valid UTF-8.
func errorText(err error) string {
	s := err.Error()
	if len(s) > maxErrorText {
		s = s[:maxErrorText]
		for range utf8.UTFMax - 1 { // a character that was cut through goes
			if r, size := utf8.DecodeLastRuneInString(s); r == utf8.RuneError && size == 1 {
				s = s[:len(s)-1]
			}
		}
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
