package source_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/story/source"
)

func database(t *testing.T) (url string, conn *pgx.Conn) {
	t.Helper()
	url = postgrestest.Database(t)
	if err := migrate.UpURL(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	const row = `INSERT INTO events (source, id, type, subject, data, trace_id, span_id, alb_root, sns_message_id, sqs_message_id, receive_count, accepted_at, written_at)
		VALUES ($1, 'order-4711', 'order.placed', 'customer-17', '{"name":"Erika"}', $2, '00f067aa0ba902b7', $3, $4, $5, 1, now(), $6)`
	root := "1-6b07edc6-9e86922d4e1e7ef667a03dbb"
	for _, arguments := range [][]any{
		{"/shop", "11111111111111111111111111111111", root, snsID, sqsID, time.Now()}, // the client's own trace, so Root is another
		{"/old", "22222222222222222222222222222222", nil, nil, "sqs-old", time.Now().Add(-72 * time.Hour)},
	} {
		if _, err := conn.Exec(t.Context(), row, arguments...); err != nil {
			t.Fatal(err)
		}
	}
	return url, conn
}

func TestPostgres_RowByEveryClue(t *testing.T) {
	url, _ := database(t)
	for name, tt := range map[string]struct {
		clues story.Clues
		want  string // sources
	}{
		"trace":        {story.Clues{TraceIDs: []string{"11111111111111111111111111111111"}}, "/shop"},
		"key":          {story.Clues{Events: []story.EventID{{Source: "/shop", ID: "order-4711"}}}, "/shop"},
		"id":           {story.Clues{Events: []story.EventID{{ID: "order-4711"}}}, "/shop"},
		"subject":      {story.Clues{Subjects: []string{"customer-17"}}, "/shop"},
		"id first":     {story.Clues{Events: []story.EventID{{ID: "order-4711"}}, Subjects: []string{"customer-17"}}, "/shop"},
		"SQS":          {story.Clues{SQS: []string{sqsID}}, "/shop"},
		"SNS":          {story.Clues{SNS: []string{snsID}}, "/shop"},
		"root":         {story.Clues{TraceIDs: []string{id}}, "/shop"},
		"old message":  {story.Clues{SQS: []string{"sqs-old"}}, ""}, // no index: a day back and no further
		"nothing":      {story.Clues{TraceIDs: []string{strings.Repeat("3", 32)}}, ""},
		"no clue":      {story.Clues{}, ""},
		"key and more": {story.Clues{Events: []story.EventID{{Source: "/shop", ID: "order-4711"}}, TraceIDs: []string{"11111111111111111111111111111111"}, SQS: []string{sqsID}}, "/shop"},
	} {
		found, err := source.Postgres{URL: url}.Look(t.Context(), tt.clues)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var sources []string
		for _, row := range found.Rows {
			sources = append(sources, row.Get("source").(string))
		}
		if got := strings.Join(sources, " "); got != tt.want {
			t.Errorf("%s: rows of %q, want %q", name, got, tt.want)
		}
	}
	found, err := source.Postgres{URL: url, Since: time.Now().Add(-96 * time.Hour)}.Look(t.Context(), story.Clues{SQS: []string{"sqs-old"}})
	if err != nil || len(found.Rows) != 1 {
		t.Errorf("further back: %d rows, %v", len(found.Rows), err)
	}
	found, err = source.Postgres{URL: url, Since: time.Now().Add(-96 * time.Hour)}.Look(t.Context(), story.Clues{Events: []story.EventID{{ID: "order-4711"}}})
	if err != nil || len(found.Rows) != 2 {
		t.Errorf("an id of two sources, further back: %d rows, %v", len(found.Rows), err)
	}
}

func TestPostgres_DataOnlyIfAskedFor(t *testing.T) {
	url, _ := database(t)
	clues := story.Clues{SQS: []string{sqsID}}
	for _, body := range []bool{false, true} {
		found, err := source.Postgres{URL: url, Body: body}.Look(t.Context(), clues)
		if err != nil || len(found.Rows) != 1 {
			t.Fatalf("%d rows, %v", len(found.Rows), err)
		}
		var b strings.Builder
		if err := found.Rows[0].Write(&b); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "Erika") != body {
			t.Errorf("body %t:\n%s", body, b.String())
		}
	}
}

func TestPostgres_Away_NoPasswordInTheError(t *testing.T) {
	for _, url := range []string{"postgres://u:geheim@127.0.0.1:1/x?sslmode=disable", "postgres://u:geheim@127.0.0.1:1/x?sslmode=nonsense"} {
		if _, err := (source.Postgres{URL: url}).Look(t.Context(), story.Clues{TraceIDs: []string{id}}); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("error %v", err)
		}
	}
}

// The session cannot write, whoever the user is and whatever events has become.
func TestPostgres_SessionReadsOnly(t *testing.T) {
	url, conn := database(t)
	rows, err := conn.Query(t.Context(), "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'events' AND column_name <> 'source'")
	if err != nil {
		t.Fatal(err)
	}
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"ALTER TABLE events RENAME TO kept", "CREATE VIEW events AS SELECT current_setting('transaction_read_only') AS source, " + strings.Join(columns, ", ") + " FROM kept"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	found, err := source.Postgres{URL: url}.Look(t.Context(), story.Clues{SQS: []string{sqsID}})
	if err != nil || len(found.Rows) != 1 || found.Rows[0].Get("source") != "on" {
		t.Errorf("read only is %v, %v", found.Rows, err)
	}
}

func TestPostgres_MoreRowsThanAreRead_Said(t *testing.T) {
	url, conn := database(t)
	if _, err := conn.Exec(t.Context(), `INSERT INTO events (source, id, type, data, trace_id, receive_count, written_at) SELECT '/many', n::text, 'x', '{}', $1, 1, now() FROM generate_series(1, 1000) n`, id); err != nil {
		t.Fatal(err)
	}
	found, err := source.Postgres{URL: url}.Look(t.Context(), story.Clues{TraceIDs: []string{id}})
	if err != nil || len(found.Rows) >= 1000 || len(found.Notes) != 1 {
		t.Errorf("%d rows, notes %q, %v", len(found.Rows), found.Notes, err)
	}
}
