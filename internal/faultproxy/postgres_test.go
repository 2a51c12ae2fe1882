package faultproxy

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
)

// bench is a real client, a real server and what is between them.
type bench struct {
	*Postgres

	direct *pgx.Conn
	hook   atomic.Pointer[func(context.Context, Moment) Verdict]
	seen   atomic.Int64 // moments
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// setUp has every moment pass until on is called.
func setUp(t *testing.T) *bench {
	t.Helper()
	url := postgrestest.Database(t)
	b := &bench{direct: connect(t, url)}
	if _, err := b.direct.Exec(t.Context(), "CREATE TABLE t (n int PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	var err error
	b.Postgres, err = NewPostgres(PostgresConfig{URL: url, Hook: func(ctx context.Context, m Moment) Verdict {
		b.seen.Add(1)
		if hook := b.hook.Load(); hook != nil {
			return (*hook)(ctx, m)
		}
		return Pass()
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// on gives the verdict at every moment of a seam.
func (b *bench) on(s Seam, v Verdict) {
	hook := func(_ context.Context, m Moment) Verdict {
		if m.Seam == s {
			return v
		}
		return Pass()
	}
	b.hook.Store(&hook)
}

func (b *bench) count(t *testing.T) (n int) {
	t.Helper()
	if err := b.direct.QueryRow(t.Context(), "SELECT count(*) FROM t").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// insert writes rows as the consumer does: several statements, and one Sync. It
// returns how many statements were answered.
func insert(ctx context.Context, conn *pgx.Conn, numbers ...int) (answered int, err error) {
	if conn.PgConn().CustomData()["prepared"] == nil {
		if _, err := conn.Prepare(ctx, "insert", "INSERT INTO t VALUES ($1)"); err != nil {
			return 0, err
		}
		conn.PgConn().CustomData()["prepared"] = true
	}
	p := conn.PgConn().StartPipeline(ctx)
	for _, n := range numbers {
		p.SendQueryPrepared("insert", [][]byte{{0, 0, 0, byte(n)}}, []int16{1}, nil)
	}
	if err := p.Sync(); err != nil {
		return 0, errors.Join(err, p.Close())
	}
	for {
		var result any
		if result, err = p.GetResults(); err != nil {
			break
		}
		rows, ok := result.(*pgconn.ResultReader)
		if !ok { // the answer to Sync
			break
		}
		if _, err = rows.Close(); err != nil {
			break
		}
		answered++
	}
	if closeErr := p.Close(); err == nil {
		err = closeErr
	}
	return answered, err
}

func TestPostgres_NoFault_BatchesPassAndSeamsComeInOrder(t *testing.T) {
	b := setUp(t)
	var moments []Moment
	hook := func(_ context.Context, m Moment) Verdict { moments = append(moments, m); return Pass() }
	b.hook.Store(&hook)
	conn := connect(t, b.URL())
	for i := range 2 {
		if n, err := insert(t.Context(), conn, 10*i, 10*i+1, 10*i+2); n != 3 || err != nil {
			t.Fatalf("batch %d: %d answers, %v", i, n, err)
		}
	}
	if err := conn.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := insert(t.Context(), conn, 1); code(err) != "ERROR 23505" {
		t.Errorf("a duplicate gave %v", err)
	}
	want := []Moment{
		{SeamConnect, 1, 0},
		{SeamBegin, 1, 1},
		{SeamCommit, 1, 1},
		{SeamCommitted, 1, 1},
		{SeamBegin, 1, 2},
		{SeamCommit, 1, 2},
		{SeamCommitted, 1, 2},
		{SeamBegin, 1, 3},
	}
	if !slices.Equal(moments, want) {
		t.Errorf("moments %v, want %v", moments, want)
	}
	if n := b.count(t); n != 6 {
		t.Errorf("%d rows, want 6", n)
	}
}

func code(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Severity + " " + e.Code
	}
	return ""
}

// What each verdict means to the client and to the table.
func TestPostgres_Verdicts(t *testing.T) {
	for name, test := range map[string]struct {
		seam     Seam
		verdict  Verdict
		wantCode string // of the error; empty for a connection that is lost
		answered int    // statements
		stored   bool
		stays    bool // the connection
	}{
		"dropped before anything":   {seam: SeamBegin, verdict: Drop()},
		"dropped before commit":     {seam: SeamCommit, verdict: Drop(), answered: 3},
		"dropped after commit":      {seam: SeamCommitted, verdict: Drop(), answered: 3, stored: true},
		"refused":                   {seam: SeamBegin, verdict: Fail("40001"), wantCode: "ERROR 40001", stays: true},
		"refused at commit":         {seam: SeamCommit, verdict: Fail("53100"), wantCode: "ERROR 53100", answered: 3, stays: true},
		"refused though committed":  {seam: SeamCommitted, verdict: Fail("08007"), wantCode: "ERROR 08007", answered: 3, stored: true, stays: true},
		"server ends":               {seam: SeamBegin, verdict: End("57P01"), wantCode: "FATAL 57P01"},
		"server ends before commit": {seam: SeamCommit, verdict: End("57P01"), wantCode: "FATAL 57P01", answered: 3},
		"server ends after commit":  {seam: SeamCommitted, verdict: End("57P01"), wantCode: "FATAL 57P01", answered: 3, stored: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := setUp(t)
			conn := connect(t, b.URL())
			b.on(test.seam, test.verdict)
			answered, err := insert(t.Context(), conn, 1, 2, 3)
			if err == nil || code(err) != test.wantCode || answered != test.answered {
				t.Errorf("%d answers, %v, want %d and code %q", answered, err, test.answered, test.wantCode)
			}
			b.hook.Store(nil)
			if _, err := insert(t.Context(), conn, 4); (err == nil) != test.stays {
				t.Errorf("the connection's next batch gave %v", err)
			}
			want := 0
			if test.stored {
				want += 3
			}
			if test.stays {
				want++
			}
			if n := b.count(t); n != want {
				t.Errorf("%d rows, want %d", n, want)
			}
		})
	}
}

func TestPostgres_RefusedWhenConnecting(t *testing.T) {
	b := setUp(t)
	b.on(SeamConnect, End("53300"))
	if _, err := pgx.Connect(t.Context(), b.URL()); code(err) != "FATAL 53300" {
		t.Errorf("connecting gave %v", err)
	}
	b.on(SeamConnect, Fail("57P03"))
	if _, err := pgx.Connect(t.Context(), b.URL()); code(err) != "FATAL 57P03" {
		t.Errorf("connecting gave %v", err)
	}
	b.on(SeamConnect, Drop())
	if _, err := pgx.Connect(t.Context(), b.URL()); err == nil || code(err) != "" {
		t.Errorf("connecting gave %v", err)
	}
}

// A client that is killed while the server waits for its commit.
func TestPostgres_ClientGoesWhileHeld_HookEndsAndServerCommits(t *testing.T) {
	for name, test := range map[string]struct {
		verdict Verdict
		want    int
	}{"its last message still arrives": {Pass(), 3}, "or is lost": {Drop(), 0}} {
		t.Run(name, func(t *testing.T) {
			b := setUp(t)
			conn := connect(t, b.URL())
			held, ended := make(chan struct{}), make(chan struct{})
			hook := func(ctx context.Context, m Moment) Verdict {
				if m.Seam == SeamCommit {
					close(held)
					<-ctx.Done()
					close(ended)
					return test.verdict
				}
				return Pass()
			}
			b.hook.Store(&hook)
			written := make(chan error, 1)
			go func() {
				_, err := insert(t.Context(), conn, 1, 2, 3)
				written <- err
			}()
			<-held
			if n := b.count(t); n != 0 {
				t.Errorf("%d rows are committed too early", n)
			}
			conn.PgConn().Conn().Close() // as the system does for a dead process
			<-ended
			if err := <-written; err == nil {
				t.Error("the batch worked")
			}
			deadline := time.Now().Add(patience)
			for b.count(t) != test.want && time.Now().Before(deadline) {
				time.Sleep(5 * time.Millisecond)
			}
			if n := b.count(t); n != test.want {
				t.Errorf("%d rows, want %d", n, test.want)
			}
		})
	}
}

func TestPostgres_RefuseAndAccept_SameAddress(t *testing.T) {
	b := setUp(t)
	conn := connect(t, b.URL())
	before := b.URL()
	b.Refuse()
	if _, err := pgx.Connect(t.Context(), before); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connecting gave %v", err)
	}
	if _, err := insert(t.Context(), conn, 1); err != nil {
		t.Errorf("a connection that was there gave %v", err)
	}
	if n := b.DropAll(); n != 1 {
		t.Errorf("dropped %d connections", n)
	}
	if _, err := insert(t.Context(), conn, 2); err == nil {
		t.Error("a dropped connection works")
	}
	for range 2 { // the second does nothing
		if err := b.Accept(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := insert(t.Context(), connect(t, before), 3); err != nil {
		t.Error(err)
	}
}

func TestPostgres_Cancel_ReachesTheServer(t *testing.T) {
	b := setUp(t)
	conn := connect(t, b.URL())
	slept := make(chan error, 1)
	go func() {
		_, err := conn.Exec(t.Context(), "SELECT pg_sleep(300)")
		slept <- err
	}()
	eventually(t, "the server does not sleep", func() (sleeps bool) {
		err := b.direct.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database())").Scan(&sleeps)
		return err == nil && sleeps
	})
	if err := conn.PgConn().CancelRequest(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-slept; code(err) != "ERROR 57014" {
		t.Error(err)
	}
}

func TestPostgres_Link_DelaysWithoutHoldingUp(t *testing.T) {
	b := setUp(t)
	conn := connect(t, b.URL())
	if _, err := insert(t.Context(), conn, 1); err != nil {
		t.Fatal(err)
	}
	const latency = 100 * time.Millisecond
	var rows []int // each is several messages there, and several back
	for n := range 100 {
		rows = append(rows, 2+n)
	}
	b.SetLink(Link{Latency: latency})
	began := time.Now()
	if _, err := insert(t.Context(), conn, rows...); err != nil {
		t.Fatal(err)
	}
	// There and back; the Flush of the proxy itself is the server's neighbour.
	if took, oneByOne := time.Since(began), time.Duration(2*len(rows))*latency; took < 2*latency || took > oneByOne {
		t.Errorf("a batch took %v, want %v, and not %v", took, 2*latency, oneByOne)
	}
	b.SetLink(Link{BytesPerSecond: 1000})
	began = time.Now()
	if _, err := conn.Exec(t.Context(), "SELECT '"+strings.Repeat("x", 400)+"'", pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 700*time.Millisecond {
		t.Errorf("800 bytes took %v", took)
	}
}

func TestPostgres_CloseWhileHeld_EndsAll(t *testing.T) {
	b := setUp(t)
	hook := func(ctx context.Context, m Moment) Verdict {
		if m.Seam != SeamConnect {
			<-ctx.Done()
		}
		return Pass()
	}
	conn := connect(t, b.URL())
	b.hook.Store(&hook)
	written := make(chan error, 1)
	go func() {
		_, err := insert(t.Context(), conn, 1)
		written <- err
	}()
	for b.seen.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if err := <-written; err == nil {
		t.Error("the batch worked")
	}
	if err := b.Accept(t.Context()); err == nil {
		t.Error("it accepts again after Close")
	}
}

// Whoever forgets to close a client does not keep the proxy from ending.
func TestPostgres_CloseWhileIdle_EndsAll(t *testing.T) {
	b := setUp(t)
	conn := connect(t, b.URL())
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := insert(t.Context(), conn, 1); err == nil {
		t.Error("the connection works on")
	}
}

func TestNewPostgres_BadURL_SaysWhatWouldBeRight(t *testing.T) {
	for url, want := range map[string]string{
		"postgres://u:hunter2@h/d":                      "host:port",
		"postgres://u:hunter2@h:5432/d?sslmode=require": "sslmode=disable",
		"\x00hunter2": "host:port",
	} {
		if _, err := NewPostgres(PostgresConfig{URL: url}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q gave %v", url, err)
		}
	}
}
