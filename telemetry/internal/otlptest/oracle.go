package otlptest

import (
	"bytes"
	"io"
	"net/http"
	"sync"

	"google.golang.org/protobuf/proto"
)

// Wire is an HTTP transport that keeps the body of the last request. The stock
// exporters send through it, so that what they send is the measure of what we
// encode.
type Wire struct {
	mu   sync.Mutex
	body []byte
}

// RoundTrip implements http.RoundTripper.
func (w *Wire) RoundTrip(r *http.Request) (*http.Response, error) {
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

// Client returns a client that sends through w.
func (w *Wire) Client() *http.Client { return &http.Client{Transport: w} }

// Last returns the body of the last request.
func (w *Wire) Last() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.body
}

// TB is what testing.T and rapid.T have in common.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Unmarshal decodes a message by protobuf's own decoder.
func Unmarshal[M proto.Message](t TB, b []byte, into M) M {
	t.Helper()
	if err := (proto.UnmarshalOptions{DiscardUnknown: false}).Unmarshal(b, into); err != nil {
		t.Fatalf("the encoding does not decode: %v", err)
	}
	return into
}

// AssertEqual fails the test unless the messages are the same.
func AssertEqual(t TB, got, want proto.Message) {
	t.Helper()
	if !proto.Equal(got, want) {
		t.Fatalf("the messages differ\ngot  %v\nwant %v", got, want)
	}
	if n := len(got.ProtoReflect().GetUnknown()); n != 0 {
		t.Fatalf("%d bytes of unknown fields", n)
	}
}
