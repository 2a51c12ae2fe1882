package migrate

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed sql/*.sql
var files embed.FS

const (
	// historyTable is where goose keeps what was carried out.
	historyTable = "tracehaul_migrations"

	// lockID is the advisory lock that keeps migrations apart. It is any
	// number that others do not use.
	lockID = 0x7472636868 // "trchh"

	// lockSeconds is how long one waits for another to finish.
	lockSeconds = 300
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
// The pool's user must own the table, or be allowed to create it.
func Up(ctx context.Context, pool *pgxpool.Pool) ([]Applied, error) {
	migrations, err := fs.Sub(files, "sql")
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	return up(ctx, pool, migrations)
}

func up(ctx context.Context, pool *pgxpool.Pool, migrations fs.FS) (applied []Applied, err error) {
	// A lock of the session, not of a transaction, so that a migration may do
	// what transactions cannot, such as CREATE INDEX CONCURRENTLY.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(lockID), lock.WithLockTimeout(1, lockSeconds))
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	defer func() {
		if closeErr := db.Close(); err == nil && closeErr != nil { // leaves the pool open
			err = fmt.Errorf("migrate: %w", closeErr)
		}
	}()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations,
		goose.WithTableName(historyTable), goose.WithSessionLocker(locker))
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	results, err := provider.Up(ctx)
	if partial := (*goose.PartialError)(nil); errors.As(err, &partial) {
		results = partial.Applied
		err = fmt.Errorf("%s: %w", path.Base(partial.Failed.Source.Path), partial.Err)
	}
	for _, r := range results {
		applied = append(applied, Applied{Version: r.Source.Version, Name: path.Base(r.Source.Path), Duration: r.Duration})
	}
	if err != nil {
		return applied, fmt.Errorf("migrate: %w", err)
	}
	return applied, nil
}
