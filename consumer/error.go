package consumer

import (
	"context"
	"errors"

	"github.com/tracehaul/tracehaul/event"
)

// Poison reports whether err says that at least one record of the batch can
// never be stored, however often it is tried: an error in err's tree has a
// method Poison() bool that returns true. [Refuse] makes such an error.
func Poison(err error) bool {
	var p interface{ Poison() bool }
	return errors.As(err, &p) && p.Poison()
}

// Retryable reports whether err is of the kind that passes by itself: an error
// in err's tree has a method Retryable() bool that returns true, or a context
// has ended. Errors that are neither Poison nor Retryable are tried again as
// well, but are told apart in metrics: somebody should look at them.
func Retryable(err error) bool {
	var r interface{ Retryable() bool }
	if errors.As(err, &r) {
		return r.Retryable()
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// ErrorCode returns the short, stable word by which err is known to machines,
// such as a SQLSTATE, or "" if it has none: what the method ErrorCode() string
// of an error in err's tree returns. Errors of the AWS SDK have that method.
func ErrorCode(err error) string {
	if malformed, ok := errors.AsType[*event.Error](err); ok {
		return malformed.Code
	}
	var c interface{ ErrorCode() string }
	if errors.As(err, &c) {
		return c.ErrorCode()
	}
	return ""
}

// Refuse returns an error that is [Poison]: the store will never take the
// record. The code is a short word that stays the same; it goes with the
// message to the dead-letter queue. Neither it nor err may hold an event's data.
func Refuse(code string, err error) error { return &refused{code: code, err: err} }

type refused struct {
	code string
	err  error
}

func (e *refused) Error() string {
	if e.err == nil {
		return "refused: " + e.code
	}
	return "refused: " + e.code + ": " + e.err.Error()
}

func (e *refused) Unwrap() error     { return e.err }
func (e *refused) Poison() bool      { return true }
func (e *refused) ErrorCode() string { return e.code }
