package faultproxy

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// session is one client's connection, and ours to the server for it.
type session struct {
	proxy  *Postgres
	number int
	client net.Conn
	server net.Conn

	open  context.Context //nolint:containedctx // it ends with close
	both  context.Context //nolint:containedctx // it ends when either side has gone
	shut  context.CancelFunc
	gone  context.CancelFunc
	reads sync.WaitGroup

	writing sync.Mutex // one at a time writes to the client

	mu       sync.Mutex
	cycles   []*cycle      // that the server has not answered to the end, the first one first
	answered chan struct{} // has one element when something was answered
}

// cycle is what a client sends up to a Sync, or a simple query.
type cycle struct {
	batch    int // which one it is, 0 while it is none
	verdict  Verdict
	executes int // sent to the server
	done     int // answered by it
	failed   bool
}

// run serves the client until either side ends.
func (s *session) run(ctx context.Context) {
	defer s.client.Close()
	startup, ok := s.greet(ctx)
	if !ok {
		return
	}
	var err error
	if s.server, err = (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", s.proxy.server.Host); err != nil {
		return
	}
	defer s.server.Close()
	if _, err := s.server.Write(startup); err != nil {
		return
	}
	s.answered = make(chan struct{}, 1)
	s.open, s.shut = context.WithCancel(ctx)
	s.both, s.gone = context.WithCancel(s.open)
	defer s.reads.Wait()
	defer s.close()

	var both sync.WaitGroup
	both.Go(func() { s.forth(s.read(s.client)) })
	both.Go(func() { s.back(s.read(s.server)) })
	both.Wait()
}

func (s *session) read(from net.Conn) <-chan parcel {
	ahead := make(chan parcel, window)
	s.reads.Go(func() {
		frames(s.open, from, ahead)
		s.gone()
	})
	return ahead
}

func (s *session) close() {
	s.shut()
	_ = s.client.Close()
	_ = s.server.Close()
}

// greet takes the start of a connection and returns what to send to the
// server. It refuses encryption.
func (s *session) greet(ctx context.Context) (startup []byte, ok bool) {
	_ = s.client.SetReadDeadline(time.Now().Add(dialTimeout))
	backend := pgproto3.NewBackend(s.client, s.client)
	for {
		message, err := backend.ReceiveStartupMessage()
		if err != nil {
			return nil, false
		}
		switch message := message.(type) {
		case *pgproto3.SSLRequest, *pgproto3.GSSEncRequest:
			if _, err := s.client.Write([]byte{'N'}); err != nil {
				return nil, false
			}
		case *pgproto3.CancelRequest: // the server closes after it
			return encode(message), true
		case *pgproto3.StartupMessage:
			_ = s.client.SetReadDeadline(time.Time{})
			s.number = int(s.proxy.connections.Add(1))
			v := s.proxy.ask(ctx, Moment{Seam: SeamConnect, Connection: s.number})
			if v.code != "" {
				_, _ = s.client.Write(v.error(true))
			}
			return encode(message), v == Pass()
		}
	}
}

// forth passes on what the client sends. When the client has gone, the server
// still gets what was on its way.
func (s *session) forth(from <-chan parcel) {
	c := new(cycle)
	for p := range from {
		var ok bool
		if p.data, ok = s.toServer(&c, p.data); !ok || s.proxy.link.Load().deliver(s.open, s.server, p) != nil {
			s.close()
			return
		}
	}
	if half, ok := s.server.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
}

// toServer says what to send in place of a message of the client.
func (s *session) toServer(current **cycle, frame []byte) (_ []byte, ok bool) {
	c := *current
	if c.verdict.code != "" && frame[0] != fromClientSync {
		return nil, true
	}
	switch frame[0] {
	case fromClientBind:
		if c.batch == 0 {
			c.batch = int(s.proxy.batches.Add(1))
			s.expect(c)
			return s.decide(c, SeamBegin, frame)
		}
	case fromClientExecute:
		s.mu.Lock()
		c.executes++
		s.mu.Unlock()
	case fromClientQuery:
		s.expect(new(cycle))
	case fromClientSync:
		*current = new(cycle)
		if c.batch == 0 {
			s.expect(c)
			return frame, true
		}
		if c.verdict.code != "" || s.proxy.hook == nil || !s.executed(c) {
			return frame, true
		}
		return s.decide(c, SeamCommit, frame)
	}
	return frame, true
}

