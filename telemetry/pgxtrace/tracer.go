package pgxtrace

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// tracer is what pgx calls. It makes a span when its work is over, with the
// times it took: one that fails to end is not left open, and the same record
// serves any number of traces.
type tracer struct {
	tracer    trace.Tracer
	metrics   instruments
	statement bool
	connect   bool
	// server are the attributes that all spans and metrics share.
	server []attribute.KeyValue
}

var (
	_ pgx.QueryTracer       = (*tracer)(nil)
	_ pgx.BatchTracer       = (*tracer)(nil)
	_ pgx.CopyFromTracer    = (*tracer)(nil)
	_ pgx.ConnectTracer     = (*tracer)(nil)
	_ pgxpool.AcquireTracer = (*tracer)(nil)
)

// statementBytes is where db.query.text is cut.
const statementBytes = 4096

func newTracer(conn *pgx.ConnConfig, c Config) *tracer {
	return &tracer{
		tracer:    c.TracerProvider.Tracer(scope, trace.WithSchemaURL(otelconv.SchemaURL)),
		metrics:   newInstruments(c.MeterProvider, poolName(conn, c)),
		statement: !c.NoStatement,
		connect:   !c.NoConnect,
		server: []attribute.KeyValue{
			otelconv.DBSystemNamePostgreSQL,
			otelconv.DBNamespace(namespace(conn)),
			otelconv.ServerAddress(conn.Host),
			otelconv.ServerPort(int(conn.Port)),
		},
	}
}

// namespace is the database that is connected to; PostgreSQL takes the user's
// name for one that is not given.
func namespace(conn *pgx.ConnConfig) string {
	if conn.Database == "" {
		return conn.User
	}
	return conn.Database
}

// work is a query, batch or copy that is under way.
type work struct {
	start time.Time
	operation
	statement string
	size      int // queries of a batch; 0 for others
	failed    error
}

type workKey struct{}

func (t *tracer) begin(ctx context.Context, w *work) context.Context {
	w.start = time.Now()
	return context.WithValue(ctx, workKey{}, w)
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
	parents := parentsOf(ctx)
	t.metrics.operation(ctx, parents, w, end.Sub(w.start), o, t.server)
	if parents == nil {
		parents = []context.Context{ctx}
	}
	t.spans(parents, w, end, t.attributes(w, len(parents), o), o)
}

func (t *tracer) attributes(w *work, fan int, o outcome) []attribute.KeyValue {
	a := make([]attribute.KeyValue, len(t.server), len(t.server)+7)
	copy(a, t.server)
	a = append(a, otelconv.DBQuerySummary(w.summary()))
	if w.name != "" {
		a = append(a, otelconv.DBOperationName(w.name))
	}
	if w.collection != "" {
		a = append(a, otelconv.DBCollectionName(w.collection))
	}
	if t.statement && w.statement != "" {
		a = append(a, otelconv.DBQueryText(cut(w.statement, statementBytes)))
	}
	if size := max(w.size, fan); size > 1 { // the conventions: never 1
		a = append(a, otelconv.DBOperationBatchSize(size))
	}
	return append(a, o.attributes()...)
}

// spans makes one span per parent. Name and options are made once for all of
// them: a batch of messages has a thousand.
func (t *tracer) spans(parents []context.Context, w *work, end time.Time, attributes []attribute.KeyValue, o outcome) {
	name, description := w.summary(), o.description()
	start := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(w.start), trace.WithAttributes(attributes...),
	}
	stop := []trace.SpanEndOption{trace.WithTimestamp(end)}
	for _, parent := range parents {
		_, span := t.tracer.Start(parent, name, start...)
		if o.failed {
			span.SetStatus(codes.Error, description)
		}
		span.End(stop...)
	}
}

// TraceQueryStart implements [pgx.QueryTracer].
func (t *tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return t.begin(ctx, &work{operation: operationOf(ctx, data.SQL), statement: data.SQL})
}

// TraceQueryEnd implements [pgx.QueryTracer].
func (t *tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	t.end(ctx, data.Err)
}

// TraceBatchStart implements [pgx.BatchTracer].
func (t *tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	return t.begin(ctx, &work{operation: batchOperation(ctx, data.Batch), size: data.Batch.Len()})
}

// batchOperation is what all queries of a batch do, "BATCH INSERT events", or
// "BATCH" if they differ.
func batchOperation(ctx context.Context, b *pgx.Batch) operation {
	if o, ok := ctx.Value(operationKey{}).(operation); ok {
		return o
	}
	var common operation
	for i, q := range b.QueuedQueries {
		o := parseOperation(q.SQL)
		if i > 0 && o != common {
			return operation{name: "BATCH"}
		}
		common = o
	}
	if common.name == "" {
		return operation{name: "BATCH"}
	}
	return operation{"BATCH " + common.name, common.collection}
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
	o, ok := ctx.Value(operationKey{}).(operation)
	if !ok {
		o = operation{"COPY", strings.Join(data.TableName, ".")}
	}
	return t.begin(ctx, &work{operation: o})
}

// TraceCopyFromEnd implements [pgx.CopyFromTracer].
func (t *tracer) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromEndData) {
	t.end(ctx, data.Err)
}

type connectKey struct{}

// TraceConnectStart implements [pgx.ConnectTracer].
func (t *tracer) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	return context.WithValue(ctx, connectKey{}, time.Now())
}

// TraceConnectEnd implements [pgx.ConnectTracer].
func (t *tracer) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	start, ok := ctx.Value(connectKey{}).(time.Time)
	if !ok {
		return
	}
	end, o := time.Now(), outcomeOf(data.Err)
	if !o.failed {
		t.metrics.connected(ctx, end.Sub(start))
	}
	if t.connect {
		w := &work{start: start, operation: operation{name: "CONNECT"}}
		t.spans([]context.Context{ctx}, w, end, append(slices.Clone(t.server), o.attributes()...), o)
	}
}

type acquireKey struct{}

// TraceAcquireStart implements [pgxpool.AcquireTracer].
func (t *tracer) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	return context.WithValue(ctx, acquireKey{}, time.Now())
}

// TraceAcquireEnd implements [pgxpool.AcquireTracer].
func (t *tracer) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, data pgxpool.TraceAcquireEndData) {
	if start, ok := ctx.Value(acquireKey{}).(time.Time); ok && data.Err == nil {
		t.metrics.waited(ctx, time.Since(start))
	}
}

// cut shortens s to n bytes without cutting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
