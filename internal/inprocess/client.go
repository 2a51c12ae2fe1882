// Package inprocess calls HTTP handlers without a network, for tests.
//
// Over a network, an answer may be cut off (see internal/sdkhttp), and in a
// synctest bubble a network is something that time does not wait for.
package inprocess

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
)

// Client is an HTTP client whose hosts are handlers: they run in the goroutine
// that calls. A host that there is none of cannot be dialled, and where a handler
// panics with [http.ErrAbortHandler] the connection was closed.
type Client map[string]http.Handler

// Do has the handler of a request's host answer it.
func (c Client) Do(r *http.Request) (response *http.Response, err error) {
	handler, ok := c[r.URL.Host]
	if !ok {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no such host: " + r.URL.Host)}
	}
	in := r.Clone(r.Context())
	in.Host = r.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	defer func() {
		if v := recover(); v == http.ErrAbortHandler { //nolint:errorlint // panics with this very value
			response, err = nil, errors.Join(errors.New("the connection was closed"), r.Context().Err())
		} else if v != nil {
			panic(v)
		}
	}()
	handler.ServeHTTP(w, in)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

// RoundTrip is Do, for an [http.Client].
func (c Client) RoundTrip(r *http.Request) (*http.Response, error) { return c.Do(r) }
