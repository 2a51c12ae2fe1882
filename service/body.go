package service

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	// minBody is the buffer that reading begins with.
	minBody = 4 << 10

	// maxPooled is the largest buffer that is kept for the next request.
	maxPooled = 64 << 10
)

// body is the body of a request, in a buffer that is used again.
type body struct {
	bytes []byte
	room  *room

	// Guarded by room.mu.
	held       int    // bytes of the room: how much of the buffer may be filled
	lost       string // the code of the refusal, once another body has its room
	reading    bool   // the rest counts
	size       int    // as announced, or the most it may be
	since      time.Time
	answer     http.ResponseWriter
	prev, next *body
}

var bodies = sync.Pool{New: func() any { return &body{bytes: make([]byte, 0, minBody)} }}

func newBody() *body { return bodies.Get().(*body) } //nolint:forcetypeassert // the pool holds nothing else

// readBody reads the body of a request, or says why it is refused. The buffer
// grows, and takes room, only as bytes arrive: announcing a large body costs
// nobody anything. The caller releases the body.
func (s *Service) readBody(w http.ResponseWriter, r *http.Request) (*body, *refusal) {
	limit := s.cfg.MaxBodyBytes
	if r.ContentLength > int64(limit) {
		return nil, bodyTooLarge(limit)
	}
	b := newBody()
	s.arriving.enter(b, r.ContentLength, w)
	whole := false
	defer func() {
		if !whole { // or reading panicked
			b.release()
		}
	}()
	refused := b.read(r, limit)
	if lost := s.arriving.leave(b); lost != "" {
		w.Header().Set("Connection", "close") // what is left of it is not read
		return nil, noRoom(lost)
	}
	if refused != nil {
		return nil, refused
	}
	whole = true
	return b, nil
}

// noRoom refuses a body for which there is no room. That is no reason to call
// the process busy: it takes what comes whole.
func noRoom(code string) *refusal {
	refused := &refusal{code: code, detail: "There is no room for more requests that are still arriving. Nothing of this request was published."}
	if code == codeSlowBody {
		refused.detail = "The request took long to arrive, and others needed the room that it held."
	}
	return refused
}

func bodyTooLarge(limit int) *refusal {
	return &refusal{code: codeBodyTooLarge, detail: fmt.Sprintf("A request has at most %d bytes. Send fewer events at once.", limit)}
}

func (b *body) read(r *http.Request, limit int) *refusal {
	held := 0
	for {
		if len(b.bytes) == held {
			if held = b.grow(held, int(r.ContentLength), limit); held == 0 {
				return noRoom(codeOverloaded)
			}
		}
		n, err := r.Body.Read(b.bytes[len(b.bytes):held])
		b.bytes = b.bytes[:len(b.bytes)+n]
		switch {
		case len(b.bytes) > limit:
			return bodyTooLarge(limit)
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return &refusal{code: codeSlowBody, cause: err}
		case err != nil:
			return &refusal{code: codeIncompleteBody, cause: err}
		}
	}
}

// grow makes room for more than was held, up to one byte over the limit. It
// returns how much is held then, 0 if there is no room.
func (b *body) grow(held, contentLength, limit int) int {
	size := max(minBody, 2*held)
	if contentLength > 0 {
		size = min(size, contentLength+1) // one more, to meet the end without growing again
	}
	size = max(min(size, limit+1), held+1)
	if !b.room.hold(b, size) {
		return 0
	}
	if cap(b.bytes) < size {
		bytes := make([]byte, len(b.bytes), size)
		copy(bytes, b.bytes)
		b.bytes = bytes
	}
	return size
}

// release gives back room and buffer. Nothing may refer to the bytes any more.
func (b *body) release() {
	b.room.release(b)
	b.recycle()
}

// recycle keeps the buffer for the next request, unless it is large.
func (b *body) recycle() {
	if cap(b.bytes) <= maxPooled {
		*b = body{bytes: b.bytes[:0]}
		bodies.Put(b)
	}
}
