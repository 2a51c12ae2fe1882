package probe_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/dashboards/probe"
	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
)

// database is one with three rows within the time and one before it.
func database(t *testing.T) string {
	t.Helper()
	url := postgrestest.Database(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `
CREATE TABLE events (id int, source text, written_at timestamptz, epoch bigint, size float8);
CREATE SEQUENCE numbers;
INSERT INTO events VALUES
	(1, 'web', '2026-11-26T01:50:00Z', 1795657800, 1.5), (2, 'web', '2026-11-26T01:52:00Z', 1795657920, 'NaN'),
	(3, 'it''s', '2026-11-26T02:00:00Z', 1795658400, 0), (4, 'old', '2026-11-25T02:00:00Z', 1795572000, 2)`, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func TestRun_SQL_CountedAndReported(t *testing.T) {
	url := database(t)
	for name, tt := range map[string]struct {
		query, format       string
		rows, points, other int
		err                 string
	}{
		"table":                       {`SELECT id, source, size FROM events WHERE $__timeFilter(written_at)`, "table", 3, 8, 7, ""},
		"nothing in the time":         {`SELECT id FROM events WHERE $__timeFilter(written_at) AND id = 4`, "table", 0, 0, 0, ""},
		"nulls":                       {`SELECT NULL::int, NULL::text`, "table", 1, 0, 0, ""},
		"zeros":                       {`SELECT 0, 0.00::numeric`, "table", 1, 2, 0, ""},
		"time series":                 {`SELECT $__timeGroupAlias(written_at, $__interval), count(*) FROM events WHERE $__timeFilter(written_at) GROUP BY 1 ORDER BY 1`, "time_series", 3, 3, 3, ""},
		"time series of NaN":          {`SELECT written_at AS "time", size, source FROM events WHERE id = 2`, "time_series", 1, 0, 0, ""},
		"time series without time":    {`SELECT written_at, id FROM events`, "time_series", 0, 0, 0, `no column named "time"`},
		"epoch":                       {`SELECT $__timeEpoch(written_at), id FROM events WHERE $__unixEpochFilter(epoch)`, "time_series", 3, 3, 3, ""},
		"epoch groups":                {`SELECT $__unixEpochGroupAlias(epoch, '5m'), sum(id) AS n FROM events WHERE epoch >= $__unixEpochFrom() AND epoch <= $__unixEpochTo() GROUP BY 1`, "time_series", 2, 2, 2, ""},
		"from and to":                 {`SELECT id FROM events WHERE written_at >= $__timeFrom() AND written_at < $__timeTo()`, "table", 3, 3, 3, ""},
		"milliseconds":                {`SELECT id FROM events WHERE epoch * 1000 BETWEEN $__from AND $__to;`, "table", 3, 3, 3, ""},
		"no such table":               {`SELECT 1 FROM orders`, "table", 0, 0, 0, `relation "orders" does not exist`},
		"no such macro":               {`SELECT $__timeSlice(written_at)`, "table", 0, 0, 0, "$__timeSlice: there is no such macro"},
		"macro without its column":    {`SELECT 1 WHERE $__timeFilter()`, "table", 0, 0, 0, "no column"},
		"macro around a call":         {`SELECT 1 FROM events WHERE $__timeFilter(lower(source))`, "table", 0, 0, 0, "function lower(boolean) does not exist"},
		"group without its interval":  {`SELECT $__timeGroup(written_at)`, "table", 0, 0, 0, "want a column and an interval"},
		"group by what is no time":    {`SELECT $__timeGroup(written_at, often)`, "table", 0, 0, 0, `"often" is no interval`},
		"writing":                     {`DELETE FROM events`, "table", 0, 0, 0, "read-only transaction"},
		"writing in a second one":     {`COMMIT; DELETE FROM events`, "table", 0, 0, 0, "multiple commands"},
		"writing after it was undone": {`ROLLBACK`, "table", 0, 0, 0, ""},
		"function that writes":        {`SELECT nextval('numbers')`, "table", 0, 0, 0, "read-only transaction"},
		"endless":                     {`SELECT pg_sleep(60)`, "table", 0, 0, 0, "no answer within 500ms"},
		"more than is wanted":         {`SELECT generate_series(1, 200000)`, "table", 100_001, 100_000, 100_000, "more than 100000 rows"},
		"large":                       {`SELECT repeat('x', 2000000)`, "table", 1, 0, 0, "more than 1000000 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			query := sql(tt.query)
			query["format"] = tt.format
			timeout := time.Minute
			if name == "endless" {
				timeout = 500 * time.Millisecond
			}
			r := one(t, ask(t, probe.Config{Postgres: url, Timeout: timeout, MaxAnswerBytes: 1_000_000}, board(t, object{"panels": panels(query)})))
			if r.Series != tt.rows || r.Points != tt.points || r.Other != tt.other {
				t.Errorf("%d rows, %d points, %d other than 0; want %d %d %d", r.Series, r.Points, r.Other, tt.rows, tt.points, tt.other)
			}
			if (tt.err == "") != (r.Err == nil) || r.Err != nil && !strings.Contains(r.Err.Error(), tt.err) {
				t.Errorf("error %v, want %q", r.Err, tt.err)
			}
			if shows := tt.err == "" && tt.points > 0; shows != r.ShowsData() {
				t.Errorf("shows data: %v", r.ShowsData())
			}
		})
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var rows int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM events").Scan(&rows); err != nil || rows != 4 {
		t.Errorf("%d rows are left of 4, %v", rows, err)
	}
}

// What a query changes in its session is undone before the next.
func TestRun_SQLThatChangesTheSession_Undone(t *testing.T) {
	results := ask(t, probe.Config{Postgres: database(t), Concurrency: 1}, board(t, object{"panels": panels(
		sql(`SELECT set_config('search_path', 'nowhere', false)`), sql(`SELECT id FROM events`),
	)}))
	for _, r := range results {
		if !r.ShowsData() {
			t.Errorf("%s: %v", r.Query, r.Err)
		}
	}
}

// Values go into SQL with quotes where several can be chosen, and as they are
// where the query has the quotes.
func TestRun_SQLVariables_Quoted(t *testing.T) {
	url := database(t)
	list := variables(
		object{
			"name": "source", "type": "query", "datasource": object{"type": "grafana-postgresql-datasource"}, "multi": true, "includeAll": true,
			"query": "SELECT DISTINCT source FROM events WHERE $__timeFilter(written_at) ORDER BY 1", "current": object{"value": "$__all"},
		},
		custom("one", "", "it's"),
	)
	results := ask(t, probe.Config{Postgres: url}, board(t, object{"templating": list, "panels": panels(
		sql(`SELECT id FROM events WHERE source IN ($source)`),
		sql(`SELECT id FROM events WHERE source = '$one'`),
		sql(`SELECT id FROM events WHERE source IN (${source:sqlstring})`),
		sql(`SELECT id FROM events WHERE source = ANY('${source:raw}')`),
	)}))
	want := []string{
		"variable source |  | SELECT DISTINCT source FROM events WHERE written_at BETWEEN '2026-11-26T01:45:07Z' AND '2026-11-26T02:00:07Z' ORDER BY 1",
		"1 panel | A | SELECT id FROM events WHERE source IN ('it''s','web')",
		"2 panel | A | SELECT id FROM events WHERE source = 'it''s'",
		"3 panel | A | SELECT id FROM events WHERE source IN ('it''s','web')",
		"4 panel | A | SELECT id FROM events WHERE source = ANY('it's,web')",
	}
	if diff := cmp.Diff(want, lines(results)); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
	for i, points := range []int{2, 3, 1, 3, 0} {
		if r := results[i]; r.Points != points || (r.Err != nil) != (points == 0) {
			t.Errorf("%s: %d points, %v; want %d", r.Query, r.Points, r.Err, points)
		}
	}
}

// A database that is away is an error of each query, without its password, and
// is not waited for again and again.
func TestRun_DatabaseAway_ErrorWithoutPassword(t *testing.T) {
	results := ask(t, probe.Config{Postgres: "postgres://user:geheim@127.0.0.1:1/x"}, board(t, object{"panels": panels(sql("SELECT 1"), sql("SELECT 2"))}))
	for _, r := range results {
		if r.Err == nil || !strings.Contains(r.Err.Error(), "ask PostgreSQL") || strings.Contains(r.Err.Error(), "geheim") {
			t.Errorf("error %v", r.Err)
		}
	}
}
