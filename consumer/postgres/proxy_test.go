package postgres

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// proxy stands between a pool and a real PostgreSQL: it counts what the client
// sends, and can ask for TLS and a password of its own.
type proxy struct {
	listener net.Listener
	backend  *url.URL
	tls      *tls.Config                           // nil: refuse TLS
	login    func(user, password string) (ok bool) // nil: ask for none

	mu          sync.Mutex
	connections int
	sent        map[byte]int // the client's messages after the start, by type
}

// newProxy returns a proxy for the server of a URL, not yet serving.
func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return &proxy{listener: l, backend: u, sent: make(map[byte]int)}
}

// url is the proxy's address with the server's user and database. The query
// gives the parameters.
func (p *proxy) url(query string) string {
	u := *p.backend
	u.Host, u.RawQuery = p.listener.Addr().String(), query
	return u.String()
}

// take returns what the client has sent since the last call.
func (p *proxy) take() map[byte]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	sent := p.sent
	p.sent = make(map[byte]int)
	return sent
}

// serve serves until the test ends.
func (p *proxy) serve(t *testing.T) {
	t.Helper()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := p.listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				if err := p.handle(client); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
					t.Logf("proxy: %v", err)
				}
			})
		}
	})
	t.Cleanup(func() { p.listener.Close(); wg.Wait() })
}

func (p *proxy) handle(client net.Conn) error {
	defer func() { client.Close() }()
	ok, client, err := p.start(client)
	if err != nil || !ok {
		return err
	}
	p.mu.Lock()
	p.connections++
	p.mu.Unlock()
	conn, err := pgconn.Connect(context.Background(), p.backend.String())
	if err != nil {
		return err
	}
	if err := conn.SyncConn(context.Background()); err != nil { // nothing else reads from it any more
		return err
	}
	server, err := conn.Hijack()
	if err != nil {
		return err
	}
	defer server.Conn.Close()
	if err := welcome(client, server); err != nil {
		return err
	}
	go func() { _, _ = io.Copy(client, server.Conn); client.Close() }()
	return p.relay(server.Conn, client)
}

// welcome tells the client what the server told the proxy.
func welcome(client net.Conn, server *pgconn.HijackedConn) error {
	backend := pgproto3.NewBackend(client, client)
	backend.Send(&pgproto3.AuthenticationOk{})
	for name, value := range server.ParameterStatuses {
		backend.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	backend.Send(&pgproto3.BackendKeyData{ProcessID: server.PID, SecretKey: server.SecretKey})
	backend.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	return backend.Flush()
}

// start takes the start-up message, having switched to TLS before and checked
// the password after it. It also passes on cancel requests.
func (p *proxy) start(client net.Conn) (ok bool, _ net.Conn, err error) {
	backend := pgproto3.NewBackend(client, client)
	for {
		message, err := backend.ReceiveStartupMessage()
		if err != nil {
			return false, client, err
		}
		switch message := message.(type) {
		case *pgproto3.SSLRequest:
			answer := byte('N')
			if p.tls != nil {
				answer = 'S'
			}
			if _, err := client.Write([]byte{answer}); err != nil {
				return false, client, err
			}
			if p.tls != nil {
				client = tls.Server(client, p.tls)
				backend = pgproto3.NewBackend(client, client)
			}
		case *pgproto3.StartupMessage:
			ok, err := p.authenticate(backend, message.Parameters["user"])
			return ok, client, err
		case *pgproto3.CancelRequest:
			return false, client, p.cancel(message)
		default:
			return false, client, errors.New("unexpected start")
		}
	}
}

func (p *proxy) cancel(message *pgproto3.CancelRequest) error {
	server, err := net.Dial("tcp", p.backend.Host)
	if err != nil {
		return err
	}
	defer server.Close()
	b, err := message.Encode(nil)
	if err != nil {
		return err
	}
	_, err = server.Write(b)
	return err
}

func (p *proxy) authenticate(backend *pgproto3.Backend, user string) (bool, error) {
	if p.login == nil {
		return true, nil
	}
	backend.Send(&pgproto3.AuthenticationCleartextPassword{})
	if err := backend.Flush(); err != nil {
		return false, err
	}
	if err := backend.SetAuthType(pgproto3.AuthTypeCleartextPassword); err != nil {
		return false, err
	}
	message, err := backend.Receive()
	if err != nil {
		return false, err
	}
	password, ok := message.(*pgproto3.PasswordMessage)
	if !ok {
		return false, errors.New("want a password")
	}
	if p.login(user, password.Password) {
		return true, nil
	}
	backend.Send(&pgproto3.ErrorResponse{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: "28P01", Message: "password authentication failed"})
	return false, backend.Flush()
}

// relay passes on what the client sends, message by message.
func (p *proxy) relay(server io.Writer, client io.Reader) error {
	var head [5]byte
	for {
		if _, err := io.ReadFull(client, head[:]); err != nil {
			return err
		}
		p.mu.Lock()
		p.sent[head[0]]++
		p.mu.Unlock()
		if _, err := server.Write(head[:]); err != nil {
			return err
		}
		if _, err := io.CopyN(server, client, int64(binary.BigEndian.Uint32(head[1:]))-4); err != nil {
			return err
		}
	}
}
