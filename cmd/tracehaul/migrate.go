package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
)

type migrateCmd struct {
	jsonFlag
	DatabaseURL string   `env:"DATABASE_URL" help:"The database, as libpq takes it."  placeholder:"URL"      required:""`
	Timeout     duration `default:"10m"      help:"How long all migrations may take." placeholder:"DURATION"`
}

// Help is shown by --help below the line about the command.
func (migrateCmd) Help() string {
	return `Others see the password in --database-url while it runs: on a machine that is shared, set DATABASE_URL.

Examples:
  DATABASE_URL=postgres://localhost/orders tracehaul migrate
  tracehaul migrate --database-url postgres://orders@localhost/orders --json`
}

// appliedMigration is one that was run, in JSON.
type appliedMigration struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

func (c migrateCmd) Run(ctx context.Context, env environment) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout.Duration)
	defer cancel()
	pool, err := pgxpool.New(ctx, c.DatabaseURL)
	if err != nil {
		return usageError("migrate: the database's URL cannot be read; want postgres://user:password@host:port/name") // the URL holds a password
	}
	defer pool.Close()
	p := startProgress(env.err, "migrating")
	applied, err := migrate.Up(ctx, pool)
	p.done()
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("not migrated after --timeout %s: %w", c.Timeout, err)
	}
	if c.JSON {
		list := make([]appliedMigration, len(applied))
		for i, m := range applied {
			list[i] = appliedMigration{m.Name, m.Duration.Seconds()}
		}
		return errors.Join(err, encodeJSON(env.out, list))
	}
	for _, m := range applied {
		fmt.Fprintf(env.out, "applied %s in %v\n", m.Name, m.Duration.Round(time.Millisecond))
	}
	if err == nil && len(applied) == 0 {
		fmt.Fprintln(env.out, "the schema is up to date")
	}
	return err
}
