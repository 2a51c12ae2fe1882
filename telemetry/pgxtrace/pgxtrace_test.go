package pgxtrace_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
	"github.com/tracehaul/tracehaul/telemetry/pgxtrace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type bundle struct {
	t      *testing.T
	pool   *pgxpool.Pool
	spans  *tracetest.SpanRecorder
	tracer trace.Tracer
	reader *sdkmetric.ManualReader
	config pgxtrace.Config
}

// setup gives a traced pool on a database with a table events(id int primary
// key), the spans so far forgotten.
func setup(t *testing.T, c pgxtrace.Config, change ...func(*pgxpool.Config)) *bundle {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	tp := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	reader := sdkmetric.NewManualReader()
	c.TracerProvider, c.MeterProvider = tp, sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	cfg, err := pgxpool.ParseConfig(postgrestest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(cfg)
	}
	pgxtrace.Instrument(cfg, c)
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	b := &bundle{t, pool, spans, tp.Tracer("test"), reader, c}
	b.exec(t.Context(), "CREATE TABLE events (id int PRIMARY KEY)")
	spans.Reset()
	return b
}

func (b *bundle) exec(ctx context.Context, sql string, args ...any) {
	b.t.Helper()
	if _, err := b.pool.Exec(ctx, sql, args...); err != nil {
		b.t.Fatal(err)
	}
}

