package pgxtrace

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

// statementKey tells statements apart.
type statementKey struct {
	operation
	given      bool // by WithOperation; else it is read from the SQL
	batch      bool // of more than one query
	parameters bool // are given, apart from the SQL
	conforming bool // strings: see conforming
	sql        string
}

// text is db.query.text. The conventions take the text of a query with
// parameters for free of data; of others, they want the literals out.
func (k statementKey) text() string {
	if k.parameters {
		return cut(k.sql, statementBytes)
	}
	return redact(k.sql, k.conforming)
}

// bytes is how much memory the key's strings take.
func (k statementKey) bytes() int { return len(k.name) + len(k.collection) + len(k.sql) }

// clone is k with strings that keep nothing else in memory: a statement may be
// a piece of a large file.
func (k statementKey) clone() statementKey {
	k.name, k.collection, k.sql = strings.Clone(k.name), strings.Clone(k.collection), strings.Clone(k.sql)
	return k
}

// statement is what all executions of one have in common.
type statement struct {
	name    string                // of spans
	shared  *span.Shared          // attributes of spans
	point   []attribute.KeyValue  // attributes of metrics
	succeed []metric.RecordOption // the same, made for when all goes well
}

// newStatement makes the attributes of a statement. What the program said it
// does becomes db.operation.name and db.collection.name. What was only read
// from the SQL becomes db.query.summary: the conventions want no operation
// names out of a text that may do more than one thing.
func (t *tracer) newStatement(k statementKey) *statement {
	o := k.operation
	if !k.given && o.name == "" {
		o = parseOperation(k.sql, k.conforming)
	}
	if k.batch && o.name == "" {
		o = operation{name: "BATCH"}
	}
	if k.batch && o.name != "BATCH" {
		o.name = "BATCH " + o.name
	}
	s := &statement{name: o.summary(), point: append([]attribute.KeyValue(nil), t.server...)}
	switch {
	case !k.given:
		s.point = append(s.point, otelconv.DBQuerySummary(s.name))
	case o.collection == "":
		s.point = append(s.point, otelconv.DBOperationName(o.name))
	default:
		s.point = append(s.point, otelconv.DBOperationName(o.name), otelconv.DBCollectionName(o.collection))
	}
	attributes := s.point
	if t.statement && k.sql != "" {
		attributes = append(slices.Clip(attributes), otelconv.DBQueryText(k.text()))
	}
	s.shared = span.Share(attributes...)
	s.succeed = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(s.point...))}
	return s
}

// measure are the attributes of one execution.
func (s *statement) measure(o outcome) []metric.RecordOption {
	if !o.failed {
		return s.succeed
	}
	a := append(append([]attribute.KeyValue(nil), s.point...), o.attributes()...)
	return []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(a...))}
}

// statements are those that were seen. They are few and looked up for every
// query, so a change copies them.
type statements struct {
	seen atomic.Pointer[seen]
	mu   sync.Mutex // held while changing seen
}

type seen struct {
	byKey map[statementKey]*statement
	bytes int // of the keys
}

// What is kept of a program that makes up its SQL.
const (
	statementsKept      = 1000
	statementsKeptBytes = 2 << 20
	// keptBytes is the longest statement that is kept: others are made anew each
	// time, which is little beside sending them.
	keptBytes = 16 << 10
)

// hasRoom tells whether a statement of that key is to be kept.
func (s *seen) hasRoom(k statementKey) bool {
	if n := k.bytes(); n > keptBytes || s.bytes+n > statementsKeptBytes {
		return false
	}
	return len(s.byKey) < statementsKept
}

// keep keeps a statement, if there is room for it still.
func (s *statements) keep(k statementKey, made *statement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.load()
	if _, ok := old.byKey[k]; ok || !old.hasRoom(k) {
		return
	}
	next := &seen{byKey: make(map[statementKey]*statement, len(old.byKey)+1), bytes: old.bytes + k.bytes()}
	maps.Copy(next.byKey, old.byKey)
	next.byKey[k] = made
	s.seen.Store(next)
}

func (s *statements) load() *seen {
	if known := s.seen.Load(); known != nil {
		return known
	}
	return &seen{}
}

func (t *tracer) statementOf(k statementKey) *statement {
	known := t.statements.load()
	if s, ok := known.byKey[k]; ok {
		return s
	}
	if !known.hasRoom(k) {
		return t.newStatement(k)
	}
	k = k.clone()
	made := t.newStatement(k)
	t.statements.keep(k, made)
	return made
}

// queryKey is the statement of a query.
func (t *tracer) queryKey(ctx context.Context, conn *pgx.Conn, sql string, args []any) statementKey {
	o, given := operationOf(ctx)
	return t.key(statementKey{operation: o, given: given, parameters: parameterized(args), conforming: conforming(conn), sql: sql})
}

// conforming tells whether a backslash in a plain string of SQL is one like any
// other character, as it is by default: not where the server says otherwise, or
// nothing (PostgreSQL, "standard_conforming_strings").
func conforming(conn *pgx.Conn) bool {
	return conn != nil && conn.PgConn() != nil && conn.PgConn().ParameterStatus("standard_conforming_strings") == "on"
}

// key is k without what the statement is not made from.
func (t *tracer) key(k statementKey) statementKey {
	if !t.statement {
		k.parameters = false
		if k.given {
			k.sql, k.conforming = "", false
		}
	}
	return k
}

// parameterized tells whether there are parameters among a query's arguments:
// pgx takes options in front of them, and parameters by name as one of these.
func parameterized(args []any) bool {
	for _, a := range args {
		switch a := a.(type) {
		case pgx.NamedArgs:
			return len(a) > 0
		case pgx.StrictNamedArgs:
			return len(a) > 0
		case pgx.QueryExecMode, pgx.QueryResultFormats, pgx.QueryResultFormatsByOID, pgx.QueryRewriter:
		default:
			return true
		}
	}
	return false
}

// batchKey is the statement of a batch: what all its queries do, or just
// BATCH. A text that they share is the batch's, too.
func (t *tracer) batchKey(ctx context.Context, conn *pgx.Conn, b *pgx.Batch) statementKey {
	first := b.QueuedQueries[0]
	if len(b.QueuedQueries) == 1 {
		return t.queryKey(ctx, conn, first.SQL, first.Arguments)
	}
	k := statementKey{batch: true, parameters: true, conforming: conforming(conn), sql: first.SQL}
	k.operation, k.given = operationOf(ctx)
	for _, q := range b.QueuedQueries {
		if q.SQL != first.SQL {
			if !k.given {
				k.operation = commonOperation(b.QueuedQueries, k.conforming)
			}
			k.sql, k.parameters, k.conforming = "", false, false
			return k
		}
		k.parameters = k.parameters && parameterized(q.Arguments)
	}
	return t.key(k)
}

// commonOperation is what all of several queries do, or BATCH.
func commonOperation(queries []*pgx.QueuedQuery, conforming bool) operation {
	var common operation
	for i, q := range queries {
		switch {
		case i == 0:
			common = parseOperation(q.SQL, conforming)
		case q.SQL != queries[i-1].SQL && parseOperation(q.SQL, conforming) != common:
			return operation{name: "BATCH"}
		}
	}
	return common
}
