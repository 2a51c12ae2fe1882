package pgxtrace

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

// statementBytes is where db.query.text is cut.
const statementBytes = 4096

// statementKey tells statements apart.
type statementKey struct {
	operation
	given bool // by WithOperation; else it is read from the SQL
	batch bool // of more than one query
	sql   string
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
	if !k.given && !k.batch {
		o = parseOperation(k.sql)
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
		attributes = append(slices.Clip(attributes), otelconv.DBQueryText(cut(k.sql, statementBytes)))
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
// query, so a change copies the map.
type statements struct {
	seen atomic.Pointer[map[statementKey]*statement]
	mu   sync.Mutex // held while changing seen
}

// statementsKept bounds what is kept of a program that makes up its SQL.
const statementsKept = 1000

func (t *tracer) statementOf(k statementKey) *statement {
	if seen := t.statements.seen.Load(); seen != nil {
		if s, ok := (*seen)[k]; ok {
			return s
		}
	}
	made := t.newStatement(k)
	t.statements.mu.Lock()
	defer t.statements.mu.Unlock()
	seen := map[statementKey]*statement{}
	if old := t.statements.seen.Load(); old != nil {
		if len(*old) >= statementsKept {
			return made
		}
		seen = maps.Clone(*old)
	}
	seen[k] = made
	t.statements.seen.Store(&seen)
	return made
}

// queryKey is the statement of a query.
func queryKey(ctx context.Context, sql string) statementKey {
	o, given := operationOf(ctx)
	return statementKey{operation: o, given: given, sql: sql}
}

// batchKey is the statement of a batch: what all its queries do, or just
// BATCH. A text that they share is the batch's, too.
func batchKey(ctx context.Context, b *pgx.Batch) statementKey {
	if len(b.QueuedQueries) == 1 {
		return queryKey(ctx, b.QueuedQueries[0].SQL)
	}
	k := statementKey{batch: true}
	k.operation, k.given = operationOf(ctx)
	for i, q := range b.QueuedQueries {
		if i == 0 {
			k.sql = q.SQL
			if !k.given {
				k.operation = parseOperation(q.SQL)
			}
			continue
		}
		if q.SQL == b.QueuedQueries[i-1].SQL {
			continue
		}
		k.sql = ""
		if !k.given && parseOperation(q.SQL) != k.operation {
			k.operation = operation{name: "BATCH"}
		}
	}
	if k.name == "" {
		k.operation = operation{name: "BATCH"}
	}
	return k
}
