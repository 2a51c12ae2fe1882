// Package postgrestest gives every test a PostgreSQL database of its own.
//
// Start from [Database]. A test that needs PostgreSQL and finds none fails; it
// is never skipped. Tests may take the environment variable DATABASE_URL to a
// server that is to be used instead of a private one.
//
// It imports internal/postgres and is imported by tests only.
package postgrestest

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/postgres"
)

const timeout = 2 * time.Minute // a first run downloads or makes the template

// shared is the server of this test process. Nobody stops it: it ends with the
// process, however that ends, and takes its files along (see the watchdog in
// internal/postgres). Until then it needs no goroutine of this process.
var shared = sync.OnceValues(func() (*postgres.Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return postgres.Start(ctx, config())
})

func config() postgres.Config {
	return postgres.Config{URL: os.Getenv("DATABASE_URL"), Progress: os.Stderr} //nolint:forbidigo // a test has no main of ours
}

// Database returns the URL of a fresh, empty database, which is dropped when
// the test ends. All tests of a process share one server.
func Database(tb testing.TB) string {
	tb.Helper()
	server, err := shared()
	if err != nil {
		tb.Fatalf("this test needs PostgreSQL: %v", err)
	}
	ctx, cancel := context.WithTimeout(tb.Context(), timeout)
	defer cancel()
	url, err := server.CreateDatabase(ctx)
	if err != nil {
		tb.Fatalf("a database for this test: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), timeout)
		defer cancel()
		if err := server.DropDatabase(ctx, url); err != nil {
			tb.Errorf("drop the database of this test: %v", err)
		}
	})
	return url
}

// Server returns a private server that this test alone may restart and kill.
// It is stopped when the test ends.
func Server(tb testing.TB, c postgres.Config) *postgres.Server {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), timeout)
	defer cancel()
	server, err := postgres.Start(ctx, c)
	if err != nil {
		tb.Fatalf("this test needs PostgreSQL: %v", err)
	}
	tb.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(tb.Context())); err != nil {
			tb.Errorf("stop PostgreSQL: %v", err)
		}
	})
	return server
}
