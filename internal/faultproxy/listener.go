package faultproxy

import (
	"net"
	"sync"
)

// listener gives an HTTP server the connections of a gate.
type listener struct{ *HTTP }

func (l listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.gate.ctx.Done():
		return nil, net.ErrClosed
	}
}

func (l listener) Close() error { return nil } // the gate's matter

// Addr is the gate's address.
func (l listener) Addr() net.Addr {
	l.gate.mu.Lock()
	defer l.gate.mu.Unlock()
	a, err := net.ResolveTCPAddr("tcp4", l.gate.address)
	if err != nil {
		return &net.TCPAddr{}
	}
	return a
}

// watched tells when it is closed.
type watched struct {
	net.Conn

	once   sync.Once
	closed chan struct{}
}

func (w *watched) Close() error {
	w.once.Do(func() { close(w.closed) })
	return w.Conn.Close()
}
