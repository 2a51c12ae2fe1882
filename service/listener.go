package service

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// listener bounds how many connections are open at once: each takes a
// descriptor and some 20 KiB, and the service needs descriptors of its own to
// reach SNS. Whoever comes when there is no room waits in the kernel's queue
// until somebody leaves.
//
// It hands on the connections as they are, since net/http looks at their type,
// and learns from [listener.changed] that one is gone.
type listener struct {
	net.Listener

	room   chan struct{}
	closed chan struct{}
	once   sync.Once
	logger *slog.Logger
	warned time.Time // of Accept, which one goroutine calls
}

func limitConnections(l net.Listener, most int, logger *slog.Logger) *listener {
	return &listener{Listener: l, room: make(chan struct{}, most), closed: make(chan struct{}), logger: logger}
}

// Accept waits for room, then for a connection.
func (l *listener) Accept() (net.Conn, error) {
	if !l.enter() {
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.room
	}
	return conn, err
}

// enter takes a place, or reports that the listener is closed.
func (l *listener) enter() bool {
	select {
	case l.room <- struct{}{}:
		return true
	default:
	}
	if now := time.Now(); now.Sub(l.warned) >= time.Second {
		l.warned = now
		l.logger.LogAttrs(context.Background(), slog.LevelWarn, "no connection is taken until another one is closed", slog.Int("open", cap(l.room)))
	}
	select {
	case l.room <- struct{}{}:
		return true
	case <-l.closed:
		return false
	}
}

// changed is for [http.Server.ConnState].
func (l *listener) changed(_ net.Conn, state http.ConnState) {
	if state == http.StateClosed || state == http.StateHijacked {
		<-l.room
	}
}

// Close ends Accept, too, if it waits for room.
func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}
