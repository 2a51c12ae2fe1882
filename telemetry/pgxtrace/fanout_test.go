package pgxtrace_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
	"github.com/tracehaul/tracehaul/telemetry/pgxtrace"
)

func TestFanOut_OneQuery_ASpanInEveryTrace(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	var parents []context.Context
	want := map[trace.TraceID]trace.SpanID{}
	for range 10 {
		ctx, s := b.tracer.Start(t.Context(), "process", trace.WithNewRoot())
		parents = append(parents, ctx)
		want[s.SpanContext().TraceID()] = s.SpanContext().SpanID()
	}
	ctx, _ := b.tracer.Start(t.Context(), "invocation")
	b.exec(pgxtrace.FanOut(ctx, parents), "INSERT INTO events SELECT generate_series(1, 10)")

	got := map[trace.TraceID]trace.SpanID{}
	times := map[[2]time.Time]bool{}
	for _, s := range b.spans.Ended() {
		got[s.SpanContext().TraceID()] = s.Parent().SpanID()
		times[[2]time.Time{s.StartTime(), s.EndTime()}] = true
		if a := attributes(s.Attributes()); s.Name() != "INSERT events" || a["db.operation.batch.size"] != int64(10) {
			t.Errorf("span %q, batch size %v", s.Name(), a["db.operation.batch.size"])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parents of the spans by trace (-want +got):\n%s", diff)
	}
	if len(times) != 1 {
		t.Errorf("%d different times, want 1", len(times))
	}
}

func TestFanOut_OneTrace_NoBatchSize(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	ctx, _ := b.tracer.Start(t.Context(), "process")
	b.exec(pgxtrace.FanOut(t.Context(), []context.Context{ctx}), "INSERT INTO events VALUES (1)")
	if size := attributes(b.only("INSERT events").Attributes())["db.operation.batch.size"]; size != nil {
		t.Errorf("batch size %v, want none", size)
	}
}

func TestFanOut_ContextWithoutATrace_NoSpan(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	ctx, _ := b.tracer.Start(t.Context(), "invocation")
	b.exec(pgxtrace.FanOut(ctx, []context.Context{t.Context()}), "INSERT INTO events VALUES (1)")
	if ended := b.spans.Ended(); len(ended) != 0 {
		t.Errorf("spans %v, want none: neither context asks for one", ended)
	}
}

func TestFanOut_LargeBatchRefused_EverySpanTellsIt(t *testing.T) {
	b := setup(t, pgxtrace.Config{})
	const n = 600
	parents := make([]context.Context, n)
	for i := range parents {
		parents[i], _ = b.tracer.Start(t.Context(), "process", trace.WithNewRoot())
	}
	ctx := pgxtrace.WithOperation(pgxtrace.FanOut(t.Context(), parents), "INSERT", "events")
	if _, err := b.pool.Exec(ctx, "INSERT INTO events SELECT 1 FROM generate_series(1, 2)"); err == nil {
		t.Fatal("a duplicate was written")
	}
	ended := b.spans.Ended()
	for _, s := range ended {
		if a := attributes(s.Attributes()); a["error.type"] != "23505" || s.Status().Description != "SQLSTATE 23505" {
			t.Fatalf("attributes %v, status %v", a, s.Status())
		}
	}
	if len(ended) != n {
		t.Errorf("%d spans, want %d", len(ended), n)
	}
	if got := b.collect()["db.client.operation.duration INSERT 23505"]; got != 1 {
		t.Errorf("%d points, want one for the query", got)
	}
}

func BenchmarkFanOut(b *testing.B) {
	tp := sdktrace.NewTracerProvider()
	cfg, err := pgxpool.ParseConfig(postgrestest.Database(b))
	if err != nil {
		b.Fatal(err)
	}
	pgxtrace.Instrument(cfg, pgxtrace.Config{TracerProvider: tp})
	pool, err := pgxpool.NewWithConfig(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	parents := make([]context.Context, 1000)
	for i := range parents {
		parents[i], _ = tp.Tracer("").Start(b.Context(), "process")
	}
	ctx := pgxtrace.WithOperation(pgxtrace.FanOut(b.Context(), parents), "INSERT", "events")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pool.Exec(ctx, "SELECT 1"); err != nil {
			b.Fatal(err)
		}
	}
}