// expect has the server's answers counted for a cycle.
func (s *session) expect(c *cycle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cycles = append(s.cycles, c)
}

// executed has the server answer what it got so far, and reports whether all
// of the batch worked.
func (s *session) executed(c *cycle) bool {
	if _, err := s.server.Write(encode(&pgproto3.Flush{})); err != nil {
		return false
	}
	for {
		s.mu.Lock()
		failed, all := c.failed, c.done == c.executes
		s.mu.Unlock()
		if failed || all {
			return all && !failed
		}
		select {
		case <-s.answered:
		case <-s.both.Done():
			return false
		}
	}
}

// decide asks the hook about a batch whose next message is held.
func (s *session) decide(c *cycle, seam Seam, frame []byte) (_ []byte, ok bool) {
	v := s.proxy.ask(s.both, Moment{seam, s.number, c.batch})
	switch {
	case v == Pass():
		return frame, true
	case v.drop:
		return nil, false
	case v.fatal:
		_ = s.write(parcel{data: v.error(true)})
		return nil, false
	}
	s.mu.Lock()
	c.verdict = v
	s.mu.Unlock()
	// The server answers this with an error, and gives the transaction up.
	// back puts another error in its place.
	data := encode(&pgproto3.Execute{Portal: noPortal})
	if seam == SeamCommit {
		data = append(data, frame...)
	}
	return data, true
}

// back passes on what the server answers.
func (s *session) back(from <-chan parcel) {
	defer s.close()
	started := false
	for p := range from {
		kind, ok := p.data[0], true
		if started {
			p.data, ok = s.toClient(p.data)
		}
		if s.write(p) != nil || !ok {
			return
		}
		if started {
			s.count(kind)
		}
		started = started || kind == fromServerReady
	}
}

func (s *session) write(p parcel) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.proxy.link.Load().deliver(s.open, s.client, p)
}

// toClient says what to send in place of a message of the server, and whether
// the connection is to stay.
func (s *session) toClient(frame []byte) (_ []byte, ok bool) {
	s.mu.Lock()
	if len(s.cycles) == 0 {
		s.mu.Unlock()
		return frame, true // a notice, or the server's last words
	}
	c := *s.cycles[0]
	if frame[0] == fromServerReady {
		s.cycles = s.cycles[1:]
	}
	s.mu.Unlock()
	switch {
	case frame[0] == fromServerError && c.verdict.code != "":
		return c.verdict.error(false), true
	case frame[0] == fromServerReady && c.batch != 0 && !c.failed:
		return s.committed(&c, frame)
	}
	return frame, true
}

// count notes what the client has got of the first cycle.
func (s *session) count(kind byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.cycles) == 0 {
		return
	}
	switch kind {
	case fromServerCommandComplete, fromServerEmptyQuery, fromServerSuspended:
		s.cycles[0].done++
	case fromServerError:
		s.cycles[0].failed = true
	default:
		return
	}
	select {
	case s.answered <- struct{}{}:
	default:
	}
}

// committed asks the hook about a batch whose last answer is held.
func (s *session) committed(c *cycle, frame []byte) (_ []byte, ok bool) {
	v := s.proxy.ask(s.both, Moment{SeamCommitted, s.number, c.batch})
	switch {
	case v.drop:
		return nil, false
	case v.fatal:
		return v.error(true), false
	case v.code != "":
		return append(v.error(false), frame...), true
	}
	return frame, true
}

// error is the message in place of the server's.
func (v Verdict) error(fatal bool) []byte {
	severity := "ERROR"
	if fatal {
		severity = "FATAL"
	}
	return encode(&pgproto3.ErrorResponse{
		Severity: severity, SeverityUnlocalized: severity, Code: v.code, Message: "made up by the fault proxy",
	})
}
