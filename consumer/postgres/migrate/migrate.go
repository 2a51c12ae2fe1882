package migrate

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"
)

//go:embed sql/*.sql
var files embed.FS

// historyTable is where goose keeps what was carried out.
const historyTable = "tracehaul_migrations"

// Applied is a migration that was carried out.
type Applied struct {
	Version  int64
	Name     string // such as "00001_events.sql"
	Duration time.Duration
}

// Result is what a run has done.
type Result struct {
	// From and To are the database's versions before and after, 0 for an empty
	// one. Both are 0 after an error.
	From, To int64

	// Applied are the migrations that were carried out, in order; after an
	// error, those before the failing one.
	Applied []Applied
}

// Up is [Run] to the newest version, with all defaults.
func Up(ctx context.Context, pool *pgxpool.Pool) ([]Applied, error) {
	r, err := Run(ctx, pool, Config{})
	return r.Applied, err
}

// UpURL is [Up] with a pool of its own, for a database that was just made:
// postgres://user:password@host:port/name. Its error does not show the URL's
// password.
func UpURL(ctx context.Context, url string) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer pool.Close()
	_, err = Up(ctx, pool)
	return err
}

// Run carries out, in order, the migrations that the database has not seen yet.
// Running it twice does nothing the second time, and several at once wait for
// each other. Each migration is a transaction: after an error the ones returned
// are done, the failing one is not, and the next run goes on with it.
//
// It makes one connection of its own, in the pool's way. The pool's user must
// own the table, or be allowed to create it; for Config.GrantRole it must be
// allowed to create roles.
func Run(ctx context.Context, pool *pgxpool.Pool, c Config) (Result, error) {
	migrations, err := fs.Sub(files, "sql")
	if err != nil {
		return Result{}, fmt.Errorf("migrate: %w", err)
	}
	return run(ctx, pool, c, migrations)
}

func run(ctx context.Context, pool *pgxpool.Pool, c Config, migrations fs.FS) (r Result, err error) {
	if err := c.Validate(); err != nil {
		return r, err
	}
	s, err := open(ctx, pool, c.WithDefaults())
	if err != nil {
		return r, fmt.Errorf("migrate: %w", err)
	}
	defer s.close()
	r.Applied, err = s.migrate(ctx, migrations, c.Target)
	if err == nil && c.GrantRole != "" {
		err = s.grant(ctx, c.GrantRole)
	}
	if err == nil {
		r.From, r.To, err = s.versions(ctx, r.Applied)
	}
	if err != nil {
		return Result{Applied: r.Applied}, fmt.Errorf("migrate: %w", s.explain(ctx, err))
	}
	return r, nil
}

// migrate carries out what is missing up to target, or all for 0.
func (s *session) migrate(ctx context.Context, migrations fs.FS, target int64) (applied []Applied, err error) {
	provider, err := goose.NewProvider(goose.DialectPostgres, s.db, migrations,
		goose.WithTableName(historyTable), goose.WithSessionLocker(locker{}))
	if err != nil {
		return nil, err
	}
	if target != 0 {
		if err := checkTarget(ctx, provider, target); err != nil {
			return nil, err
		}
	} else {
		target = math.MaxInt64
	}
	// A lock of the session, not of a transaction, so that a migration may do
	// what transactions cannot, such as CREATE INDEX CONCURRENTLY.
	results, err := provider.UpTo(ctx, target)
	if partial := (*goose.PartialError)(nil); errors.As(err, &partial) {
		results = partial.Applied
		err = fmt.Errorf("%s: %w", path.Base(partial.Failed.Source.Path), partial.Err)
	}
	for _, r := range results {
		applied = append(applied, Applied{Version: r.Source.Version, Name: path.Base(r.Source.Path), Duration: r.Duration})
	}
	return applied, err
}

func checkTarget(ctx context.Context, provider *goose.Provider, target int64) error {
	current, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(provider.ListSources(), func(s *goose.Source) bool { return s.Version == target }) {
		return fmt.Errorf("target %d: want the version of a migration; the newest is %d", target, newest)
	}
	if target < current {
		return fmt.Errorf("target %d: want %d or more: that is what the database has, and there is no way down", target, current)
	}
	return nil
}

// versions returns those before and after what was carried out.
func (s *session) versions(ctx context.Context, applied []Applied) (from, to int64, err error) {
	var first sql.Null[int64]
	if len(applied) > 0 {
		first = sql.Null[int64]{V: applied[0].Version, Valid: true}
	}
	row := s.db.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM "+historyTable+" WHERE is_applied AND ($1::bigint IS NULL OR version_id < $1)", first)
	if err := row.Scan(&from); err != nil {
		return 0, 0, err
	}
	if len(applied) == 0 {
		return from, from, nil
	}
	return from, applied[len(applied)-1].Version, nil
}
