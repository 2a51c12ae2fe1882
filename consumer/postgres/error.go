package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tracehaul/tracehaul/consumer"
)

// Codes of an [Error] that came without a SQLSTATE.
const (
	codeTimeout    = "timeout"
	codeConnection = "connection"
)

// Error is why a batch was not written. Its text names what PostgreSQL refused
// but quotes nothing: messages of PostgreSQL hold values of the row.
type Error struct {
	code string
	err  error
}

func newError(err error) error {
	if err == nil {
		return nil
	}
	e := &Error{code: codeConnection, err: err}
	if pgErr := serverError(err); pgErr != nil {
		e.code = pgErr.Code
	} else if code := consumer.ErrorCode(err); code != "" { // of AWS
		e.code = code
	} else if pgconn.Timeout(err) || errors.Is(err, context.DeadlineExceeded) {
		e.code = codeTimeout
	}
	return e
}

// Error names the SQLSTATE and, if known, the objects concerned.
func (e *Error) Error() string {
	pgErr := serverError(e.err)
	if pgErr == nil {
		return "postgres: " + e.err.Error()
	}
	var b strings.Builder
	b.WriteString("postgres: SQLSTATE " + pgErr.Code)
	for _, part := range [...]struct{ what, name string }{
		{"constraint", pgErr.ConstraintName},
		{"table", pgErr.TableName},
		{"column", pgErr.ColumnName},
	} {
		if part.name != "" {
			b.WriteString(", " + part.what + " " + part.name)
		}
	}
	return b.String()
}

// Unwrap gives what pgx reported. Its text may hold values of a row.
func (e *Error) Unwrap() error { return e.err }

// ErrorCode is PostgreSQL's SQLSTATE, or "timeout" or "connection".
func (e *Error) ErrorCode() string { return e.code }

// Poison reports whether PostgreSQL refused what is in a row: the next attempt
// would fail as this one did. See [consumer.Poison].
func (e *Error) Poison() bool {
	pgErr := serverError(e.err)
	if pgErr == nil || pgErr.SeverityUnlocalized != "ERROR" {
		return false
	}
	// A refused connection may have the same codes, but says nothing of rows.
	var connecting *pgconn.ConnectError
	return poison(e.code) && !errors.As(e.err, &connecting)
}

// Retryable reports whether it is worth while to try again, without anybody
// mending the database first. See [consumer.Retryable].
func (e *Error) Retryable() bool { return serverError(e.err) == nil || passes(e.code) }

func serverError(err error) *pgconn.PgError {
	var pgErr *pgconn.PgError
	errors.As(err, &pgErr)
	return pgErr
}

// poison knows the classes of errors that lie in the data. (PostgreSQL,
// Appendix A, "PostgreSQL Error Codes".)
func poison(code string) bool {
	switch class(code) {
	case "22", // data exception
		"23", // integrity constraint violation
		"44", // WITH CHECK OPTION violation
		"54": // program limit exceeded, such as an index entry too large
		return true
	}
	return code == "P0001" // a trigger raised an exception
}

// passes knows the classes of errors that depend on the moment.
func passes(code string) bool {
	switch class(code) {
	case "08", // connection exception
		classAuthorization, // while a password is rotated
		"40",               // transaction rollback: serialisation failure, deadlock
		"53",               // insufficient resources: connections, memory, disk
		"55",               // object not in prerequisite state: lock not available
		"57",               // operator intervention: shutdown, starting up, cancelled
		"58":               // system error
		return true
	}
	switch code {
	case codeReadOnly, codeNoStatement:
		return true
	}
	return false
}

const (
	classAuthorization = "28"

	codeReadOnly    = "25006" // read-only transaction: the writer has become a reader
	codeNoStatement = "26000" // the prepared statement is gone
	codeCanceled    = "57014" // the statement was cancelled
)

func class(code string) string { return code[:min(2, len(code))] }

// worthAnother reports whether the same batch may well succeed over a new
// connection right now. Trying is always safe: what is there already stays.
// used says that the failed connection had served before, so that it may have
// died, or its server have changed, while nobody looked.
func worthAnother(err error, used bool) bool {
	pgErr := serverError(err)
	if pgErr == nil {
		return used && !pgconn.Timeout(err)
	}
	switch class(pgErr.Code) {
	case classAuthorization: // the next connection reads the secret anew
		return true
	case "08", "57":
		return used && pgErr.Code != codeCanceled
	}
	return used && (pgErr.Code == codeReadOnly || pgErr.Code == codeNoStatement)
}
