package migrate

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Applied is a migration that was carried out.
type Applied struct {
	Version  int64
	Name     string // such as "00001_events.sql"
	Duration time.Duration
}

// Up carries out, in order, the migrations that the database has not seen yet,
// and returns them. Running it twice does nothing the second time, and several
// at once wait for each other. Each migration is a transaction: after an error
// the ones returned are done, the failing one is not.
//
// The pool's user must own the schema or have CREATE on it.
func Up(ctx context.Context, pool *pgxpool.Pool) ([]Applied, error) { return nil, nil }
