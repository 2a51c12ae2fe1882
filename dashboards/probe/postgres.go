package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// postgres asks a database, over one connection that is made when it is
// needed.
type postgres struct {
	c *Config

	mu     sync.Mutex
	conn   *pgx.Conn
	failed error // why there is no connection
}

// ask runs a query and counts what it finds. A time series needs a column
// named time, as in Grafana.
func (p *postgres) ask(ctx context.Context, sql string, series bool) (f found, err error) {
	size := int64(0)
	err = p.rows(ctx, sql, func(rows pgx.Rows) error {
		fields := rows.FieldDescriptions()
		if series && !slices.ContainsFunc(fields, isTime) {
			return errors.New(`the query is for a time series and has no column named "time"`)
		}
		if f.series++; f.series > MaxRows {
			return fmt.Errorf("the query finds more than %d rows: want fewer", MaxRows)
		}
		for i, raw := range rows.RawValues() {
			if size += int64(len(raw)); size > p.c.MaxAnswerBytes {
				return fmt.Errorf("the answer has more than %d bytes: want a query that finds less", p.c.MaxAnswerBytes)
			}
			if raw == nil || string(raw) == "NaN" || series && !isNumber(fields[i]) {
				continue
			}
			if f.points++; !isNumber(fields[i]) || strings.Trim(string(raw), "-0.") != "" {
				f.other++
			}
		}
		return nil
	})
	return f, err
}

// find asks for the values of a variable: those of the first column, or of the
// one named __value.
func (p *postgres) find(ctx context.Context, sql string, _ span) (values []string, err error) {
	return values, p.rows(ctx, sql, func(rows pgx.Rows) error {
		column := max(0, slices.IndexFunc(rows.FieldDescriptions(), func(f pgconn.FieldDescription) bool { return f.Name == "__value" }))
		if raw := rows.RawValues()[column]; len(values) < MaxValues {
			values = append(values, string(raw))
		}
		return nil
	})
}

func isTime(f pgconn.FieldDescription) bool { return f.Name == "time" }

func isNumber(f pgconn.FieldDescription) bool {
	switch f.DataTypeOID {
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.Float4OID, pgtype.Float8OID, pgtype.NumericOID:
		return f.Name != "time"
	}
	return false
}

// rows runs a query in a transaction that cannot write, and is undone. The
// query is one statement: the protocol that is used here takes no more, so that
// it cannot leave the transaction.
func (p *postgres) rows(ctx context.Context, sql string, each func(pgx.Rows) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, p.c.Timeout)
	defer cancel()
	conn, err := p.connect(ctx)
	if err != nil {
		return err
	}
	return p.explain(ctx, pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = "+strconv.FormatInt(p.c.Timeout.Milliseconds(), 10)); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sql, pgx.QueryExecModeExec)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := each(rows); err != nil {
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
		return errDone
	}))
}

// errDone has the transaction undone.
var errDone = errors.New("done")

func (p *postgres) explain(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, errDone):
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded), isCanceled(err):
		return fmt.Errorf("there was no answer within %v", p.c.Timeout)
	}
	return err
}

// isCanceled says whether the server ended a statement, as it does at its own
// timeout, which may be noticed before ctx's.
func isCanceled(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && server.Code == "57014"
}

// connect makes the connection, or says why it could not be made the first
// time: a database that is away is not waited for by every query.
func (p *postgres) connect(ctx context.Context) (*pgx.Conn, error) {
	if p.failed != nil || p.conn != nil && !p.conn.IsClosed() {
		return p.conn, p.failed
	}
	cfg, err := pgx.ParseConfig(p.c.Postgres)
	if err != nil {
		return nil, errors.New("the URL of PostgreSQL cannot be used") // err might show it
	}
	cfg.RuntimeParams["application_name"] = "tracehaul-dashboards"
	p.conn, err = pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		p.conn = nil
		p.failed = fmt.Errorf("ask PostgreSQL: %w", p.explain(ctx, err)) // pgx leaves the password out
	}
	return p.conn, p.failed
}

func (p *postgres) close(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn != nil {
		_ = p.conn.Close(ctx) // nothing was written
	}
}
