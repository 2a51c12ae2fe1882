package migrate

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
)

func setup(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), postgrestest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func TestUp_Twice_AppliesOnce(t *testing.T) {
	pool := setup(t)
	first, err := Up(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	if len(first) == 0 || first[0].Version != 1 || first[0].Name != "00001_events.sql" || first[0].Duration <= 0 {
		t.Errorf("the first run reported %+v, want 00001_events.sql first", first)
	}
	second, err := Up(t.Context(), pool)
	if err != nil || len(second) != 0 {
		t.Errorf("the second run reported %+v and %v, want nothing", second, err)
	}
	if _, err := pool.Exec(t.Context(), "SELECT source, id, trace_id, written_at FROM events"); err != nil {
		t.Errorf("the table after migrating: %v", err)
	}
}

func TestUpURL_FreshDatabase_IsUpToDate(t *testing.T) {
	pool := setup(t)
	if err := UpURL(t.Context(), pool.Config().ConnString()); err != nil {
		t.Fatal(err)
	}
	if applied, err := Up(t.Context(), pool); err != nil || len(applied) != 0 {
		t.Errorf("once more: applied %v, %v; want nothing left to do", applied, err)
	}
}

func TestUpURL_Unreadable_HidesPassword(t *testing.T) {
	err := UpURL(t.Context(), "postgres://user:secret@host:port/name")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error is %v, want one without the password", err)
	}
}

func TestUp_Concurrently_AppliesOnce(t *testing.T) {
	pool := setup(t)
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		total int
	)
	for range 6 {
		wg.Go(func() {
			applied, err := Up(t.Context(), pool)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			total += len(applied)
		})
	}
	wg.Wait()
	want, err := files.ReadDir("sql")
	if err != nil {
		t.Fatal(err)
	}
	if total != len(want) {
		t.Errorf("six at once applied %d migrations together, want %d", total, len(want))
	}
}

func TestUp_FailingMigration_KeepsEarlierOnesAndNamesIt(t *testing.T) {
	pool := setup(t)
	r, err := run(t.Context(), pool, Config{}, fstest.MapFS{
		"00001_good.sql": {Data: []byte("-- +goose Up\nCREATE TABLE good (n int);")},
		"00002_bad.sql":  {Data: []byte("-- +goose Up\nCREATE TABLE half (n int);\nCREATE TABLE good (n int);")},
	})
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.Code != "42P07" || !strings.Contains(err.Error(), "00002_bad.sql") {
		t.Errorf("error is %v, want duplicate_table in 00002_bad.sql", err)
	}
	if len(r.Applied) != 1 || r.Applied[0].Name != "00001_good.sql" {
		t.Errorf("applied are %+v, want the first", r.Applied)
	}
	var half bool
	if err := pool.QueryRow(t.Context(), "SELECT to_regclass('half') IS NOT NULL").Scan(&half); err != nil {
		t.Fatal(err)
	}
	if half {
		t.Error("the failing migration left a table behind")
	}
}
