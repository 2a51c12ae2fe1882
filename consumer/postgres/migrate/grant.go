package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// iamRole is the role whose members log in with IAM authentication. Aurora and
// RDS have it from the start. (Amazon Aurora User Guide, "Creating a database
// account using IAM authentication".)
const iamRole = "rds_iam"

// grant gives a role what a consumer needs. It alters nothing that is there
// already.
func (s *session) grant(ctx context.Context, role string) (err error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	// Two at once would make the same role, or alter the same row of a catalogue.
	if err := (locker{}).SessionLock(ctx, conn); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, locker{}.SessionUnlock(context.WithoutCancel(ctx), conn)) }()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	statements, err := grants(ctx, tx, role)
	for _, statement := range statements {
		if _, err = tx.ExecContext(ctx, statement); err != nil {
			break
		}
	}
	if err != nil {
		_ = tx.Rollback() // the session ends anyway
		return fmt.Errorf("grant to %q: %w", role, err)
	}
	return tx.Commit()
}

// grants are the statements that a role needs in this database.
func grants(ctx context.Context, tx *sql.Tx, role string) ([]string, error) {
	var (
		self, there, iam bool
		name, schema     string // in quotes, if they need them
	)
	err := tx.QueryRowContext(ctx, `SELECT $1 IN (current_user, session_user), quote_ident($1), quote_ident(current_schema()),
		EXISTS (SELECT FROM pg_roles WHERE rolname = $1), EXISTS (SELECT FROM pg_roles WHERE rolname = $2)`, role, iamRole).
		Scan(&self, &name, &schema, &there, &iam)
	if err != nil {
		return nil, err
	}
	if self { // whose password would be worth nothing from then on
		return nil, errors.New("want a role of its own for consumers, not the one that migrates")
	}
	var statements []string
	if !there {
		statements = append(statements, "CREATE ROLE "+name+" LOGIN")
	}
	statements = append(statements,
		"GRANT USAGE ON SCHEMA "+schema+" TO "+name,
		"GRANT INSERT, SELECT (source, id) ON events TO "+name, // the key is what ON CONFLICT reads
	)
	if iam {
		statements = append(statements, "GRANT "+iamRole+" TO "+name)
	}
	return statements, nil
}
