package postgres

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/telemetry/pgxtrace"
)

// Sink writes batches of events into the table events. It is safe for
// concurrent use.
type Sink struct {
	pool   *pgxpool.Pool
	tracer pgx.QueryTracer // nil if the pool is not traced
}

var _ consumer.Sink = (*Sink)(nil)

// New returns a sink that writes through pool, one connection at a time for
// each concurrent batch. The caller closes the pool.
func New(pool *pgxpool.Pool) *Sink {
	return &Sink{pool: pool, tracer: pool.Config().ConnConfig.Tracer}
}

// Write inserts a batch in one transaction and one round trip; see
// [consumer.Sink]. Errors are of type [*Error].
//
// If a connection that served before turns out to be broken, or its server to
// be a reader by now, Write tries once more over a new one.
func (s *Sink) Write(ctx context.Context, batch []*consumer.Record) ([]consumer.Stored, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	stored, used, err := s.attempt(ctx, batch)
	if err != nil && ctx.Err() == nil && worthAnother(err, used) {
		stored, _, err = s.attempt(ctx, batch)
	}
	return stored, newError(err)
}

// attempt writes a batch over one connection. used reports whether the
// connection had written before.
func (s *Sink) attempt(ctx context.Context, batch []*consumer.Record) (stored []consumer.Stored, used bool, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, false, err
	}
	defer release(conn)
	used = prepared(conn.Conn().PgConn())

	end := s.trace(ctx, conn.Conn(), batch)
	stored, err = insert(ctx, conn.Conn().PgConn(), batch)
	end(stored, err)
	return stored, used, err
}

// release gives a connection back. One that is closed is taken out of the pool:
// pgx goes on to clear it up, for up to 15 s where the server does not answer,
// and the pool would make no other one in its place until then.
func release(conn *pgxpool.Conn) {
	if conn.Conn().IsClosed() {
		conn.Hijack()
		return
	}
	conn.Release()
}

// tracedSQL is the statement as spans show it. Every message has a span, so
// the text is shortened: the columns say nothing new.
const tracedSQL = "INSERT INTO " + table + " (source, id, ...) SELECT unnest($1), unnest($2), ... " +
	"ON CONFLICT (source, id) DO NOTHING RETURNING source, id"

// trace begins one span for each record, in the record's own trace, and
// returns what ends them. insert works below the level at which pgx calls
// tracers, so that it can encode while the server works; to tracers it is a
// query.
func (s *Sink) trace(ctx context.Context, conn *pgx.Conn, batch []*consumer.Record) (end func([]consumer.Stored, error)) {
	if s.tracer == nil {
		return func([]consumer.Stored, error) {}
	}
	parents := make([]context.Context, len(batch))
	for i, r := range batch {
		parents[i] = r.Context //nolint:fatcontext // each its own
	}
	ctx = pgxtrace.FanOut(pgxtrace.WithOperation(ctx, "INSERT", table), parents)
	ctx = s.tracer.TraceQueryStart(ctx, conn, pgx.TraceQueryStartData{SQL: tracedSQL})
	return func(stored []consumer.Stored, err error) {
		written := 0
		for _, s := range stored {
			if s == consumer.Written {
				written++
			}
		}
		tag := pgconn.NewCommandTag("INSERT 0 " + strconv.Itoa(written))
		s.tracer.TraceQueryEnd(ctx, conn, pgx.TraceQueryEndData{CommandTag: tag, Err: err})
	}
}

// statement names the prepared statement, and the mark of a connection that
// has it.
const statement = "tracehaul_insert_events"

func prepared(conn *pgconn.PgConn) bool {
	_, ok := conn.CustomData()[statement]
	return ok
}

// insert sends all chunks of a batch, and only then reads. The server takes
// everything up to the Sync at the end as one transaction. (PostgreSQL,
// "Message Flow", "Pipelining".)
func insert(ctx context.Context, conn *pgconn.PgConn, batch []*consumer.Record) ([]consumer.Stored, error) {
	p := conn.StartPipeline(ctx)
	if !prepared(conn) {
		p.SendPrepare(statement, insertSQL, paramOIDs)
	}
	err := send(p, conn.Frontend(), batch)
	if err == nil {
		err = p.Sync()
	}
	var r reader
	if err == nil {
		r = reader{conn: conn, unread: batch, stored: make([]consumer.Stored, 0, len(batch))}
		err = r.read(p)
	}
	// Close reads up to the answer to Sync. Only then is the batch committed.
	if closeErr := p.Close(); err == nil {
		err = closeErr
	}
	if err == nil && len(r.unread) > 0 {
		err = errors.New("the server left out answers")
	}
	if err != nil {
		if pgErr := serverError(err); pgErr != nil && pgErr.Code == codeNoStatement {
			delete(conn.CustomData(), statement)
		}
		return nil, err
	}
	return r.stored, nil
}

// send encodes and sends chunk after chunk.
func send(p *pgconn.Pipeline, buffer *pgproto3.Frontend, batch []*consumer.Record) error {
	e := encoders.Get().(*encoder)
	defer e.release()
	for len(batch) > 0 {
		n := nextChunk(batch)
		params := e.encode(batch[:n])
		buffer.Send(roomFor(params))
		p.SendQueryPrepared(statement, params, binaryParams, binaryResults)
		batch = batch[n:]
		if len(batch) == 0 {
			return nil // goes along with the Sync
		}
		if err := p.Flush(); err != nil {
			return err
		}
	}
	return nil
}
