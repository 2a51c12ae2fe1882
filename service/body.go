package service

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
)

const (
	// minBody is the buffer that reading begins with, and what a request
	// costs of the byte budget at least.
	minBody = 4 << 10

	// maxPooled is the largest buffer that is kept for the next request.
	maxPooled = 64 << 10
)

// body is the body of a request, in a buffer that is used again.
type body struct {
	bytes  []byte
	budget *budget
	held   int // bytes of the budget
}

var bodies = sync.Pool{New: func() any { return &body{bytes: make([]byte, 0, minBody)} }}

// readBody reads the body of a request, or says why it is refused. The buffer
// grows, and takes from the budget, only as bytes arrive: announcing a large
// body costs nobody anything. The caller releases the body.
func (s *Service) readBody(r *http.Request) (*body, *refusal) {
	limit := s.cfg.MaxBodyBytes
	if r.ContentLength > int64(limit) {
		return nil, s.bodyTooLarge()
	}
	b := bodies.Get().(*body) //nolint:forcetypeassert // the pool holds nothing else
	b.budget = s.buffer
	if refused := b.read(r, limit); refused != nil {
		b.release()
		if refused.code == codeBodyTooLarge {
			refused = s.bodyTooLarge()
		}
		return nil, refused
	}
	return b, nil
}

func (s *Service) bodyTooLarge() *refusal {
	return &refusal{
		code:   codeBodyTooLarge,
		detail: fmt.Sprintf("A request has at most %d bytes. Send fewer events at once.", s.cfg.MaxBodyBytes),
	}
}

func (b *body) read(r *http.Request, limit int) *refusal {
	if !b.hold(cap(b.bytes)) {
		return &refusal{code: codeOverloaded}
	}
	for {
		if len(b.bytes) == cap(b.bytes) && !b.grow(int(r.ContentLength), limit) {
			return &refusal{code: codeOverloaded}
		}
		n, err := r.Body.Read(b.bytes[len(b.bytes):min(cap(b.bytes), limit+1)]) // a pooled buffer may be larger than the limit
		b.bytes = b.bytes[:len(b.bytes)+n]
		switch {
		case len(b.bytes) > limit:
			return &refusal{code: codeBodyTooLarge}
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return &refusal{code: codeSlowBody, cause: err}
		case err != nil:
			return &refusal{code: codeIncompleteBody, cause: err}
		}
	}
}

// grow makes room for more, up to one byte over the limit.
func (b *body) grow(contentLength, limit int) bool {
	size := 2 * cap(b.bytes)
	if contentLength > 0 {
		size = min(size, contentLength+1) // one more, to meet the end without growing again
	}
	size = max(min(size, limit+1), len(b.bytes)+1)
	if !b.hold(size) {
		return false
	}
	bytes := make([]byte, len(b.bytes), size)
	copy(bytes, b.bytes)
	b.bytes = bytes
	return true
}

// hold raises what the body holds of the budget to n bytes.
func (b *body) hold(n int) bool {
	if !b.budget.acquire(n - b.held) {
		return false
	}
	b.held = n
	return true
}

// release gives the buffer back. Nothing may refer to it any more.
func (b *body) release() {
	b.budget.release(b.held)
	b.held, b.budget, b.bytes = 0, nil, b.bytes[:0]
	if cap(b.bytes) <= maxPooled {
		bodies.Put(b)
	}
}