// only returns the one span of that name.
func (b *bundle) only(name string) sdktrace.ReadOnlySpan {
	b.t.Helper()
	var found []sdktrace.ReadOnlySpan
	var names []string
	for _, s := range b.spans.Ended() {
		names = append(names, s.Name())
		if s.Name() == name {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		b.t.Fatalf("%d spans %q among %q, want 1", len(found), name, names)
	}
	return found[0]
}

func attributes(kv []attribute.KeyValue) map[string]any {
	m := map[string]any{}
	for _, a := range kv {
		m[string(a.Key)] = a.Value.AsInterface()
	}
	return m
}

func TestQuery_Span_ByTheConventions(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	ctx, parent := b.tracer.Start(t.Context(), "parent")
	b.exec(ctx, "INSERT INTO events (id) VALUES ($1)", 4711)

	s := b.only("INSERT events")
	if s.SpanKind() != trace.SpanKindClient || s.Parent().SpanID() != parent.SpanContext().SpanID() {
		t.Errorf("kind %v, parent %v", s.SpanKind(), s.Parent().SpanID())
	}
	got := attributes(s.Attributes())
	cfg := b.pool.Config().ConnConfig
	want := map[string]any{
		"db.system.name": "postgresql", "db.namespace": cfg.Database, "server.address": cfg.Host, "server.port": int64(cfg.Port),
		"db.query.summary": "INSERT events", "db.query.text": "INSERT INTO events (id) VALUES ($1)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if s.Status().Code != codes.Unset || !s.EndTime().After(s.StartTime()) {
		t.Errorf("status %v, from %v to %v", s.Status(), s.StartTime(), s.EndTime())
	}
}

func TestQuery_WithOperation_NamesIt(t *testing.T) {
	b := setup(t, pgxtrace.Config{NoStatement: true})
	b.exec(pgxtrace.WithOperation(t.Context(), "UPSERT", "things"), "WITH x AS (SELECT 1) INSERT INTO events SELECT 2")
	got := attributes(b.only("UPSERT things").Attributes())
	if got["db.operation.name"] != "UPSERT" || got["db.collection.name"] != "things" || got["db.query.summary"] != nil {
		t.Errorf("attributes %v, want operation and collection as they were given", got)
	}
	if got["db.query.text"] != nil {
		t.Errorf("statement %v recorded though switched off", got["db.query.text"])
	}
}

// A server's message repeats values; none of it may reach a span.
func TestQuery_Refused_SQLStateAndNoData(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	b.exec(t.Context(), "INSERT INTO events VALUES (815)")
	b.spans.Reset()
	for sql, want := range map[string]string{
		"INSERT INTO events VALUES ($1)": "23505", // the message names the value of the key
		"SELECT ($1::text)::int":         "22P02", // the message repeats the text
	} {
		_, err := b.pool.Exec(t.Context(), sql, map[string]any{"23505": 815, "22P02": "geheim"}[want])
		if err == nil {
			t.Fatalf("%s worked", sql)
		}
		ended := b.spans.Ended()
		s := ended[len(ended)-1]
		a := attributes(s.Attributes())
		if a["error.type"] != want || a["db.response.status_code"] != want || s.Status().Code != codes.Error || s.Status().Description != "SQLSTATE "+want {
			t.Errorf("%s: attributes %v, status %v", sql, a, s.Status())
		}
		for k, v := range a {
			if text, ok := v.(string); ok && (strings.Contains(text, "815") || strings.Contains(text, "geheim")) {
				t.Errorf("%s holds a parameter: %s", k, text)
			}
		}
		if len(s.Events()) != 0 {
			t.Errorf("events %v, want none", s.Events())
		}
	}
}

func TestQuery_NoRows_NoError(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	var id int
	if err := b.pool.QueryRow(t.Context(), "SELECT id FROM events").Scan(&id); err == nil {
		t.Fatal("there was a row")
	}
	if s := b.only("SELECT events"); s.Status().Code != codes.Unset {
		t.Errorf("status %v", s.Status())
	}
}

func TestQuery_ContextEnds_ErrorType(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	conn, err := b.pool.Acquire(t.Context()) // else the time may be over before there is one
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := conn.Exec(ctx, "SELECT pg_sleep(10)"); err == nil {
		t.Fatal("it did not end early")
	}
	if got := attributes(b.only("SELECT").Attributes())["error.type"]; got != "context.DeadlineExceeded" {
		t.Errorf("error.type %v", got)
	}
}

func TestBatch_NameSizeAndFirstFailure(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	batch := &pgx.Batch{}
	for range 2 {
		batch.Queue("INSERT INTO events VALUES (1)")
	}
	if err := b.pool.SendBatch(t.Context(), batch).Close(); err == nil {
		t.Fatal("a duplicate was written")
	}
	s := b.only("BATCH INSERT events")
	a := attributes(s.Attributes())
	if a["db.operation.batch.size"] != int64(2) || a["db.response.status_code"] != "23505" {
		t.Errorf("attributes %v", a)
	}

	mixed := &pgx.Batch{}
	mixed.Queue("SELECT 1")
	mixed.Queue("DELETE FROM events")
	if err := b.pool.SendBatch(t.Context(), mixed).Close(); err != nil {
		t.Fatal(err)
	}
	b.only("BATCH")
}

func TestCopy_Span(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	if _, err := b.pool.CopyFrom(t.Context(), pgx.Identifier{"events"}, []string{"id"}, pgx.CopyFromRows([][]any{{1}, {2}})); err != nil {
		t.Fatal(err)
	}
	b.only("COPY events")
}

func TestConnect_Span_UnlessSwitchedOff(t *testing.T) {
	for _, off := range []bool{false, true} {
		b := setup(t, pgxtrace.Config{NoConnect: off})
		b.pool.Reset()
		b.exec(t.Context(), "SELECT 1")
		var seen bool
		for _, s := range b.spans.Ended() {
			seen = seen || s.Name() == "CONNECT"
		}
		if seen == off {
			t.Errorf("switched off %t, span seen %t", off, seen)
		}
	}
}

// counting is another tracer, set before ours.
type counting struct{ queries int }

func (c *counting) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.queries++
	return ctx
}
func (c *counting) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func TestInstrument_TracerAlreadySet_BothWork(t *testing.T) {
	other := &counting{}
	b := setup(t, pgxtrace.Config{}, func(c *pgxpool.Config) { c.ConnConfig.Tracer = other })
	b.exec(t.Context(), "SELECT id FROM events")
	b.only("SELECT events")
	if other.queries != 2 {
		t.Errorf("the other tracer saw %d queries, want 2", other.queries)
	}
}

func TestInstrument_Twice_OneSpan(t *testing.T) {
	b := setup(t, pgxtrace.Config{}, func(c *pgxpool.Config) { c.ConnConfig.Tracer = &counting{}; pgxtrace.Instrument(c, pgxtrace.Config{}) })
	b.exec(t.Context(), "SELECT id FROM events")
	if n := len(b.spans.Ended()); n != 0 { // the first call's providers count, the global ones
		t.Errorf("%d spans of the second call, want none", n)
	}
}

func TestBatch_WithOperation_NamedByIt(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	batch := &pgx.Batch{}
	batch.Queue("INSERT INTO events VALUES (1)")
	batch.Queue("INSERT INTO events VALUES (2)")
	batch.Queue("SELECT 1") // alone it would make this a BATCH
	if err := b.pool.SendBatch(pgxtrace.WithOperation(t.Context(), "INSERT", "events"), batch).Close(); err != nil {
		t.Fatal(err)
	}
	a := attributes(b.only("BATCH INSERT events").Attributes())
	if a["db.operation.name"] != "BATCH INSERT" || a["db.collection.name"] != "events" {
		t.Errorf("attributes %v", a)
	}
}
