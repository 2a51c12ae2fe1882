package messaging

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// protocol is how a service writes errors.
type protocol struct {
	contentType string
	// writeError sets the headers that an error needs and appends its body.
	writeError func(dst []byte, h http.Header, e *Error, requestID string) []byte
}

// Request and answer bodies are reused. What was parsed out of a request never
// points into its body.
var (
	buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	answers = sync.Pool{New: func() any { return new([]byte) }}
)

// keptBufferBytes is the size above which a buffer is left to the collector.
const keptBufferBytes = 1 << 20

func getBuffer() *bytes.Buffer { return buffers.Get().(*bytes.Buffer) } //nolint:forcetypeassert // see New

func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= keptBufferBytes {
		b.Reset()
		buffers.Put(b)
	}
}

// readBody reads a request whole, up to limit.
func readBody(w http.ResponseWriter, r *http.Request, limit int64, into *bytes.Buffer) *Error {
	if r.ContentLength > limit {
		return errTooLarge(limit)
	}
	if r.ContentLength > 0 {
		into.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	_, err := into.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return errTooLarge(limit)
	}
	if err != nil {
		return &Error{Code: "IncompleteBody", Message: "the request body could not be read"}
	}
	return nil
}

// answer does a call, with the fault that Config.Fault has for it, and writes
// the outcome. do appends its answer to what it is given.
func (b *Broker) answer(
	w http.ResponseWriter, r *http.Request, p protocol, requestID string, call Call,
	do func(ctx context.Context, dst []byte, f *Fault) ([]byte, *Error),
) {
	fault := b.fault(r.Context(), call)
	if fault.Drop == DropBefore {
		panic(http.ErrAbortHandler) // closes the connection, logs nothing
	}
	kept := answers.Get().(*[]byte) //nolint:forcetypeassert // see New
	defer answers.Put(kept)
	var body []byte
	err := fault.Error
	if err == nil {
		body, err = do(r.Context(), (*kept)[:0], fault)
	}
	if cap(body) > cap(*kept) && cap(body) <= keptBufferBytes {
		*kept = body
	}
	if fault.Drop == DropAfter {
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		b.answerError(w, p, requestID, err)
		return
	}
	h := w.Header()
	h["X-Amzn-Requestid"] = []string{requestID}
	h["Content-Type"] = []string{p.contentType}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	_, _ = w.Write(body)
}

func (b *Broker) answerError(w http.ResponseWriter, p protocol, requestID string, e *Error) {
	h := w.Header()
	h.Set("X-Amzn-Requestid", requestID)
	h.Set("Content-Type", p.contentType)
	body := p.writeError(nil, h, e, requestID)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(e.shape().status)
	_, _ = w.Write(body)
}

// fault asks for the call's fault and waits for as long as it says. It ends the
// call if the client gives up meanwhile.
func (b *Broker) fault(ctx context.Context, call Call) *Fault {
	if b.cfg.Fault == nil {
		return &Fault{}
	}
	f := b.cfg.Fault(call)
	if f == nil {
		return &Fault{}
	}
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-b.done:
		case <-ctx.Done():
			return &Fault{Drop: DropBefore}
		}
	}
	return f
}

// entryError is the error that a fault has for an entry of a batch, or nil.
func (f *Fault) entryError(index int) *Error {
	for _, i := range f.FailEntries {
		if i != index {
			continue
		}
		if f.EntryError != nil {
			return f.EntryError
		}
		return &Error{Code: "InternalError", Message: "an internal error was asked for", Receiver: true}
	}
	return nil
}

// discard reads what is left of a request that is refused, so that the
// connection can be used again.
func discard(r *http.Request) { _, _ = io.CopyN(io.Discard, r.Body, 64<<10) }
