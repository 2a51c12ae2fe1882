//go:build unix

package localpipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/internal/trace/pgrow"
)

// rowLimit bounds the rows shown of one trace: a batch can have many.
const rowLimit = 100

// Rows returns the rows that carry a trace id, the first written first.
func (l *Local) Rows(ctx context.Context, traceID string) ([]trace.Row, error) {
	return l.query(ctx, "SELECT * FROM events WHERE trace_id = $1 ORDER BY written_at, source, id LIMIT $2", traceID, rowLimit)
}

// WaitRow waits until a row carries the trace id, or ctx ends.
func (l *Local) WaitRow(ctx context.Context, traceID string) (trace.Row, error) {
	var failed error // of the last query that the end of ctx did not cut off
	for {
		rows, err := l.Rows(ctx, traceID)
		if err == nil && len(rows) > 0 {
			return rows[0], nil
		}
		if ctx.Err() == nil {
			failed = err
		}
		select {
		case <-ctx.Done():
			if failed != nil {
				return nil, fmt.Errorf("wait for the row of trace %s: %w", traceID, failed)
			}
			return nil, fmt.Errorf("no row carries trace %s: %w", traceID, context.Cause(ctx))
		case <-time.After(rowPoll):
		}
	}
}

const rowPoll = 20 * time.Millisecond

func (l *Local) query(ctx context.Context, sql string, args ...any) ([]trace.Row, error) {
	rows, err := l.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgrow.Row)
}

// CountRows returns the number of rows.
func (l *Local) CountRows(ctx context.Context) (n int, err error) {
	err = l.pool.QueryRow(ctx, "SELECT count(*) FROM events").Scan(&n)
	return n, err
}
