package postgres

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/faultproxy"
	"github.com/tracehaul/tracehaul/internal/postgres"
	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
)

// opened gives a pool as the consumer has it, and one beside it.
func opened(t *testing.T, change func(*Config)) (pool, beside *pgxpool.Pool) {
	t.Helper()
	beside = migrated(t)
	c := Config{URL: beside.Config().ConnString()}
	if change != nil {
		change(&c)
	}
	pool, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool, beside
}

func wantPassing(t *testing.T, err error, codes ...string) {
	t.Helper()
	if !consumer.Retryable(err) || consumer.Poison(err) || !slices.Contains(codes, consumer.ErrorCode(err)) {
		t.Errorf("error %v: retryable %t, poison %t, code %q, want retryable with a code of %q",
			err, consumer.Retryable(err), consumer.Poison(err), consumer.ErrorCode(err), codes)
	}
}

func TestSink_NoServer_FailsAtOnceAndPasses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // nobody listens there now
	pool, err := Open(Config{URL: "postgres://somebody:hunter2@" + l.Addr().String() + "/events?sslmode=disable"})
	if err != nil {
		t.Fatalf("Open needs the server: %v", err)
	}
	defer pool.Close()
	_, err = New(pool).Write(t.Context(), records(2))
	wantPassing(t, err, codeConnection)
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error has the password: %v", err)
	}
}

