package pgxtrace

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
)

// quiet is a tracer whose spans and metrics go nowhere.
func quiet(t *testing.T, c Config) *tracer {
	t.Helper()
	cfg, err := pgxpool.ParseConfig("postgres://app@localhost/orders")
	if err != nil {
		t.Fatal(err)
	}
	c.TracerProvider, c.MeterProvider = tracenoop.NewTracerProvider(), metricnoop.NewMeterProvider()
	return newTracer(cfg.ConnConfig, c)
}

func (t *tracer) query(ctx context.Context, sql string, args ...any) {
	t.TraceQueryEnd(t.TraceQueryStart(ctx, nil, pgx.TraceQueryStartData{SQL: sql, Args: args}), nil, pgx.TraceQueryEndData{})
}

func TestStatements_MadeUpSQL_BoundedMemory(t *testing.T) {
	for name, sql := range map[string]func(int) string{
		"many":      func(i int) string { return fmt.Sprintf("SELECT %d", i) },
		"large":     func(i int) string { return fmt.Sprintf("SELECT %d%s", i, strings.Repeat(" ", keptBytes-100)) },
		"too large": func(i int) string { return fmt.Sprintf("SELECT %d%s", i, strings.Repeat(" ", keptBytes)) },
	} {
		t.Run(name, func(t *testing.T) {
			tr := quiet(t, Config{})
			for i := range statementsKept + 100 {
				tr.query(t.Context(), sql(i))
			}
			known, kept := tr.statements.load(), 0
			for k := range known.byKey {
				kept += k.bytes()
			}
			if kept != known.bytes || kept > statementsKeptBytes || len(known.byKey) > statementsKept {
				t.Errorf("%d statements of %d bytes are kept, %d are counted", len(known.byKey), kept, known.bytes)
			}
			if none := len(known.byKey) == 0; none != (name == "too large") {
				t.Errorf("%d statements are kept", len(known.byKey))
			}
		})
	}
}

func TestStatements_PieceOfAFile_TheFileIsNotKept(t *testing.T) {
	tr := quiet(t, Config{})
	file := "SELECT a FROM b; " + strings.Repeat("x", 1<<20)
	tr.query(t.Context(), file[:15], 1)
	for k, s := range tr.statements.load().byKey {
		if unsafe.StringData(k.sql) == unsafe.StringData(file) || unsafe.StringData(s.name) == unsafe.StringData(file) {
			t.Errorf("%q keeps the whole file in memory", k.sql)
		}
	}
}

// With neither a name nor a text to be read from it, the SQL does not matter.
func TestStatements_NameGivenAndNoStatement_OneForAllSQL(t *testing.T) {
	tr := quiet(t, Config{NoStatement: true})
	ctx := WithOperation(t.Context(), "INSERT", "events")
	for i := range 10 {
		tr.query(ctx, fmt.Sprintf("INSERT INTO events VALUES (%d)", i), []any{1}[:i%2]...)
	}
	if n := len(tr.statements.load().byKey); n != 1 {
		t.Errorf("%d statements are kept, want 1", n)
	}
}

func TestStatements_SeenBefore_NothingIsMade(t *testing.T) {
	tr := quiet(t, Config{})
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, postgrestest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	args := []any{pgx.QueryExecModeExec, "x"}
	batch := &pgx.Batch{}
	for range 3 {
		batch.Queue("INSERT INTO events VALUES ($1, 'x')", 1)
	}
	n := testing.AllocsPerRun(100, func() {
		tr.statementOf(tr.queryKey(ctx, conn, "SELECT a FROM b WHERE c = 'x'", nil))
		tr.statementOf(tr.queryKey(ctx, conn, "SELECT a FROM b WHERE c = $1", args))
		tr.statementOf(tr.batchKey(ctx, conn, batch))
	})
	if n != 0 {
		t.Errorf("%v allocations to find three statements, want none", n)
	}
}

func TestParameterized_OptionsAreNone(t *testing.T) {
	for _, test := range []struct {
		args []any
		want bool
	}{
		{nil, false},
		{[]any{1}, true},
		{[]any{nil}, true},
		{[]any{pgx.QueryExecModeSimpleProtocol}, false},
		{[]any{pgx.QueryExecModeExec, pgx.QueryResultFormats{1}, pgx.QueryResultFormatsByOID{}}, false},
		{[]any{pgx.QueryExecModeExec, "x"}, true},
		{[]any{pgx.NamedArgs{}}, false},
		{[]any{pgx.NamedArgs{"a": 1}}, true},
		{[]any{pgx.StrictNamedArgs{}}, false},
		{[]any{pgx.QueryExecModeExec, pgx.StrictNamedArgs{"a": 1}}, true},
	} {
		if got := parameterized(test.args); got != test.want {
			t.Errorf("%#v: %t", test.args, got)
		}
	}
}
