package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tracehaul/tracehaul/pipeline/signal"
)

const connectTimeout = 5 * time.Second

// row is what the table has of the event.
type row struct {
	traceID, spanID, snsMessageID *string
	receives                      *int
	acceptedAt, sentAt            *time.Time
	receivedAt                    *time.Time
	writtenAt                     time.Time
}

// of reports whether the row is of a trace.
func (r *row) of(traceID string) bool { return r.traceID != nil && *r.traceID == traceID }

const (
	selectSQL = `SELECT trace_id, span_id, sns_message_id, receive_count, accepted_at, sent_at, received_at, written_at FROM events WHERE source = $1 AND id = $2`
	deleteSQL = `DELETE FROM events WHERE source = $1 AND id = $2`
)

// waitRow waits for the row, and looks into the queues meanwhile. Without a row it
// returns the last error of the database, if that is why.
func (e *exam) waitRow(ctx context.Context, ev *Event, queues *watch) (*row, error) {
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	var conn *pgx.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close(context.WithoutCancel(ctx)) // nothing is at stake
		}
	}()
	e.progress(following, "wait for the row, at most "+e.Timeout.String())
	var failed error // of the last question that the end did not cut off
	for looked := time.Now(); ; {
		r, err := e.findRow(ctx, &conn, ev)
		if r != nil {
			return r, nil
		}
		if ctx.Err() != nil {
			return nil, failed
		}
		failed = err
		if time.Since(looked) > time.Second {
			looked = time.Now()
			queues.look(ctx, e)
			text := fmt.Sprintf("wait for the row, at most %s", e.Timeout)
			if err != nil {
				text += ": " + hide(err)
			}
			e.progress(following, text)
		}
		pause := rowPoll
		if err != nil {
			pause = failedPoll
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// findRow asks for the row, on a connection that is made when there is none.
func (e *exam) findRow(ctx context.Context, conn **pgx.Conn, ev *Event) (*row, error) {
	if *conn == nil || (*conn).IsClosed() {
		dialCtx, cancel := context.WithTimeout(ctx, connectTimeout)
		defer cancel()
		c, err := pgx.Connect(dialCtx, e.DatabaseURL)
		if err != nil {
			return nil, err
		}
		*conn = c
	}
	var r row
	err := (*conn).QueryRow(ctx, selectSQL, ev.Source, ev.ID).
		Scan(&r.traceID, &r.spanID, &r.snsMessageID, &r.receives, &r.acceptedAt, &r.sentAt, &r.receivedAt, &r.writtenAt)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, nil //nolint:nilnil // not yet
	case err != nil:
		return nil, err
	}
	return &r, nil
}

// hide says what is wrong with the database without its URL, which has a password.
func hide(err error) string {
	if c := (*pgconn.ConnectError)(nil); errors.As(err, &c) {
		err = c.Unwrap()
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

// clean removes the row if that is wanted, and says what is left.
func (e *exam) clean(ctx context.Context, w *way) {
	w.event.Left = "the row (" + w.event.Source + ", " + w.event.ID + ") in events"
	w.event.Remove = removal(&w.event)
	if !e.Clean {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if _, err := e.remove(ctx, &w.event); err != nil {
		w.add(signal.HopDatabase, checkRow, Finding{
			Verdict: Warning, Subject: "events", Found: "the row could not be removed: " + hide(err), Want: "a row less",
			Why: "the user of this database may not delete", Mend: "remove it as another one: " + w.event.Remove, Page: "docs/doctor.md#what-it-leaves-behind",
		})
		return
	}
	w.event.Left, w.event.Remove, w.cleaned = "", "", true
}

// abandon says what is left of an event that nobody waits for any more. The row is
// removed if that is wanted and it is there already.
func (e *exam) abandon(ctx context.Context, w *way) {
	if w.event.Left == "" && w.cleaned {
		return
	}
	w.event.Left = "it may have been accepted: a row in events, sooner or later"
	w.event.Remove = removal(&w.event)
	if !e.Clean || e.DatabaseURL == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectTimeout)
	defer cancel()
	if removed, err := e.remove(ctx, &w.event); err == nil && removed {
		w.event.Left, w.event.Remove = "", ""
	}
}

// remove reports whether there was a row to remove.
func (e *exam) remove(ctx context.Context, ev *Event) (bool, error) {
	conn, err := pgx.Connect(ctx, e.DatabaseURL)
	if err != nil {
		return false, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	done, err := conn.Exec(ctx, deleteSQL, ev.Source, ev.ID)
	return done.RowsAffected() > 0, err
}
