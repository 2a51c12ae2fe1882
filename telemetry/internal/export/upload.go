package export

import (
	"context"
	"errors"
	"fmt"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Transport makes one attempt at one request, an encoded
// Export<Signal>ServiceRequest, and returns the encoded response. It keeps to
// ctx and is done with request when it returns.
type Transport interface {
	Send(ctx context.Context, request []byte) (response []byte, err error)
	Close() error
}

// Codec knows the items of one signal: T is a slice of spans, a slice of
// records, or metrics.
type Codec[T any] struct {
	Append func(b []byte, items T) []byte
	Len    func(T) int
	Slice  func(items T, from, to int) T
}

// Uploader delivers batches of one signal. It is used by one goroutine.
type Uploader[T any] struct {
	Signal    string
	Transport Transport
	Codec     Codec[T]

	// MaxBytes and MaxItems bound one request; larger batches are split. No
	// MaxItems means any number.
	MaxBytes, MaxItems int

	// Dropped counts what was given up.
	Dropped func(n int, reason string)

	retry retry
	buf   []byte
}

// keptBuffer is the largest buffer that is kept for the next batch: as large as
// a request may be, so that full batches do not grow it anew each time.
const keptBuffer = 4 << 20

// Upload delivers items, or gives them up and counts them. It returns when ctx
// ends at the latest; its error says what was given up, and why.
func (u *Uploader[T]) Upload(ctx context.Context, items T) error {
	err := u.upload(ctx, items)
	if cap(u.buf) > keptBuffer {
		u.buf = nil
	}
	return err
}

func (u *Uploader[T]) upload(ctx context.Context, items T) error {
	n := u.Codec.Len(items)
	if n == 0 {
		return nil
	}
	if u.MaxItems > 0 && n > u.MaxItems {
		return u.halves(ctx, items, n, nil) // n > 1
	}
	u.buf = u.Codec.Append(u.buf[:0], items)
	if len(u.buf) > u.MaxBytes {
		return u.halves(ctx, items, n, &Error{
			Reason: semconv.DropTooLarge,
			Err:    fmt.Errorf("%d bytes, and a request holds at most %d", len(u.buf), u.MaxBytes),
		})
	}
	response, err := u.retry.do(ctx, func() ([]byte, error) { return u.Transport.Send(ctx, u.buf) })
	switch {
	case err == nil:
		return u.read(response, n)
	case err.Reason == semconv.DropTooLarge:
		return u.halves(ctx, items, n, err)
	default:
		return u.drop(n, err)
	}
}

// halves delivers the two halves of items one after the other. A single item
// that is too large is given up.
func (u *Uploader[T]) halves(ctx context.Context, items T, n int, tooLarge *Error) error {
	if n == 1 {
		return u.drop(1, tooLarge)
	}
	return errors.Join(
		u.upload(ctx, u.Codec.Slice(items, 0, n/2)),
		u.upload(ctx, u.Codec.Slice(items, n/2, n)),
	)
}

// read looks into the response for items that the collector did not take. Each
// signal's response has the same form, see OTLP's "Partial Success".
func (u *Uploader[T]) read(response []byte, n int) error {
	partial, err := otlp.ParseResponse(response)
	if err != nil {
		return u.drop(n, &Error{Reason: semconv.DropGarbled, Err: fmt.Errorf("the response is not OTLP: %w", err)})
	}
	if partial.Rejected <= 0 {
		return nil
	}
	return u.drop(int(min(partial.Rejected, int64(n))),
		&Error{Reason: semconv.DropRejected, Err: fmt.Errorf("the collector rejected them: %s", Quote(partial.Message))})
}

func (u *Uploader[T]) drop(n int, err *Error) error {
	u.Dropped(n, err.Reason)
	return fmt.Errorf("%s: %d dropped: %w", u.Signal, n, err)
}

// Quote makes a collector's words fit for a log line: quoted, and at most 256
// bytes of them.
func Quote(message string) string {
	const most = 256
	if len(message) > most {
		return fmt.Sprintf("%q...", message[:most])
	}
	return fmt.Sprintf("%q", message)
}
