package pgxtrace

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/idle"
	"github.com/tracehaul/tracehaul/telemetry/internal/remote"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

// tracer is what pgx calls.
type tracer struct {
	tracer     trace.Tracer
	metrics    instruments
	statements statements
	statement  bool
	connect    bool
	// server are the attributes that all spans and metrics share.
	server []attribute.KeyValue
	// waiting are the acquires that have not come back.
	waiting atomic.Int64
}

var (
	_ pgx.QueryTracer       = (*tracer)(nil)
	_ pgx.BatchTracer       = (*tracer)(nil)
	_ pgx.CopyFromTracer    = (*tracer)(nil)
	_ pgx.ConnectTracer     = (*tracer)(nil)
	_ pgxpool.AcquireTracer = (*tracer)(nil)
	_ pgxpool.ReleaseTracer = (*tracer)(nil)
)

func newTracer(conn *pgx.ConnConfig, c Config) *tracer {
	return &tracer{
		tracer:    c.TracerProvider.Tracer(scope, trace.WithSchemaURL(otelconv.SchemaURL)),
		metrics:   newInstruments(c.MeterProvider, poolName(conn, c)),
		statement: !c.NoStatement,
		connect:   !c.NoConnect,
		server:    serverAttributes(conn),
	}
}

// serverAttributes are which database it is; the port only where it is not the
// usual one, as the conventions want it.
func serverAttributes(conn *pgx.ConnConfig) []attribute.KeyValue {
	a := []attribute.KeyValue{
		otelconv.DBSystemNamePostgreSQL, otelconv.DBNamespace(namespace(conn)), otelconv.ServerAddress(conn.Host),
	}
	if conn.Port != 5432 {
		a = append(a, otelconv.ServerPort(int(conn.Port)))
	}
	return a
}

// namespace is the database that is connected to; PostgreSQL takes the user's
// name for one that is not given.
func namespace(conn *pgx.ConnConfig) string {
	if conn.Database == "" {
		return conn.User
	}
	return conn.Database
}

// work is a query, batch or copy that is under way. It is the context of it,
// so that its end finds it.
type work struct {
	context.Context //nolint:containedctx // it is one

	*statement
	start  time.Time
	size   int // queries of a batch; 0 for others
	failed error

	span    trace.Span     // unless fanned out
	started sync.WaitGroup // of spans
	spans   *span.Children // when fanned out
}

type workKey struct{}

// Value returns the work itself, or what its context has.
func (w *work) Value(key any) any {
	if key == (workKey{}) {
		return w
	}
	return w.Context.Value(key)
}

// String implements fmt.Stringer. Spans may be added while it is printed.
func (w *work) String() string { return remote.Describe(w.Context, "Query") }

// GoString implements fmt.GoStringer: String.
func (w *work) GoString() string { return w.String() }

func (t *tracer) begin(ctx context.Context, s *statement, size int) context.Context {
	w := &work{Context: ctx, statement: s, start: time.Now(), size: size}
	if parents, ok := parentsOf(ctx); ok {
		w.started.Go(func() {
			idle.Run(ctx) // of the batch
			t.fanOut(w, parents)
		})
		return w
	}
	w.Context, w.span = span.Start(ctx, t.tracer, s.name, span.Options{Kind: trace.SpanKindClient, Time: w.start, Shared: s.shared})
	if size > 1 { // the conventions: never 1
		span.SetAttributes(w.span, otelconv.DBOperationBatchSize(size))
	}
	return w
}

func (t *tracer) end(ctx context.Context, err error) {
	w, ok := ctx.Value(workKey{}).(*work)
	if !ok {
		return // another tracer exchanged the context
	}
	if err == nil {
		err = w.failed
	}
	end, o := time.Now(), outcomeOf(err)
	t.metrics.duration.Inst().Record(w.exemplar(), end.Sub(w.start).Seconds(), w.measure(o)...)
	if w.span != nil {
		endSpan(w.span, o, end)
		return
	}
	w.started.Wait()
	var fail func(trace.Span)
	if o.failed {
		fail = o.describe
	}
	w.spans.End(end, fail)
}

// exemplar is the trace that a point of the metrics leads to: the first one of
// those that the work served.
func (w *work) exemplar() context.Context {
	if parents, _ := parentsOf(w); len(parents) > 0 {
		return parents[0]
	}
	return w
}

func endSpan(s trace.Span, o outcome, at time.Time) {
	if o.failed {
		o.describe(s)
	}
	span.End(s, at)
}

// describe says on a span how the query failed.
func (o outcome) describe(s trace.Span) {
	s.SetAttributes(o.attributes()...)
	s.SetStatus(codes.Error, o.description())
}

// TraceQueryStart implements [pgx.QueryTracer].
func (t *tracer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return t.begin(ctx, t.statementOf(t.queryKey(ctx, conn, data.SQL, data.Args)), 0)
}

// TraceQueryEnd implements [pgx.QueryTracer].
func (t *tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	t.end(ctx, data.Err)
}

// TraceBatchStart implements [pgx.BatchTracer].
func (t *tracer) TraceBatchStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	return t.begin(ctx, t.statementOf(t.batchKey(ctx, conn, data.Batch)), data.Batch.Len())
}

// TraceBatchQuery implements [pgx.BatchTracer]. The first failure of a batch
// is the batch's: the server runs none of the later queries.
func (t *tracer) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	if w, ok := ctx.Value(workKey{}).(*work); ok && w.failed == nil {
		w.failed = data.Err
	}
}

// TraceBatchEnd implements [pgx.BatchTracer].
func (t *tracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	t.end(ctx, data.Err)
}

// TraceCopyFromStart implements [pgx.CopyFromTracer].
func (t *tracer) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromStartData) context.Context {
	o, given := operationOf(ctx)
	if !given {
		o = operation{"COPY", strings.Join(data.TableName, ".")}
	}
	return t.begin(ctx, t.statementOf(statementKey{operation: o, given: true}), 0)
}

// TraceCopyFromEnd implements [pgx.CopyFromTracer].
func (t *tracer) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromEndData) {
	t.end(ctx, data.Err)
}
