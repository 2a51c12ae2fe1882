package pgxtrace

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// outcome is how a query ended, without anything that could hold data: the
// message of a PostgreSQL error can repeat a value.
type outcome struct {
	failed   bool
	sqlState string // of an error that the server gave
	kind     string // error.type
}

// description is the span's status message.
func (o outcome) description() string {
	if o.sqlState != "" {
		return "SQLSTATE " + o.sqlState
	}
	return o.kind
}

// outcomeOf classifies an error by db.response.status_code and error.type of
// the database conventions: the SQLSTATE where there is one.
func outcomeOf(err error) outcome {
	var pgErr *pgconn.PgError
	var netErr net.Error
	switch {
	case err == nil, errors.Is(err, pgx.ErrNoRows):
		return outcome{}
	case errors.As(err, &pgErr):
		return outcome{true, pgErr.Code, pgErr.Code}
	case errors.Is(err, context.DeadlineExceeded):
		return outcome{true, "", "context.DeadlineExceeded"}
	case errors.Is(err, context.Canceled):
		return outcome{true, "", "context.Canceled"}
	case errors.As(err, &netErr) && netErr.Timeout():
		return outcome{true, "", "timeout"}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.As(err, &netErr):
		return outcome{true, "", "connection"}
	default:
		return outcome{true, "", "_OTHER"}
	}
}
