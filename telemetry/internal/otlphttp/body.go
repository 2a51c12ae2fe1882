package otlphttp

import (
	"io"
	"sync"
)

// body lends a request's bytes to net/http, which may go on reading after a
// response has come, or after the request was given up. Once released, the
// bytes can be used for the next request.
type body struct {
	mu   sync.Mutex
	data []byte
}

func newBody(data []byte) *body { return &body{data: data} }

// reader returns a new reader of the whole body.
func (b *body) reader() io.ReadCloser { return &bodyReader{body: b} }

// release takes the bytes back. Readers then fail.
func (b *body) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.data = nil
}

type bodyReader struct {
	body *body
	at   int
}

func (r *bodyReader) Read(p []byte) (int, error) {
	r.body.mu.Lock()
	defer r.body.mu.Unlock()
	if r.body.data == nil {
		return 0, io.ErrClosedPipe
	}
	if r.at >= len(r.body.data) {
		return 0, io.EOF
	}
	n := copy(p, r.body.data[r.at:])
	r.at += n
	return n, nil
}

func (r *bodyReader) Close() error { return nil }
