package pgxtrace_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/telemetry/internal/idle"
	"github.com/tracehaul/tracehaul/telemetry/pgxtrace"
)

// wire tells when something is sent to the server.
type wire struct {
	net.Conn
	sent *atomic.Pointer[func()]
}

func (w wire) Write(b []byte) (int, error) {
	n, err := w.Conn.Write(b)
	if f := w.sent.Swap(nil); f != nil {
		(*f)()
	}
	return n, err
}

// What was put off until a query is done beside it: when the query has been
// sent, and before it is over.
func TestFanOut_WorkWasPutOff_DoneWhileTheServerWorks(t *testing.T) {
	var sent atomic.Pointer[func()]
	b := setup(t, pgxtrace.Config{}, func(c *pgxpool.Config) {
		dial := c.ConnConfig.DialFunc
		c.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return wire{conn, &sent}, err
		}
	})
	started := make(chan struct{})
	onSent := func() { close(started) }
	done := false
	work := idle.Later(func() {
		select {
		case <-started:
		case <-time.After(30 * time.Second):
			t.Error("the query waits for what was put off")
		}
		done = true
	})
	ctx, _ := b.tracer.Start(t.Context(), "process")
	sent.Store(&onSent)
	b.exec(pgxtrace.FanOut(idle.Context(t.Context(), work), []context.Context{ctx}), "INSERT INTO events VALUES (1)")
	if !done {
		t.Error("what was put off is still to be done")
	}
	b.only("INSERT events")
}
