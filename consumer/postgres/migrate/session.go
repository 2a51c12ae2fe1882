package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// serverGrace is how much later than the context the server stops a
	// statement by itself. It matters when this program is gone by then.
	serverGrace = time.Second

	// idleTimeout is how long the server leaves a transaction open whose
	// program says nothing any more.
	idleTimeout = time.Minute

	// closeTimeout bounds taking leave of a server that may be gone.
	closeTimeout = time.Second
)

// session is the connection that everything goes through.
type session struct {
	pool        *pgxpool.Pool // of one connection
	db          *sql.DB       // the same
	lockTimeout time.Duration
}

// open connects as pool does, with limits to what the server waits for. A
// refused login is tried once more: its password may have been changed just
// after it was read.
func open(ctx context.Context, pool *pgxpool.Pool, c Config) (*session, error) {
	cfg := pool.Config()
	cfg.MaxConns, cfg.MinConns, cfg.MinIdleConns = 1, 0, 0
	for name, d := range map[string]time.Duration{
		"lock_timeout":                        c.LockTimeout,
		"statement_timeout":                   statementTimeout(ctx),
		"idle_in_transaction_session_timeout": idleTimeout,
	} {
		cfg.ConnConfig.RuntimeParams[name] = strconv.FormatInt(d.Milliseconds(), 10)
	}
	// Not ctx: the pool outlives a context that ended, to say why.
	own, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), cfg)
	if err != nil {
		return nil, err
	}
	s := &session{pool: own, db: stdlib.OpenDBFromPool(own), lockTimeout: c.LockTimeout}
	err = own.Ping(ctx)
	if strings.HasPrefix(sqlState(err), classAuthorization) {
		err = own.Ping(ctx)
	}
	if err != nil {
		s.close()
		return nil, outOfTime(ctx, err)
	}
	return s, nil
}

// statementTimeout is what is left of the context's time, or 0 for no limit.
func statementTimeout(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return max(0, time.Until(deadline)) + serverGrace
}

// close ends the session, and with it all locks that it has.
func (s *session) close() {
	_ = s.db.Close() // leaves the pool open
	closed := make(chan struct{})
	go func() {
		s.pool.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(closeTimeout):
	}
}

// outOfTime adds to an error why the context has ended, if it has.
func outOfTime(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && err != nil {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// Codes are SQLSTATEs. (PostgreSQL, Appendix A, "PostgreSQL Error Codes".)
const (
	classAuthorization = "28"

	codeLockNotAvailable = "55P03" // lock_timeout, or NOWAIT
)

// sqlState is the SQLSTATE of an error, or empty.
func sqlState(err error) string {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pgErr.Code
	}
	return ""
}
