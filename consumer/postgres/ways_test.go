package postgres

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/consumer"
)

// way is a way to write a batch that was thought of.
type way struct {
	name  string
	setUp string // SQL
	write func(ctx context.Context, c *pgx.Conn, batch []*consumer.Record) error
}

// Ways to write a batch of 1,000 rows, by the processor time that the server's
// process needs for a row: what a busy machine does not blur. The first and
// the one without ON CONFLICT are no ways to write events, since twice is an
// error; they tell what the others pay for.
//
//	go test ./consumer/postgres -run '^$' -bench Ways -benchtime 40x
func BenchmarkWays(b *testing.B) {
	names := make([]string, len(columns))
	arrays := make([]string, len(columns))
	for i, c := range columns {
		names[i], arrays[i] = c.name, "$"+strconv.Itoa(i+1)+"::"+c.sqlType+"[]"
	}
	list := strings.Join(names, ", ")
	fromUnnest := "INSERT INTO events (" + list + ") SELECT * FROM unnest(" + strings.Join(arrays, ", ") + ") ON CONFLICT (source, id) DO NOTHING RETURNING source, id"
	silent := strings.TrimSuffix(insertSQL, " RETURNING source, id")
	for _, w := range []way{
		{"COPY", "", copyInto("events", list)},
		{"ours", "", inChunks(insertSQL, chunkRows)},
		{"ours in one chunk", "", inChunks(insertSQL, 1000)},
		{"ours without RETURNING", "", inChunks(silent, chunkRows)},
		{"ours without ON CONFLICT", "", inChunks(strings.TrimSuffix(silent, " ON CONFLICT (source, id) DO NOTHING"), chunkRows)},
		{"unnest in FROM", "", inChunks(fromUnnest, chunkRows)},
		{"COPY into a temporary table", "CREATE TEMPORARY TABLE staged (LIKE events INCLUDING DEFAULTS) ON COMMIT DELETE ROWS", staged(list)},
	} {
		b.Run(w.name, func(b *testing.B) { measure(b, w) })
	}
}

func measure(b *testing.B, w way) {
	b.Helper()
	pool := migrated(b)
	conn, err := pool.Acquire(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(b.Context(), w.setUp); err != nil {
		b.Fatal(err)
	}
	write := func() {
		if err := w.write(b.Context(), conn.Conn(), records(1000)); err != nil {
			b.Fatal(err)
		}
	}
	for range 3 {
		write()
	}
	before := serverNanos(b, conn.Conn())
	for b.Loop() {
		write()
	}
	b.ReportMetric(float64(serverNanos(b, conn.Conn())-before)/1000/1000/float64(b.N), "server-us/row")
	var rows int
	if err := conn.QueryRow(b.Context(), "SELECT count(*) FROM events").Scan(&rows); err != nil || rows != 1000*(b.N+3) {
		b.Fatalf("%d rows after %d batches: %v", rows, b.N+3, err)
	}
}

// serverNanos is how long a connection's server process has run. (Linux,
// Documentation/scheduler/sched-stats.rst, /proc/<pid>/schedstat.)
func serverNanos(b *testing.B, c *pgx.Conn) int64 {
	b.Helper()
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(int(c.PgConn().PID())) + "/schedstat")
	if err != nil {
		b.Skip("only Linux tells how long a process has run: ", err)
	}
	first, _, _ := strings.Cut(string(stat), " ")
	nanos, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return nanos
}

// inChunks writes with a statement that takes what insertSQL takes.
func inChunks(sql string, rows int) func(context.Context, *pgx.Conn, []*consumer.Record) error {
	const name = "way"
	return func(ctx context.Context, c *pgx.Conn, batch []*consumer.Record) error {
		conn := c.PgConn()
		p := conn.StartPipeline(ctx)
		if _, ok := conn.CustomData()[name]; !ok {
			p.SendPrepare(name, sql, paramOIDs)
			conn.CustomData()[name] = true
		}
		for len(batch) > 0 {
			n := min(rows, len(batch))
			p.SendQueryPrepared(name, new(encoder).encode(batch[:n]), binaryParams, binaryResults)
			batch = batch[n:]
		}
		if err := p.Sync(); err != nil {
			return err
		}
		return p.Close()
	}
}

// copyInto writes with COPY. (PostgreSQL, "COPY", "Binary Format".)
func copyInto(table, list string) func(context.Context, *pgx.Conn, []*consumer.Record) error {
	return func(ctx context.Context, c *pgx.Conn, batch []*consumer.Record) error {
		data := append([]byte("PGCOPY\n\xff\r\n\x00"), 0, 0, 0, 0, 0, 0, 0, 0)
		for _, r := range batch {
			data = append(data, 0, byte(len(columns)))
			for i := range columns {
				data = columns[i].appendTo(data, r)
			}
		}
		_, err := c.PgConn().CopyFrom(ctx, bytes.NewReader(append(data, 0xff, 0xff)), "COPY "+table+" ("+list+") FROM STDIN BINARY")
		return err
	}
}

// staged copies into a table of the connection's own, and inserts from there.
func staged(list string) func(context.Context, *pgx.Conn, []*consumer.Record) error {
	copied := copyInto("staged", list)
	return func(ctx context.Context, c *pgx.Conn, batch []*consumer.Record) error {
		return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
			if err := copied(ctx, c, batch); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "INSERT INTO events ("+list+") SELECT "+list+" FROM staged ON CONFLICT (source, id) DO NOTHING RETURNING source, id")
			return err
		})
	}
}
