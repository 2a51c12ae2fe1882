//go:build unix

package snippet_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
	"github.com/tracehaul/tracehaul/internal/unchecked"
)

// rowsTrace is the trace of the row that the queries find.
const rowsTrace = "4bf92f3577b34da6a3ce929d0e0e4736"

// oneRow is a row as the consumer writes it: every row has a trace, its own if the
// message came without.
const oneRow = `INSERT INTO events (source, id, type, data, trace_id, span_id, receive_count, accepted_at, sent_at, received_at)
VALUES ('/shop', 'order-1', 'com.example.order', '{"order":1}', '` + rowsTrace + `', '00f067aa0ba902b7', 2, now() - interval '3 s', now() - interval '2 s', now() - interval '1 s')`

// Every query of rows is pasted into psql, on the real schema with a row in it and
// with a transaction that is open: it runs at once, and finds something.
func TestQueries_SQL_FindRowsInPsql(t *testing.T) {
	psql := psql(t)
	url := postgrestest.Database(t)
	if err := migrate.UpURL(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(t.Context()) }()
	for _, statement := range []string{oneRow, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1 FROM events"} {
		if _, err := c.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	list := used(t, described(t))[snippet.SQL]
	if len(list) < 9 {
		t.Errorf("there are only %d queries", len(list))
	}
	for _, q := range list {
		if out, ok := paste(t, psql, url, strings.ReplaceAll(q.Text, "TRACE_ID", rowsTrace)); !ok {
			t.Errorf("%s\nfinds nothing, or does not run:\n%s", q.Text, out)
		}
	}
	// And it can fail: a query that is not ended, one that finds nothing, one of a
	// column that there is not.
	for _, wrong := range []string{"SELECT source FROM events", "SELECT source FROM events WHERE trace_id IS NULL;", "SELECT sources FROM events;"} {
		if out, ok := paste(t, psql, url, wrong); ok {
			t.Errorf("%s\nfinds something:\n%s", wrong, out)
		}
	}
}

// paste gives psql what somebody pastes who then presses enter, in a session that
// may not write. It reports whether rows came at once.
func paste(t *testing.T, psql, url, text string) (out string, ok bool) {
	t.Helper()
	const mark = "-- that was all --"
	cmd := exec.CommandContext(t.Context(), psql, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", url)
	cmd.Env = []string{"PGOPTIONS=-c default_transaction_read_only=on", "PGCONNECT_TIMEOUT=30"}
	cmd.Stdin = strings.NewReader(text + "\n\\echo '" + mark + "'\n")
	all, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("psql: %v", err)
	}
	rows, _, ended := strings.Cut(string(all), mark)
	rows = strings.TrimSpace(rows)
	return string(all), ended && rows != "" && !strings.Contains(rows, "ERROR:")
}

// psql is the program: beside the server, or wherever a shell finds it. Where
// PostgreSQL was downloaded for the tests it comes without.
func psql(t *testing.T) string {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/psql") // the pattern is right
	if path, err := exec.LookPath("psql"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		unchecked.Skip(t, "psql", "it is not installed, and the queries of docs/queries are pasted into it")
	}
	unchecked.Checked(t, "psql")
	return found[len(found)-1]
}
