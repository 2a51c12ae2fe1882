package faultproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// Way is what becomes of a request.
type Way int

// The ways. Those that forward have the server do its work even if the client
// goes away meanwhile.
const (
	// Forward passes a request and its answer on.
	Forward Way = iota
	// Answer answers with Status, Header and Body; the server hears nothing.
	Answer
	// Endless answers with Status and a body that does not end.
	Endless
	// Reset resets the connection; the server hears nothing.
	Reset
	// Hang never answers; the server hears nothing.
	Hang
	// ForwardThenHang passes a request on, and never answers.
	ForwardThenHang
	// ForwardThenCut passes a request on, and closes the connection in the
	// middle of the answer.
	ForwardThenCut
)

// Fault is what happens with one request. The zero value passes it on.
type Fault struct {
	// Way is what becomes of it. Defaults to Forward.
	Way Way

	// Delay is waited for before anything is done. Defaults to 0.
	Delay time.Duration

	// Status, Header and Body are those of an Answer; Status is that of an
	// Endless one, too. Default to 200, none and none.
	Status int
	Header http.Header
	Body   []byte

	// BytesPerSecond is how fast an answer comes. Defaults to 0: no bound;
	// an Endless one has 1 MiB.
	BytesPerSecond int
}

// HTTPConfig says what a proxy stands in front of.
type HTTPConfig struct {
	// URL is the server's, without a path. Required.
	URL string

	// Hook decides about a request, whose body it must leave alone. Its
	// context ends when the client has gone or the proxy is closed.
	//
	// Defaults to none: everything passes.
	Hook func(*http.Request) Fault
}

// HTTP is a proxy before an HTTP server. It is safe for concurrent use. Close
// it.
type HTTP struct {
	gate   *gate
	to     *url.URL
	hook   func(*http.Request) Fault
	server *http.Server
	client *http.Client
	served chan struct{} // closed when the server has ended

	conns    chan net.Conn
	requests atomic.Int64
}

const (
	// maxBody bounds what is held of a request and of an answer.
	maxBody = 16 << 20

	forwardTimeout = time.Minute
	endlessRate    = 1 << 20
)

// NewHTTP starts a proxy at a free port.
func NewHTTP(c HTTPConfig) (*HTTP, error) {
	to, err := url.Parse(c.URL)
	if err != nil || to.Scheme != "http" || to.Host == "" || to.Path != "" {
		return nil, fmt.Errorf("faultproxy: URL %q: want http://host:port", c.URL)
	}
	h := &HTTP{
		to: to, hook: c.Hook, conns: make(chan net.Conn), served: make(chan struct{}),
		client: &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 10 * time.Second, DisableCompression: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	h.server = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ConnContext: withConn}
	if h.gate, err = newGate(h.hand); err != nil {
		return nil, err
	}
	go func() {
		_ = h.server.Serve(listener{h}) // it ends when the gate is closed
		close(h.served)
	}()
	return h, nil
}

// URL is the proxy's.
func (h *HTTP) URL() string { return "http://" + listener{h}.Addr().String() }

// Refuse has new connections refused, as where nobody listens, until Accept.
func (h *HTTP) Refuse() { h.gate.refuse() }

// Accept takes connections again, at the same address.
func (h *HTTP) Accept(ctx context.Context) error { return h.gate.open(ctx) }

// DropAll closes all connections to clients and reports how many there were.
func (h *HTTP) DropAll() int { return h.gate.dropAll() }

// Requests is how many there have been.
func (h *HTTP) Requests() int { return int(h.requests.Load()) }

// Close ends everything and waits until nothing is left of it. What is being
// passed on is given up.
func (h *HTTP) Close() error {
	h.gate.close()
	err := h.server.Close()
	<-h.served
	h.client.CloseIdleConnections()
	return err
}

// hand gives a connection to the server and waits until it is closed.
func (h *HTTP) hand(ctx context.Context, conn net.Conn) {
	c := &watched{Conn: conn, closed: make(chan struct{})}
	select {
	case h.conns <- c:
		<-c.closed
	case <-ctx.Done():
		_ = conn.Close()
	}
}

// ServeHTTP does with a request what the hook says.
func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.requests.Add(1)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil { // the client has gone, or sends too much
		panic(http.ErrAbortHandler)
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(h.gate.ctx, cancel)()
	r = r.WithContext(ctx)
	var f Fault
	if h.hook != nil {
		f = h.hook(r)
	}
	if f.Way == Forward || f.Way == ForwardThenHang || f.Way == ForwardThenCut {
		_ = wait(ctx, f.Delay)
		h.forward(w, r, body, f)
		return
	}
	if wait(ctx, f.Delay) != nil {
		panic(http.ErrAbortHandler)
	}
	f.refuse(w, r)
}

// forward has the server do its work, and passes its answer on as far as the
// fault lets it.
func (h *HTTP) forward(w http.ResponseWriter, r *http.Request, body []byte, f Fault) {
	got, err := h.roundTrip(r, body)
	f.Status, f.Header, f.Body = got.Status, got.Header, got.Body
	switch {
	case f.Way == ForwardThenHang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case errors.Is(err, errAnswer):
		http.Error(w, err.Error(), http.StatusBadGateway)
	case err != nil: // as if the proxy were not there
		reset(r)
	case f.Way == ForwardThenCut:
		length := len(f.Body) + 1
		f.Body = f.Body[:len(f.Body)/2]
		f.write(w, r, length)
		panic(http.ErrAbortHandler)
	default:
		f.write(w, r, len(f.Body))
	}
}

var errAnswer = errors.New("faultproxy: the server's answer is larger than 16 MiB")

// roundTrip returns what the server answers.
func (h *HTTP) roundTrip(r *http.Request, body []byte) (Fault, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), forwardTimeout)
	defer cancel()
	defer context.AfterFunc(h.gate.ctx, cancel)()
	q, err := h.request(ctx, r, body)
	if err != nil {
		return Fault{}, err
	}
	answer, err := h.client.Do(q)
	if err != nil {
		return Fault{}, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	if len(content) > maxBody {
		err = errAnswer
	}
	return Fault{Status: answer.StatusCode, Header: answer.Header, Body: content}, err
}
