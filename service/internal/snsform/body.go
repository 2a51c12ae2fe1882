package snsform

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// body is what one call sends. Retries and the signer read it from the start,
// and ask for its length. Its text is lent by calls to each other; a body is
// not, since middleware may keep the request and read it when the call is over,
// or an HTTP client go on when it has given up. They get errOver then, and
// never what another call sends.
type body struct {
	mu      sync.Mutex
	text    *text // nil when the call is over
	reader  bytes.Reader
	writing int // calls of WriteTo that have hold of the text
}

// text is a buffer that calls use one after the other.
type text struct{ bytes []byte }

var texts = sync.Pool{New: func() any { return new(text) }}

// maxPooled is the largest buffer that is kept for the next call: a full batch
// of small events takes some 20 KiB.
const maxPooled = 128 << 10

// errOver is what reading finds after the call.
var errOver = errors.New("snsform: the call is over, and its body not kept: read it before")

func newBody(input *sns.PublishBatchInput) *body {
	b := &body{text: texts.Get().(*text)} //nolint:forcetypeassert // the pool holds nothing else
	b.text.bytes = appendInput(b.text.bytes[:0], input)
	b.reader.Reset(b.text.bytes)
	return b
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.text == nil {
		return 0, errOver
	}
	return b.reader.Read(p)
}

// Seek implements io.Seeker.
func (b *body) Seek(offset int64, whence int) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.text == nil {
		return 0, errOver
	}
	return b.reader.Seek(offset, whence)
}

// Len returns how much is left to be read.
func (b *body) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.reader.Len()
}

// WriteTo implements io.WriterTo, with which the signer needs no buffer to
// read it.
func (b *body) WriteTo(w io.Writer) (int64, error) {
	b.mu.Lock()
	if b.text == nil {
		b.mu.Unlock()
		return 0, errOver
	}
	at := int(b.reader.Size()) - b.reader.Len()
	unread := b.text.bytes[at:]
	b.writing++
	b.mu.Unlock()

	n, err := w.Write(unread)

	b.mu.Lock()
	defer b.mu.Unlock()
	b.writing--
	if b.text != nil {
		_, _ = b.reader.Seek(int64(at+n), io.SeekStart) // always possible
	}
	return int64(n), err
}

// release gives the text to the next call, unless it is large or somebody
// still writes it somewhere.
func (b *body) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.text
	b.text = nil
	b.reader.Reset(nil)
	if b.writing == 0 && cap(t.bytes) <= maxPooled {
		texts.Put(t)
	}
}
