package snsform

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// input has a message of so many bytes.
func input(size int) *sns.PublishBatchInput {
	return &sns.PublishBatchInput{PublishBatchRequestEntries: []types.PublishBatchRequestEntry{{Message: new(strings.Repeat("x", size))}}}
}

func TestBody_CallIsOver_GivesNothingOfTheNext(t *testing.T) {
	t.Parallel()
	b := newBody(input(10))
	if _, err := b.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	b.release()
	next := newBody(input(20))
	defer next.release()
	if text, err := io.ReadAll(b); len(text) > 0 || !errors.Is(err, errOver) {
		t.Errorf("read %q, %v", text, err)
	}
	if n, err := b.WriteTo(io.Discard); n > 0 || !errors.Is(err, errOver) {
		t.Errorf("wrote %d bytes, %v", n, err)
	}
	if _, err := b.Seek(0, io.SeekStart); !errors.Is(err, errOver) {
		t.Errorf("to its start: %v", err)
	}
	if n := b.Len(); n != 0 {
		t.Errorf("length is %d", n)
	}
}

// writerFunc calls a function to write.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestBody_WrittenOnAfterTheCall_IsNotLentToTheNext(t *testing.T) {
	for range 20 { // a pool may lose what it gets
		b := newBody(input(1000))
		var before, after string
		_, err := b.WriteTo(writerFunc(func(p []byte) (int, error) {
			before = string(p)
			b.release()
			next := newBody(&sns.PublishBatchInput{TopicArn: new(strings.Repeat("y", 1000))})
			defer next.release()
			after = string(p)
			return len(p), nil
		}))
		if err != nil || before != after {
			t.Fatalf("%v; what is being written changed from %.50q to %.50q", err, before, after)
		}
	}
}

func TestBody_WriterStopsHalfway_RestCanBeRead(t *testing.T) {
	t.Parallel()
	b := newBody(input(10))
	defer b.release()
	all := string(b.text.bytes)
	if n, err := b.WriteTo(writerFunc(func([]byte) (int, error) { return 7, io.ErrShortWrite })); n != 7 || !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("wrote %d, %v", n, err)
	}
	if rest, err := io.ReadAll(b); string(rest) != all[7:] || err != nil {
		t.Errorf("the rest is %q, %v, of %q", rest, err, all)
	}
}

// One call with much to send does not hold its memory for ever, and ordinary
// ones do not make theirs anew each time.
func TestBody_Released_OnlySmallBuffersAreKept(t *testing.T) {
	large, kept := 0, 0
	for range 20 { // a pool may lose what it gets
		for _, size := range []int{2 * maxPooled, maxPooled / 4} {
			newBody(input(size)).release()
			switch got := texts.Get().(*text); { //nolint:forcetypeassert // nothing else is in it
			case cap(got.bytes) > maxPooled:
				large++
			case cap(got.bytes) >= maxPooled/4:
				kept++
			}
		}
	}
	if large > 0 || kept == 0 {
		t.Errorf("of 20 each, %d large buffers are kept, and %d small ones", large, kept)
	}
}
