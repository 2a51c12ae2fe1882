package otlphttp

import (
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

func TestBody_Readers_EachReadAll(t *testing.T) {
	b := newBody([]byte("0123456789"))
	for range 2 {
		if err := iotest.TestReader(b.reader(), []byte("0123456789")); err != nil {
			t.Error(err)
		}
	}
}

// The race detector sees it if a reader still reads what was taken back.
func TestBody_Released_BytesCanBeReused(t *testing.T) {
	data := make([]byte, 1<<20)
	b := newBody(data)
	started, done := make(chan struct{}), make(chan error)
	go func() {
		r := b.reader()
		chunk := make([]byte, 16)
		_, err := r.Read(chunk)
		close(started)
		for err == nil {
			if _, err = r.Read(chunk); errors.Is(err, io.EOF) { // it was faster than the release
				r, err = b.reader(), nil
			}
		}
		done <- err
	}()
	<-started
	b.release()
	for i := range data {
		data[i]++
	}
	if err := <-done; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("reading ended with %v", err)
	}
}
