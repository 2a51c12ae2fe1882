package service

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// running is a bundle that listens.
type running struct {
	*bundle

	t      *testing.T
	url    string
	addr   string
	dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	client *http.Client
	stop   context.CancelFunc // tells it to stop
	fail   chan<- error       // makes the listener fail, in a bubble
	done   chan error         // gets what Run returned
}

// ended is what Run returns.
func (r *running) ended() error {
	err := <-r.done
	r.done <- err
	return err
}

// start listens on the network.
func start(t *testing.T, change ...func(*Config)) *running {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listenOn(t, l, new(net.Dialer).DialContext, change...)
}

// bubble runs a test of a service that listens where no time passes but what
// somebody waits for.
func bubble(t *testing.T, test func(*running), change ...func(*Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		r := listenOn(t, l, l.dial, change...)
		r.fail = l.failed
		test(r)
	})
}

func listenOn(t *testing.T, l net.Listener, dial func(ctx context.Context, network, addr string) (net.Conn, error), change ...func(*Config)) *running {
	t.Helper()
	b := setup(t, append([]func(*Config){func(c *Config) { c.DrainGrace = -1 }}, change...)...)
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{
		bundle: b, t: t, url: "http://" + l.Addr().String(), addr: l.Addr().String(), dial: dial,
		client: &http.Client{Transport: &http.Transport{DialContext: dial}}, stop: cancel, done: make(chan error, 1),
	}
	go func() { r.done <- b.Run(ctx, l) }()
	t.Cleanup(func() {
		r.client.CloseIdleConnections()
		cancel()
		select {
		case err := <-r.done:
			r.done <- err
		case <-time.After(patient):
			t.Error("Run did not return")
		}
		r.client.CloseIdleConnections()
	})
	return r
}

// patient is how long a test waits for what must come, on the busiest machine.
const patient = time.Minute

// pipes is a listener without a network.
type pipes struct {
	conns  chan net.Conn
	failed chan error // makes it fail
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes {
	return &pipes{conns: make(chan net.Conn), failed: make(chan error), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case err := <-p.failed:
		return nil, err
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *running) get(t *testing.T, path string) int {
	t.Helper()
	res, err := r.client.Get(r.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

func (r *running) post(t *testing.T, id string) int {
	t.Helper()
	res, err := r.client.Post(r.url+"/v1/events", "application/cloudevents+json", strings.NewReader(cloudEvent(id)))
	if err != nil {
		t.Error(err)
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// connect opens a connection that ends with the test.
func (r *running) connect(t *testing.T) net.Conn {
	t.Helper()
	c, err := r.dial(t.Context(), "tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetReadDeadline(time.Now().Add(patient))
	return c
}

// raw sends text over a connection of its own and reads one answer.
func (r *running) raw(t *testing.T, text string) (*http.Response, net.Conn) {
	t.Helper()
	c := r.connect(t)
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	return res, c
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(patient); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patient, what)
		}
	}
}
