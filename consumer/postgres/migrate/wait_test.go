package migrate

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// soon is how long an error may take once the time is up.
const soon = 20 * time.Second

// errTime is why a context of these tests ends.
var errTime = errors.New("the test's time is up")

// intruder is another session that shows who it is.
func intruder(t *testing.T, pool *pgxpool.Pool) *pgx.Conn {
	t.Helper()
	c := pool.Config().ConnConfig
	c.RuntimeParams["application_name"] = "intruder"
	conn, err := pgx.ConnectConfig(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// within runs migrations with so much time, and fails the test if they take
// much more.
func within(t *testing.T, pool *pgxpool.Pool, c Config, limit time.Duration, migrations fstest.MapFS) error {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), limit, errTime)
	defer cancel()
	start := time.Now()
	_, err := run(ctx, pool, c, migrations)
	if took := time.Since(start); took > limit+soon {
		t.Errorf("it took %v, with %v of time", took, limit)
	}
	return err
}

func wantSaid(t *testing.T, err error, wants ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
}

func TestRun_TableLocked_GivesUpSoonAndSaysWho(t *testing.T) {
	pool := setup(t)
	migrations := fstest.MapFS{"00001_a.sql": three["00001_a.sql"]}
	if err := within(t, pool, Config{}, time.Minute, migrations); err != nil {
		t.Fatal(err)
	}
	migrations["00002_alter.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nALTER TABLE a ADD COLUMN m int;")}
	other := intruder(t, pool)
	exec(t, other, "BEGIN")
	exec(t, other, "LOCK TABLE a IN ACCESS SHARE MODE") // as somebody who reads it

	start := time.Now()
	err := within(t, pool, Config{LockTimeout: 300 * time.Millisecond}, time.Minute, migrations)
	wantSaid(t, err, "00002_alter.sql", "55P03", "waited 300ms for a lock", "(intruder) of ")
	if took := time.Since(start); took > soon {
		t.Errorf("it took %v", took)
	}
	exec(t, other, "COMMIT")
	if err := within(t, pool, Config{}, time.Minute, migrations); err != nil {
		t.Errorf("once the lock is gone: %v", err)
	}
}

func TestRun_AnotherMigrationRuns_WaitsAndSaysWho(t *testing.T) {
	pool := setup(t)
	other := intruder(t, pool)
	exec(t, other, "SELECT pg_advisory_lock($1)", int64(lockID))
	err := within(t, pool, Config{}, 4*time.Second, three)
	wantSaid(t, err, "migrate: the test's time is up: another migration was still running after ", "(intruder)")
	if !errors.Is(err, errTime) {
		t.Errorf("the cause is lost: %v", err)
	}
	time.AfterFunc(500*time.Millisecond, func() { other.Close(context.WithoutCancel(t.Context())) })
	if err := within(t, pool, Config{}, time.Minute, three); err != nil {
		t.Errorf("once the other one has ended: %v", err)
	}
}

func TestRun_StatementTakesTooLong_IsStopped(t *testing.T) {
	pool := setup(t)
	err := within(t, pool, Config{}, 4*time.Second, fstest.MapFS{"00001_slow.sql": {Data: []byte("-- +goose Up\nSELECT pg_sleep(60);")}})
	wantSaid(t, err, "the test's time is up", "00001_slow.sql")
	// The server, too, stops.
	running := 1
	for end := time.Now().Add(soon); running != 0 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		running = sleeping(t, pool)
	}
	if running != 0 {
		t.Errorf("%d statements still run", running)
	}
}

// sleeping counts the statements that sleep.
func sleeping(t *testing.T, pool *pgxpool.Pool) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND state = 'active' AND query LIKE '%pg_sleep(%' AND pid <> pg_backend_pid()`).Scan(&n); err != nil {
		t.Error(err)
		return -1
	}
	return n
}

// The limits are the server's, for the case that this program is gone, and end
// with the session.
func TestRun_Limits_AreTheSessionsOwn(t *testing.T) {
	pool := setup(t)
	err := within(t, pool, Config{LockTimeout: 7 * time.Second}, 100*time.Second, fstest.MapFS{"00001_note.sql": {Data: []byte(`-- +goose Up
CREATE TABLE noted AS SELECT name, setting::int AS milliseconds FROM pg_settings
WHERE name IN ('lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout');`)}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct{ from, to int }{
		"lock_timeout": {7000, 7000}, "statement_timeout": {90_000, 101_000}, "idle_in_transaction_session_timeout": {60_000, 60_000},
	} {
		var inside, outside int
		if err := pool.QueryRow(t.Context(), "SELECT milliseconds, (SELECT setting::int FROM pg_settings s WHERE s.name = n.name) FROM noted n WHERE name = $1", name).Scan(&inside, &outside); err != nil {
			t.Fatal(err)
		}
		if inside < want.from || inside > want.to || outside != 0 {
			t.Errorf("%s was %d, want %d to %d; outside it is %d, want 0", name, inside, want.from, want.to, outside)
		}
	}
}

// relay stands in front of the server, until it falls silent as a network does.
func relay(t *testing.T, pool *pgxpool.Pool) (through *pgxpool.Pool, silent *atomic.Bool) {
	t.Helper()
	u, err := url.Parse(pool.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	silent = new(atomic.Bool)
	server := u.Host
	pass := func(to, from net.Conn) {
		buffer := make([]byte, 32<<10)
		for {
			n, err := from.Read(buffer)
			if err != nil {
				to.Close()
				return
			}
			if !silent.Load() {
				_, _ = to.Write(buffer[:n])
			}
		}
	}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			if silent.Load() {
				go func() { _, _ = io.Copy(io.Discard, client) }()
				continue
			}
			backend, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			go pass(backend, client)
			go pass(client, backend)
		}
	}()
	t.Cleanup(func() { l.Close() })
	u.Host = l.Addr().String()
	through, err = pgxpool.New(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(through.Close)
	return through, silent
}

func TestRun_NetworkFallsSilent_EndsInTime(t *testing.T) {
	pool := setup(t)
	through, silent := relay(t, pool)
	var watch sync.WaitGroup
	t.Cleanup(watch.Wait)
	watch.Go(func() {
		for sleeping(t, pool) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		silent.Store(true)
	})
	err := within(t, through, Config{}, 5*time.Second, fstest.MapFS{"00001_slow.sql": {Data: []byte("-- +goose Up\nSELECT pg_sleep(8);")}})
	wantSaid(t, err, "the test's time is up", "00001_slow.sql")
}
