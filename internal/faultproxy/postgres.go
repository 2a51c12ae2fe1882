package faultproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync/atomic"
	"time"
)

// Seam is a moment between a client and its database.
type Seam int

// The seams, in their order. A batch is what a client sends up to a Sync, with
// at least one statement that is executed; without BEGIN the server makes it one
// transaction and commits at the Sync. (PostgreSQL, "Message Flow",
// "Pipelining".) Simple queries, such as pings, have no seams.
const (
	// SeamConnect: a client has connected, and the server knows nothing of it.
	SeamConnect Seam = iota + 1

	// SeamBegin: the first rows of a batch are here, and not at the server.
	SeamBegin

	// SeamCommit: the server has executed the whole batch, and the client has
	// its answers; but the Sync is here, and nothing is committed.
	SeamCommit

	// SeamCommitted: the server has committed, and the client does not know. A
	// batch that the server refused has no such moment.
	SeamCommitted
)

var seamNames = map[Seam]string{
	SeamConnect: "connect", SeamBegin: "begin", SeamCommit: "commit", SeamCommitted: "committed",
}

// String is the seam's name.
func (s Seam) String() string {
	if name, ok := seamNames[s]; ok {
		return name
	}
	return fmt.Sprintf("seam %d", int(s))
}

// Moment is where a hook is called.
type Moment struct {
	Seam       Seam
	Connection int // which one it is, from 1
	Batch      int // which one it is, from 1, over all connections; 0 at SeamConnect
}

// Verdict is what a hook decides. The zero value lets things go on.
type Verdict struct {
	drop  bool
	code  string
	fatal bool
}

// Pass lets things go on.
func Pass() Verdict { return Verdict{} }

// Drop closes the connection on both sides. What is held never arrives.
func Drop() Verdict { return Verdict{drop: true} }

// Fail answers with an error of that SQLSTATE in place of the server, which
// gives the batch up unless it has committed. At SeamConnect it is as End.
func Fail(code string) Verdict { return Verdict{code: code} }

// End answers with a FATAL error of that SQLSTATE and closes the connection on
// both sides, as a server does that shuts down or has no room.
func End(code string) Verdict { return Verdict{code: code, fatal: true} }

// PostgresConfig says what a proxy stands in front of.
type PostgresConfig struct {
	// URL connects to the server; it must not ask for TLS, as the proxy has to
	// read what is said. Required.
	URL string

	// Hook is called at every seam, from one goroutine for each direction of a
	// connection, and holds up that direction. Its context ends when the
	// proxy is closed and, but for SeamConnect, when the client or the server
	// has gone.
	//
	// Defaults to none: everything passes.
	Hook func(context.Context, Moment) Verdict
}

// Postgres is a proxy before a PostgreSQL server. It is safe for concurrent
// use. Close it.
type Postgres struct {
	gate   *gate
	server url.URL
	hook   func(context.Context, Moment) Verdict

	link                 atomic.Pointer[Link]
	connections, batches atomic.Int64
}

const dialTimeout = 5 * time.Second

// NewPostgres starts a proxy at a free port.
func NewPostgres(c PostgresConfig) (*Postgres, error) {
	server, err := url.Parse(c.URL)
	if err != nil || server.Port() == "" {
		return nil, errors.New("faultproxy: URL: want postgres://user@host:port/name") // err would quote a password
	}
	if server.Query().Get("sslmode") != "disable" {
		return nil, errors.New("faultproxy: URL: want sslmode=disable, what is encrypted cannot be read")
	}
	p := &Postgres{server: *server, hook: c.Hook}
	p.link.Store(new(Link))
	if p.gate, err = newGate(p.serve); err != nil {
		return nil, err
	}
	return p, nil
}

// URL connects through the proxy, otherwise as the server's own.
func (p *Postgres) URL() string {
	u := p.server
	u.Host = p.Address()
	return u.String()
}

// Address is the proxy's host and port.
func (p *Postgres) Address() string {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	return p.gate.address
}

// Refuse has new connections refused, as where nobody listens, until Accept.
func (p *Postgres) Refuse() { p.gate.refuse() }

// Accept takes connections again, at the same address.
func (p *Postgres) Accept(ctx context.Context) error { return p.gate.open(ctx) }

// DropAll closes all connections on both sides and reports how many there were.
func (p *Postgres) DropAll() int { return p.gate.dropAll() }

// SetLink makes all connections, those that are there too, as slow as l.
func (p *Postgres) SetLink(l Link) { p.link.Store(&l) }

// Close ends all connections and waits until nothing is left of them.
func (p *Postgres) Close() error {
	p.gate.close()
	return nil
}

func (p *Postgres) serve(ctx context.Context, client net.Conn) {
	(&session{proxy: p, client: client}).run(ctx)
}

// ask asks the hook.
func (p *Postgres) ask(ctx context.Context, m Moment) Verdict {
	if p.hook == nil {
		return Verdict{}
	}
	return p.hook(ctx, m)
}
