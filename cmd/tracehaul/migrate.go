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
	DatabaseURL string        `env:"DATABASE_URL" help:"The database, as libpq takes it."  placeholder:"URL" required:""`
	Timeout     time.Duration `default:"10m"      help:"How long all migrations may take."`
}

func (c migrateCmd) Run(ctx context.Context, env environment) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	pool, err := pgxpool.New(ctx, c.DatabaseURL)
	if err != nil {
		return errors.New("migrate: the database's URL cannot be read; want postgres://user:password@host:port/name") // the URL holds a password
	}
	defer pool.Close()
	applied, err := migrate.Up(ctx, pool)
	for _, m := range applied {
		fmt.Fprintf(env.out, "applied %s in %v\n", m.Name, m.Duration.Round(time.Millisecond))
	}
	if err == nil && len(applied) == 0 {
		fmt.Fprintln(env.out, "the schema is up to date")
	}
	return err
}
