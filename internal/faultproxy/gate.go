package faultproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/internal/freeport"
)

const (
	// reopenTimeout is for how long a port that was given up is asked for
	// again: connections to other ports may have it for a moment.
	reopenTimeout = 5 * time.Second
	reopenPause   = 20 * time.Millisecond
)

// gate is one address of the loopback interface at which connections are taken
// or refused.
type gate struct {
	address string
	handle  func(context.Context, net.Conn) // closes the connection
	ctx     context.Context                 //nolint:containedctx // it ends with close
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while connections are refused
	drop     map[net.Conn]func()
}

// newGate takes connections at a free port, which is none that systems give to
// whoever connects: nobody has it while it is given up.
func newGate(handle func(context.Context, net.Conn)) (*gate, error) {
	ctx, cancel := context.WithCancel(context.Background())
	g := &gate{handle: handle, ctx: ctx, cancel: cancel, drop: make(map[net.Conn]func())}
	var err error
	if g.address, err = freeport.Address(ctx); err == nil {
		err = g.open(ctx)
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("faultproxy: %w", err)
	}
	return g, nil
}

// open takes connections again. It does nothing if they are taken already.
func (g *gate) open(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener != nil {
		return nil
	}
	if g.ctx.Err() != nil {
		return net.ErrClosed
	}
	l, err := g.listen(ctx)
	if err != nil {
		return err
	}
	g.listener = l
	g.running.Go(func() { g.accept(l) })
	return nil
}

func (g *gate) listen(ctx context.Context) (net.Listener, error) {
	ctx, cancel := context.WithTimeout(ctx, reopenTimeout)
	defer cancel()
	for {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", g.address)
		if err == nil {
			return l, nil
		}
		if wait(ctx, reopenPause) != nil {
			return nil, err
		}
	}
}

func (g *gate) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // too many open files, say
			if wait(g.ctx, reopenPause) != nil {
				return
			}
			continue
		}
		g.start(conn)
	}
}

func (g *gate) start(conn net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ctx.Err() != nil { // close has dropped the others
		_ = conn.Close()
		return
	}
	ctx, cancel := context.WithCancel(g.ctx)
	g.drop[conn] = func() { cancel(); _ = conn.Close() }
	g.running.Go(func() {
		defer func() {
			cancel()
			g.mu.Lock()
			delete(g.drop, conn)
			g.mu.Unlock()
		}()
		g.handle(ctx, conn)
	})
}

// refuse has the system refuse new connections until open. Those that are
// there stay.
func (g *gate) refuse() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener != nil {
		_ = g.listener.Close()
		g.listener = nil
	}
}

// dropAll ends all connections and reports how many there were.
func (g *gate) dropAll() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, drop := range g.drop {
		drop()
	}
	return len(g.drop)
}

// close ends everything and waits for it.
func (g *gate) close() {
	g.cancel()
	g.refuse()
	g.dropAll()
	g.running.Wait()
}

// wait waits, or returns why it was cut off.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
