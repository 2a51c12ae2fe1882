package export

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Error is why an attempt to send failed. Transports return it; other errors
// count as a failed connection.
type Error struct {
	// Reason is one of the semconv.Drop values.
	Reason string
	// Retry says that the same request may succeed later.
	Retry bool
	// After is how long the collector asked to wait before that. Zero if it
	// said nothing.
	After time.Duration
	// Err is the cause. It holds no header, body or key.
	Err error
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Unresponsive reports whether err says that the collector could not be
// reached or did not do its work, so that waiting for it is likely in vain.
func Unresponsive(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err != nil
	}
	switch e.Reason {
	case semconv.DropTimeout, semconv.DropConnection, semconv.DropUnavailable, semconv.DropShutdown:
		return true
	default:
		return false
	}
}

// classify gives a transport's error a reason.
func classify(ctx context.Context, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if cause := ended(ctx); cause != nil {
		cause.Err = err
		return cause
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return &Error{Reason: semconv.DropTimeout, Retry: true, Err: err}
	}
	return &Error{Reason: semconv.DropConnection, Retry: true, Err: err}
}

// ended says why ctx ended, if it has: its time ran out, or the program is
// shutting down.
func ended(ctx context.Context) *Error {
	switch err := ctx.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Reason: semconv.DropTimeout, Err: err}
	default:
		return &Error{Reason: semconv.DropShutdown, Err: err}
	}
}
