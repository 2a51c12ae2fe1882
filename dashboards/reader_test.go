//go:build unix

package dashboards_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/dashboards/probe"
	"github.com/tracehaul/tracehaul/internal/postgres"
	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
)

// reader makes the user that Grafana has in a real server, before there is a
// database to read, and then the database. It returns the URLs of both users.
func reader(t *testing.T) (owner, grafana string) {
	t.Helper()
	variables := variablesOf(provision(t, load(t, "dev"))[variablesPath])
	server := postgrestest.Server(t, postgres.Config{})
	sql, err := os.ReadFile(filepath.Join(grafanaDir, "reader.sql"))
	if err != nil {
		t.Fatal(err)
	}
	execute(t, server.URL(), string(sql))
	later, err := postgres.Start(t.Context(), postgres.Config{URL: server.URL(), Database: variables["TRACEHAUL_POSTGRES_DATABASE"]})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := later.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	pool, err := pgxpool.New(t.Context(), later.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := migrate.Up(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(later.URL())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(variables["TRACEHAUL_POSTGRES_USER"], variables["TRACEHAUL_POSTGRES_PASSWORD"])
	return later.URL(), u.String()
}

func execute(t *testing.T, url, sql string) {
	t.Helper()
	if err := try(t, url, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// try runs statements in one connection.
func try(t *testing.T, url string, statements ...string) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	for _, sql := range statements {
		if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	return nil
}

// What the data source is given can read every row, also of a database that is
// made later, and change nothing, whatever is sent.
func TestReader_RealServer_ReadsAndNoMore(t *testing.T) {
	t.Parallel()
	owner, grafana := reader(t)
	execute(t, grafana, "SELECT * FROM events")
	const readOnly, denied = "25006", "42501" // "PostgreSQL Error Codes"
	anyway := "SET default_transaction_read_only = off"
	for _, tc := range []struct {
		code       string
		statements []string
	}{
		{readOnly, []string{"DELETE FROM events"}},
		{denied, []string{anyway, "DELETE FROM events"}},
		{denied, []string{anyway, "INSERT INTO events (source, id) VALUES ('s', 'i')"}},
		{denied, []string{anyway, "TRUNCATE events"}},
		{denied, []string{anyway, "DROP TABLE events"}},
		{denied, []string{anyway, "CREATE DATABASE mine"}},
		{denied, []string{"SELECT pg_read_file('/etc/passwd')"}},
	} {
		err := try(t, grafana, tc.statements...)
		if e, ok := errors.AsType[*pgconn.PgError](err); !ok || e.Code != tc.code {
			t.Errorf("%q: %v, want %s", tc.statements, err, tc.code)
		}
	}
	askBoards(t, grafana)
	// What others run is shown with its text.
	other, err := pgx.Connect(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.WithoutCancel(t.Context()))
	if _, err := other.Exec(t.Context(), "SELECT 'of somebody else'"); err != nil {
		t.Fatal(err)
	}
	if err := try(t, grafana, "SELECT 1 / count(*) FROM pg_stat_activity WHERE query = $$SELECT 'of somebody else'$$"); err != nil {
		t.Errorf("the statements of others: %v, want them", err)
	}
}

// askBoards asks every SQL query of the boards: none may be refused.
func askBoards(t *testing.T, url string) {
	t.Helper()
	var boards []probe.Dashboard
	for file, content := range provision(t, load(t, "dev")) {
		if strings.HasPrefix(file, "dashboards/") {
			boards = append(boards, probe.Dashboard{Name: file, Content: content})
		}
	}
	results, err := probe.Run(t.Context(), probe.Config{Postgres: url}, boards...)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for i := range results {
		if r := &results[i]; r.Skipped == "" {
			asked++
			if r.Err != nil {
				t.Errorf("%s, %s: %v", r.Dashboard, r.Panel.Title, r.Err)
			}
		}
	}
	if asked == 0 {
		t.Error("no board asks the database")
	}
}
