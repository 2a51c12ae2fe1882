package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// lockID is the advisory lock that keeps migrations apart. It is any
	// number that others do not use.
	lockID = 0x7472636868 // "trchh"

	// lockWait is how long one waits for another to finish.
	lockWait = 5 * time.Minute

	// lockPoll is how often it looks. Waiting within PostgreSQL would be a
	// statement that runs, and CREATE INDEX CONCURRENTLY waits for those.
	lockPoll = 250 * time.Millisecond

	// explainTimeout bounds asking who is in the way.
	explainTimeout = 2 * time.Second
)

// locker keeps migrations apart, by a lock of their session.
type locker struct{}

// SessionLock waits for others to finish.
func (locker) SessionLock(ctx context.Context, conn *sql.Conn) error {
	start, refused := time.Now(), false
	for {
		var locked bool
		err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", int64(lockID)).Scan(&locked)
		if locked || err != nil && (!refused || ctx.Err() == nil) {
			return err
		}
		refused = true
		select {
		case <-ctx.Done():
		case <-time.After(lockPoll):
		}
		if waited := time.Since(start); ctx.Err() != nil || waited > lockWait {
			return &busyError{waited: waited, holder: holder(ctx, conn, heldByMigration)}
		}
	}
}

// SessionUnlock lets others begin. If it fails, the end of the session will.
func (locker) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, explainTimeout)
	defer cancel()
	_, _ = conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", int64(lockID))
	return nil
}

// busyError says that other migrations did not end.
type busyError struct {
	waited time.Duration
	holder string
}

func (e *busyError) Error() string {
	return fmt.Sprintf("another migration was still running after %v: %s", e.waited.Round(time.Second/10), e.holder)
}

// explain turns an error into one that says who or what was in the way.
func (s *session) explain(ctx context.Context, err error) error {
	busy := (*busyError)(nil)
	switch {
	case errors.As(err, &busy): // without what goose says around it
		return outOfTime(ctx, busy)
	case sqlState(err) == codeLockNotAvailable:
		who := holder(ctx, s.db, heldOnTable)
		return outOfTime(ctx, fmt.Errorf("waited %v for a lock; of those who hold one, the oldest is %s: %w", s.lockTimeout, who, err))
	}
	return outOfTime(ctx, err)
}

// Who may be in the way.
var (
	heldByMigration = fmt.Sprintf("l.locktype = 'advisory' AND l.classid::bigint << 32 | l.objid::bigint = %d", int64(lockID))
	heldOnTable     = `l.locktype = 'relation' AND l.relation IN
		(SELECT oid FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(current_schema())))`
)

// holder describes the session that has held such a lock for the longest time.
// Of what it does it says nothing: statements may have data in them.
func holder(ctx context.Context, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, held string,
) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), explainTimeout)
	defer cancel()
	var (
		pid               int
		application, user string
		since             time.Time
	)
	err := db.QueryRowContext(ctx, `SELECT a.pid, coalesce(a.application_name, ''), coalesce(a.usename, ''),
			coalesce(a.xact_start, a.backend_start, now())
		FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE l.granted AND l.pid <> pg_backend_pid()
			AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND `+held+`
		ORDER BY 4 LIMIT 1`).Scan(&pid, &application, &user, &since)
	if errors.Is(err, sql.ErrNoRows) {
		return "a session that is gone by now"
	}
	if err != nil {
		return fmt.Sprintf("unknown (%v)", err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "process %d", pid)
	if application != "" {
		fmt.Fprintf(&b, " (%s)", application)
	}
	if user != "" {
		fmt.Fprintf(&b, " of %s", user)
	}
	fmt.Fprintf(&b, ", since %s", since.UTC().Format(time.RFC3339))
	return b.String()
}