func TestSink_ServerThatNeverAnswers_TimesOut(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // accepts nothing, but the system connects
	pool, err := Open(Config{URL: "postgres://u@" + l.Addr().String() + "/d?sslmode=disable", ConnectTimeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	_, err = New(pool).Write(t.Context(), records(2))
	wantPassing(t, err, codeTimeout)
}

func TestSink_ConnectionDiedUnnoticed_WritesOverANewOne(t *testing.T) {
	pool, beside := opened(t, nil)
	sink := New(pool)
	if _, err := sink.Write(t.Context(), records(1)); err != nil {
		t.Fatal(err)
	}
	var ended int
	err := beside.QueryRow(t.Context(), `SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
		WHERE application_name = 'tracehaul-consumer' AND datname = current_database()`).Scan(&ended)
	if err != nil || ended != 1 {
		t.Fatalf("ended %d connections: %v", ended, err)
	}
	stored, err := sink.Write(t.Context(), records(2))
	if err != nil || !slices.Equal(stored, all(consumer.Written, 2)) {
		t.Errorf("Write gave %v, %v", stored, err)
	}
}

// A server that is gone without a word, as in a failover, leaves its connections
// open. They must not stand in the way of new ones.
func TestSink_ServerHangs_NextBatchGoesOverANewConnection(t *testing.T) {
	beside := migrated(t)
	var hangs atomic.Bool
	p, err := faultproxy.NewPostgres(faultproxy.PostgresConfig{
		URL: beside.Config().ConnString(),
		Hook: func(ctx context.Context, m faultproxy.Moment) faultproxy.Verdict {
			if m.Seam == faultproxy.SeamBegin && hangs.CompareAndSwap(true, false) {
				<-ctx.Done()
			}
			return faultproxy.Pass()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	pool, err := Open(Config{URL: p.URL(), MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(); pool.Close() })
	if _, err := New(pool).Write(t.Context(), records(1)); err != nil { // so that connecting takes no time any more
		t.Fatal(err)
	}
	hangs.Store(true)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err = New(pool).Write(ctx, records(1))
	wantPassing(t, err, codeTimeout)
	if hangs.Load() {
		t.Fatal("the server was not reached")
	}
	began := time.Now()
	ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if stored, err := New(pool).Write(ctx, records(2)); err != nil || !slices.Equal(stored, all(consumer.Written, 2)) {
		t.Errorf("after %v Write gave %v, %v", time.Since(began), stored, err)
	}
}

// A writer becomes a reader by failover; connections to it stay open.
func TestSink_ConnectionBecameReadOnly_WritesOverANewOne(t *testing.T) {
	pool, _ := opened(t, func(c *Config) { c.MaxConns = 1 })
	sink := New(pool)
	if _, err := sink.Write(t.Context(), records(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), "SET default_transaction_read_only = on"); err != nil {
		t.Fatal(err)
	}
	stored, err := sink.Write(t.Context(), records(2))
	if err != nil || !slices.Equal(stored, all(consumer.Written, 2)) {
		t.Errorf("Write gave %v, %v", stored, err)
	}
}

func TestSink_OnlyAReaderThere_Passes(t *testing.T) {
	pool, _ := opened(t, func(c *Config) { c.URL += "&default_transaction_read_only=on" })
	_, err := New(pool).Write(t.Context(), records(1))
	wantPassing(t, err, codeReadOnly)
	for end := time.Now().Add(time.Minute); pool.Stat().TotalConns() > 0; time.Sleep(10 * time.Millisecond) { // closed in the background
		if time.Now().After(end) {
			t.Fatal("the connection to the reader is kept")
		}
	}
}

// DISCARD ALL is what some poolers send between clients.
func TestSink_StatementGone_PreparesAnew(t *testing.T) {
	pool, _ := opened(t, func(c *Config) { c.MaxConns = 1 })
	sink := New(pool)
	if _, err := sink.Write(t.Context(), records(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), "DEALLOCATE ALL"); err != nil {
		t.Fatal(err)
	}
	if stored, err := sink.Write(t.Context(), records(2)); err != nil || !slices.Equal(stored, all(consumer.Written, 2)) {
		t.Errorf("Write gave %v, %v", stored, err)
	}
}

// A migration may alter the table under connections that have prepared the
// statement.
func TestSink_TableAltered_GoesOn(t *testing.T) {
	pool, beside := opened(t, func(c *Config) { c.MaxConns = 1 })
	sink := New(pool)
	for _, sql := range []string{
		"SELECT 1",
		"ALTER TABLE events ADD COLUMN more text NOT NULL DEFAULT 'x'",
		"CREATE INDEX ON events (type)",
	} {
		if _, err := beside.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
		if stored, err := sink.Write(t.Context(), records(2)); err != nil || !slices.Equal(stored, all(consumer.Written, 2)) {
			t.Errorf("after %s: Write gave %v, %v", sql, stored, err)
		}
	}
}

func TestSink_TableMissing_IsNotTheEventsFault(t *testing.T) {
	pool, err := Open(Config{URL: postgrestest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	_, err = New(pool).Write(t.Context(), records(1))
	if consumer.Poison(err) || consumer.Retryable(err) || consumer.ErrorCode(err) != "42P01" {
		t.Errorf("error %v: poison %t, retryable %t", err, consumer.Poison(err), consumer.Retryable(err))
	}
	if _, err := migrate.Up(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	if _, err := New(pool).Write(t.Context(), records(1)); err != nil {
		t.Errorf("once the table is there: %v", err)
	}
}

func TestSink_RowLockedUntilTheDeadline_NothingIsLeftBehind(t *testing.T) {
	pool, beside := opened(t, nil)
	batch := records(3 * chunkRows)
	tx, err := beside.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	last := batch[len(batch)-1]
	if _, err := tx.Exec(t.Context(), "INSERT INTO events (source, id, type) VALUES ($1, $2, 't')", last.Event.Source, last.Event.ID); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err = New(pool).Write(ctx, batch)
	wantPassing(t, err, codeCanceled, codeTimeout)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("Write took %v", took)
	}
	for active, end := 1, time.Now().Add(time.Minute); active != 0; { // the lock is held until the test ends
		if err := beside.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE application_name = 'tracehaul-consumer' AND datname = current_database() AND state = 'active'`).Scan(&active); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(end) {
			t.Fatal("the server still works on the statement")
		}
	}
	if n := count(t, beside); n != 0 {
		t.Errorf("%d rows of the batch are stored", n)
	}
}

func TestSink_NoConnectionFree_Passes(t *testing.T) {
	pool, _ := opened(t, func(c *Config) { c.MaxConns = 1 })
	held, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = New(pool).Write(ctx, records(1))
	wantPassing(t, err, codeTimeout)
}

func TestSink_ServerRestarts_FailsThenGoesOn(t *testing.T) {
	server := postgrestest.Server(t, postgres.Config{Durable: true})
	url, err := server.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pool, err := Open(Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := migrate.Up(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	sink := New(pool)
	first, second := records(3), records(3)
	if _, err := sink.Write(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if err := server.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = sink.Write(t.Context(), second)
	wantPassing(t, err, codeConnection)
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	stored, err := sink.Write(t.Context(), append(first, second...))
	if err != nil || !slices.Equal(stored[3:], all(consumer.Written, 3)) {
		t.Errorf("after the restart Write gave %v, %v", stored, err)
	}
}

// refuseAll is a pooler whose refusals do not say that they end a connection, as
// PostgreSQL's do.
func refuseAll(t *testing.T, refusal *pgproto3.ErrorResponse) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			backend := pgproto3.NewBackend(client, client)
			if _, err := backend.ReceiveStartupMessage(); err == nil {
				backend.Send(refusal)
				_ = backend.Flush()
			}
			client.Close()
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String()
}

// A refused connection may have a code of data, and says nothing of rows.
func TestSink_ConnectionRefusedWithACodeOfData_IsNotTheEventsFault(t *testing.T) {
	addr := refuseAll(t, &pgproto3.ErrorResponse{Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: "22023", Message: "unsupported startup parameter"})
	pool, err := Open(Config{URL: "postgres://somebody@" + addr + "/events?sslmode=disable"})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := New(pool).Write(t.Context(), records(1)); consumer.Poison(err) || consumer.ErrorCode(err) != "22023" {
		t.Errorf("error %v: poison %t, code %q; want the server's code and no poison", err, consumer.Poison(err), consumer.ErrorCode(err))
	}
}

func TestError_Codes_AreSortedByWhatHelps(t *testing.T) {
	for code, want := range map[string]struct{ retryable, poison bool }{
		"08006": {true, false},  // connection failure
		"22021": {false, true},  // character not in repertoire
		"23502": {false, true},  // not null violation
		"25006": {true, false},  // read-only transaction
		"28P01": {true, false},  // invalid password
		"40001": {true, false},  // serialisation failure
		"40P01": {true, false},  // deadlock detected
		"42501": {false, false}, // insufficient privilege
		"42P01": {false, false}, // undefined table
		"53300": {true, false},  // too many connections
		"54000": {false, true},  // program limit exceeded
		"55P03": {true, false},  // lock not available
		"57014": {true, false},  // query cancelled
		"57P01": {true, false},  // admin shutdown
		"57P03": {true, false},  // cannot connect now
		"P0001": {false, true},  // a trigger's exception
		"XX000": {false, false}, // internal error
	} {
		t.Run(code, func(t *testing.T) {
			for _, severity := range []string{"ERROR", "FATAL"} {
				err := newError(pgError(code, severity))
				if got := consumer.Retryable(err); got != want.retryable {
					t.Errorf("%s: retryable is %t", severity, got)
				}
				// What ends a connection says nothing of rows.
				if got := consumer.Poison(err); got != (want.poison && severity == "ERROR") {
					t.Errorf("%s: poison is %t", severity, got)
				}
			}
		})
	}
}
