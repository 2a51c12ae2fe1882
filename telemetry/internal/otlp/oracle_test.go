package otlp_test

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"
)

// wire is an HTTP transport that keeps the body of the last request. The stock
// exporters send through it, so that what they send is the measure of what we
// encode.
type wire struct {
	mu   sync.Mutex
	body []byte
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.body = body
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(nil)), Request: r,
	}, nil
}

func (w *wire) client() *http.Client { return &http.Client{Transport: w} }

func (w *wire) last() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.body
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func unmarshal[M proto.Message](t fataler, b []byte, into M) M {
	t.Helper()
	if err := (proto.UnmarshalOptions{DiscardUnknown: false}).Unmarshal(b, into); err != nil {
		t.Fatalf("the encoding does not decode: %v", err)
	}
	return into
}

func assertEqual(t fataler, got, want proto.Message) {
	t.Helper()
	if !proto.Equal(got, want) {
		t.Fatalf("the messages differ\ngot  %v\nwant %v", got, want)
	}
	if n := len(got.ProtoReflect().GetUnknown()); n != 0 {
		t.Fatalf("%d bytes of unknown fields", n)
	}
}

var _ fataler = (*testing.T)(nil)
