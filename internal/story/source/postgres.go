package source

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/internal/trace/pgrow"
)

// Postgres is the database with the table events.
type Postgres struct {
	// URL is the connection's. Required.
	URL string
	// Body adds the columns that hold what the event says. Defaults to false.
	Body bool
	// Since bounds the looks that no index serves. Defaults to a day ago.
	Since time.Time
}

const (
	columns = "source, id, type, subject, time, data_content_type, data_schema, trace_id, span_id, alb_root, sns_message_id, sqs_message_id, " +
		"receive_count, accepted_at, sent_at, received_at, written_at"
	bodyColumns = ", data, data_bytes, extensions"
)

// Name says which database, without user and password.
func (p Postgres) Name() string {
	c, err := pgx.ParseConfig(p.URL)
	if err != nil {
		return "PostgreSQL"
	}
	return fmt.Sprintf("PostgreSQL %s at %s:%d", c.Database, c.Host, c.Port)
}

// Holds says what it can know.
func (Postgres) Holds() story.Holding { return story.HoldsRows }

// Look reads rows by what has an index, and by the rest of the clues only if
// that found none.
func (p Postgres) Look(ctx context.Context, c story.Clues) (story.Found, error) {
	config, err := pgx.ParseConfig(p.URL)
	if err != nil {
		return story.Found{}, err // pgx leaves the password out
	}
	config.RuntimeParams["default_transaction_read_only"] = "on"
	config.RuntimeParams["application_name"] = "tracehaul trace"
	if deadline, ok := ctx.Deadline(); ok { // the server does not notice that nobody waits
		config.RuntimeParams["statement_timeout"] = strconv.FormatInt(max(time.Until(deadline).Milliseconds(), 1), 10)
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return story.Found{}, failure(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it has read
	var found story.Found
	for _, look := range p.looks(c) {
		if len(found.Rows) > 0 && look.slow {
			break
		}
		rows, err := conn.Query(ctx, p.query(look), look.arguments...)
		if err != nil {
			return found, failure(err)
		}
		some, err := pgx.CollectRows(rows, pgrow.Row)
		if err != nil {
			return found, failure(err)
		}
		found.Rows = append(found.Rows, some...)
		if len(some) == story.MaxRows {
			found.Notes = append(found.Notes, fmt.Sprintf("There may be more rows than the %d that were read of %s.", story.MaxRows, p.Name()))
		}
	}
	found.Rows = unique(found.Rows)
	return found, nil
}

// look is one query.
type look struct {
	where     string
	arguments []any
	slow      bool // no index serves it
	latest    bool // of many, the latest are wanted
}

func (p Postgres) looks(c story.Clues) (looks []look) {
	c.TraceIDs = traceIDs(c.TraceIDs)
	if len(c.TraceIDs) > 0 {
		looks = append(looks, look{where: "trace_id = ANY($1)", arguments: []any{c.TraceIDs}})
	}
	since := orDayAgo(p.Since)
	var ids []string
	for _, e := range c.Events {
		if e.Source == "" {
			ids = append(ids, e.ID)
			continue
		}
		looks = append(looks, look{where: "source = $1 AND id = $2", arguments: []any{e.Source, e.ID}})
	}
	if len(ids) > 0 {
		looks = append(looks, look{where: "written_at > $1 AND id = ANY($2)", arguments: []any{since, ids}, slow: true})
	}
	if len(c.Subjects) > 0 {
		looks = append(looks, look{where: "written_at > $1 AND subject = ANY($2)", arguments: []any{since, c.Subjects}, slow: true, latest: true})
	}
	if len(c.SQS)+len(c.SNS) > 0 {
		looks = append(looks, look{where: "written_at > $1 AND (sqs_message_id = ANY($2) OR sns_message_id = ANY($3))", arguments: []any{since, c.SQS, c.SNS}, slow: true})
	}
	if len(c.TraceIDs) > 0 {
		roots := make([]string, len(c.TraceIDs))
		for i, id := range c.TraceIDs {
			roots[i] = "1-" + id[:8] + "-" + id[8:]
		}
		looks = append(looks, look{where: "written_at > $1 AND alb_root = ANY($2)", arguments: []any{since, roots}, slow: true})
	}
	return looks
}

func (p Postgres) query(l look) string {
	list := columns
	if p.Body {
		list += bodyColumns
	}
	order := "written_at"
	if l.latest {
		order += " DESC"
	}
	return fmt.Sprintf("SELECT %s FROM events WHERE %s ORDER BY %s, source, id LIMIT %d", list, l.where, order, story.MaxRows)
}

func unique(rows []trace.Row) (list []trace.Row) {
	seen := map[[2]any]bool{}
	for _, row := range rows {
		key := [2]any{row.Get("source"), row.Get("id")}
		if !seen[key] {
			seen[key] = true
			list = append(list, row)
		}
	}
	return list
}

// failure is an error in one line: pgx tells every address that it tried.
func failure(err error) error {
	if connect, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return fmt.Errorf("no connection: %s", lastLine(connect.Error()))
	}
	return err
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
