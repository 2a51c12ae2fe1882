package faultproxy

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

// request is what the server gets in place of r.
func (h *HTTP) request(ctx context.Context, r *http.Request, body []byte) (*http.Request, error) {
	u := *r.URL
	u.Scheme, u.Host = h.to.Scheme, h.to.Host
	q, err := http.NewRequestWithContext(ctx, r.Method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	q.Header, q.Host = r.Header.Clone(), r.Host
	for _, name := range hopByHop {
		q.Header.Del(name)
	}
	return q, nil
}

// hopByHop are headers of one connection, not of what is said over it
// (RFC 9110, section 7.6.1).
var hopByHop = []string{"Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// refuse is for the ways of which the server hears nothing.
func (f Fault) refuse(w http.ResponseWriter, r *http.Request) {
	switch f.Way {
	case Answer:
		f.write(w, r, len(f.Body))
	case Endless:
		f.endless(w, r)
	case Reset:
		reset(r)
	default:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
}

// write answers with a body that is said to be of some length.
func (f Fault) write(w http.ResponseWriter, r *http.Request, length int) {
	maps.Copy(w.Header(), f.Header)
	for _, name := range hopByHop {
		w.Header().Del(name)
	}
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(cmp.Or(f.Status, http.StatusOK))
	flushed := flusher{w, http.NewResponseController(w)}
	_ = Link{BytesPerSecond: f.BytesPerSecond}.deliver(r.Context(), flushed, parcel{f.Body, time.Now()}) // the client has gone: nothing to tell it
}

func (f Fault) endless(w http.ResponseWriter, r *http.Request) {
	maps.Copy(w.Header(), f.Header)
	w.WriteHeader(cmp.Or(f.Status, http.StatusOK))
	l := Link{BytesPerSecond: cmp.Or(f.BytesPerSecond, endlessRate)}
	some, to := bytes.Repeat([]byte("endless "), 8<<10), flusher{w, http.NewResponseController(w)}
	for {
		if err := l.deliver(r.Context(), to, parcel{some, time.Now()}); err != nil {
			panic(http.ErrAbortHandler) // the client has gone
		}
	}
}

// flusher lets nothing wait in a buffer.
type flusher struct {
	w http.ResponseWriter
	c *http.ResponseController
}

func (f flusher) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	if err == nil {
		err = f.c.Flush()
	}
	return n, err
}

// reset ends the connection of a request with an RST.
func reset(r *http.Request) {
	if c, ok := r.Context().Value(connKey{}).(*watched); ok {
		if tcp, ok := c.Conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	}
	panic(http.ErrAbortHandler)
}

type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}
