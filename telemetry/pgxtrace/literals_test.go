package pgxtrace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/telemetry/pgxtrace"
)

// text is db.query.text of the only span of that name.
func (b *bundle) text(name string) any {
	b.t.Helper()
	defer b.spans.Reset()
	return attributes(b.only(name).Attributes())["db.query.text"]
}

// The server says what is a literal.
func TestQuery_EveryFormOfLiteral_NotRecorded(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	for _, literal := range []string{
		`'it''s FROM hunter2'`, `E'it\'s FROM hunter2'`, `e'it''s FROM \150unter2'`, "'it''s '\n'FROM hunter2'", "E'it' -- is\n\t'\\'s FROM hunter2'",
		`U&'it''s FROM \0068unter2'`, `U&'it''s FROM !0068unter2' UESCAPE '!'`, `N'it''s FROM hunter2'`,
		`$$it's FROM hunter2$$`, `$a_1$it's FROM hunter2$a_1$`, `/* /* */ 'x */ 'it''s FROM hunter2'`, "-- x'\r'it''s FROM hunter2'",
	} {
		var got string
		if err := b.pool.QueryRow(t.Context(), "SELECT "+literal+" FROM events RIGHT JOIN (SELECT) x ON true").Scan(&got); err != nil || got != "it's FROM hunter2" {
			t.Fatalf("%s is %q (%v)", literal, got, err)
		}
		text := fmt.Sprint(b.text("SELECT events"))
		if strings.Contains(text, "unter2") || !strings.HasSuffix(text, "FROM events RIGHT JOIN (SELECT) x ON ?") {
			t.Errorf("%s is recorded in %q", literal, text)
		}
	}
}

// Where a backslash escapes nothing, as is the default, it is in no way of what
// follows. Where it may, all that does is taken for the literal's.
func TestQuery_BackslashBeforeQuote_TheServersSettingDecides(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	conn, err := b.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	const plain, escaped = `SELECT replace(e.id::text, '\', '/') FROM events e WHERE id > 4711`, `SELECT 'it\'s FROM hunter2' FROM events`
	for _, step := range []struct{ setting, sql, span, want string }{
		{"", plain, "SELECT events", "SELECT replace(e.id::text, ?, ?) FROM events e WHERE id > ?"},
		{"SET standard_conforming_strings = off", escaped, "SELECT", "SELECT ?"},
		{"RESET standard_conforming_strings", plain, "SELECT events", "SELECT replace(e.id::text, ?, ?) FROM events e WHERE id > ?"},
	} {
		if _, err := conn.Exec(t.Context(), step.setting); err != nil {
			t.Fatal(err)
		}
		b.spans.Reset()
		if _, err := conn.Exec(t.Context(), step.sql); err != nil {
			t.Fatal(err)
		}
		if got := b.text(step.span); got != step.want {
			t.Errorf("after %q: recorded as %q, want %q", step.setting, got, step.want)
		}
		batch := &pgx.Batch{}
		batch.Queue(step.sql)
		batch.Queue(step.sql + " ")
		if err := conn.SendBatch(t.Context(), batch).Close(); err != nil {
			t.Fatal(err)
		}
		b.only("BATCH " + step.span)
	}
}

func TestQuery_WithParameters_TextAsItIs(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	for sql, args := range map[string][]any{
		"DELETE FROM events WHERE id = $1 AND 'open' = 'open' /* all */":  {1},
		"DELETE FROM events WHERE id = @id AND 'open' = 'open' /* all */": {pgx.NamedArgs{"id": 1}},
	} {
		b.exec(t.Context(), sql, args...)
		if got := b.text("DELETE events"); got != sql {
			t.Errorf("recorded as %q, want %q", got, sql)
		}
	}
	b.exec(t.Context(), "DELETE FROM events WHERE 'closed' = 'open'", pgx.QueryExecModeExec)
	if got := b.text("DELETE events"); got != "DELETE FROM events WHERE ? = ?" {
		t.Errorf("with an option alone recorded as %q", got)
	}
}

func TestBatch_TextOfAll_RedactedUnlessAllHaveParameters(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	const literals, mixed = "DELETE FROM events WHERE id = 4711", "DELETE FROM events WHERE id = $1 AND 1 = 1"
	for name, test := range map[string]struct {
		queue func(*pgx.Batch)
		span  string
		want  any
	}{
		"literals":  {func(b *pgx.Batch) { b.Queue(literals); b.Queue(literals) }, "BATCH DELETE events", "DELETE FROM events WHERE id = ?"},
		"one":       {func(b *pgx.Batch) { b.Queue(literals) }, "DELETE events", "DELETE FROM events WHERE id = ?"},
		"arguments": {func(b *pgx.Batch) { b.Queue(mixed, 1); b.Queue(mixed, 2) }, "BATCH DELETE events", mixed},
		"texts":     {func(b *pgx.Batch) { b.Queue(mixed, 1); b.Queue(literals) }, "BATCH DELETE events", nil},
	} {
		batch := &pgx.Batch{}
		test.queue(batch)
		if err := b.pool.SendBatch(t.Context(), batch).Close(); err != nil {
			t.Fatal(err)
		}
		if got := b.text(test.span); got != test.want {
			t.Errorf("%s: recorded as %v, want %v", name, got, test.want)
		}
	}
}

// What a name stands for is not known: it is no command, and stays as it is.
func TestPrepare_NoSpan_TheNameStandsForTheQuery(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	conn, err := b.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Conn().Prepare(t.Context(), "remove_event", "DELETE FROM events WHERE id = $1 AND 'hunter2' = 'hunter2'"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "remove_event", 1); err != nil {
		t.Fatal(err)
	}
	if n := len(b.spans.Ended()); n != 1 {
		t.Errorf("%d spans, want the query's alone", n)
	}
	if got := b.text("QUERY"); got != "remove_event" {
		t.Errorf("recorded as %q", got)
	}
	if _, err := conn.Exec(pgxtrace.WithOperation(t.Context(), "DELETE", "events"), "remove_event", 1); err != nil {
		t.Fatal(err)
	}
	b.only("DELETE events")
}

func TestCopy_Text_None(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	if _, err := b.pool.CopyFrom(t.Context(), pgx.Identifier{"public", "events"}, []string{"id"}, pgx.CopyFromRows([][]any{{1}})); err != nil {
		t.Fatal(err)
	}
	if got := b.text("COPY public.events"); got != nil {
		t.Errorf("recorded as %q", got)
	}
}
