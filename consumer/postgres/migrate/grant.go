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
		there, iam   bool
		self, member bool   // the role is the one that migrates, or this one has its rights
		name, schema string // in quotes, if they need them
	)
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1), EXISTS (SELECT FROM pg_roles WHERE rolname = $2),
			$1 IN (current_user, session_user),
			EXISTS (SELECT FROM pg_roles r, pg_roles me WHERE r.rolname = $1 AND me.rolname = current_user AND NOT me.rolsuper AND pg_has_role(r.oid, 'USAGE')),
			quote_ident($1), quote_ident(current_schema())`, role, iamRole).
		Scan(&there, &iam, &self, &member, &name, &schema)
	if err != nil {
		return nil, err
	}
	// With rds_iam, be it by way of another role, a password is worth nothing,
	// and who migrates has one. (Amazon Aurora User Guide, "IAM database
	// authentication", Limitations.)
	if self {
		return nil, errors.New("want a role of its own for consumers, not the one that migrates")
	}
	if iam && member {
		return nil, fmt.Errorf("want a role that the one that migrates is no member of, or IAM authentication would be its only one, too: REVOKE %s FROM it", name)
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
