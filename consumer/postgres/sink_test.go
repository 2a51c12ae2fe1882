package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/event"
)

// row is a row of the table as JSON has it.
func row(t *testing.T, pool *pgxpool.Pool, id string) map[string]any {
	t.Helper()
	var text string
	if err := pool.QueryRow(t.Context(), "SELECT to_jsonb(e) FROM events e WHERE id = $1", id).Scan(&text); err != nil {
		t.Fatalf("the row of %s: %v", id, err)
	}
	var row map[string]any
	if err := json.Unmarshal([]byte(text), &row); err != nil {
		t.Fatal(err)
	}
	return row
}

func count(t *testing.T, pool *pgxpool.Pool) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM events").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func all(s consumer.Stored, n int) []consumer.Stored {
	return slices.Repeat([]consumer.Stored{s}, n)
}

func TestSink_FullRecord_RowHoldsEverything(t *testing.T) {
	pool := migrated(t)
	r := record()
	at := time.Date(2026, 11, 24, 2, 0, 0, 123456789, time.UTC)
	r.Event.Time, r.AcceptedAt, r.SentAt, r.ReceivedAt = at, at.Add(time.Second), at.Add(2*time.Second), at.Add(-time.Hour)
	r.Event.Data = json.RawMessage(`{"b": 1.50, "a": [null, "ü\u00e9\"", 12345678901234567890]}`)
	r.Event.DataSchema = "https://shop.example/schema"
	r.Event.Extensions = map[string]any{"tenant": `a"b`, "attempt": int32(3), "test": true}
	r.SNSMessageID, r.ReceiveCount = "sns-1", 4

	before := time.Now().Add(-time.Minute)
	if stored, err := New(pool).Write(t.Context(), []*consumer.Record{r}); err != nil || !slices.Equal(stored, all(consumer.Written, 1)) {
		t.Fatalf("Write gave %v, %v", stored, err)
	}
	got := row(t, pool, r.Event.ID)
	written, err := time.Parse(time.RFC3339, got["written_at"].(string))
	if err != nil || written.Before(before) || written.After(time.Now().Add(time.Minute)) {
		t.Errorf("written_at is %v", got["written_at"])
	}
	delete(got, "written_at")
	want := map[string]any{
		"source": r.Event.Source, "id": r.Event.ID, "type": r.Event.Type, "subject": r.Event.Subject,
		"time":              "2026-11-24T02:00:00.123456+00:00",
		"data_content_type": "application/json", "data_schema": "https://shop.example/schema",
		"data":       map[string]any{"a": []any{nil, "üé\"", 12345678901234567890.0}, "b": 1.5},
		"data_bytes": nil,
		"extensions": map[string]any{"tenant": `a"b`, "attempt": 3.0, "test": true},
		"trace_id":   traceID(r), "span_id": spanID(r), "alb_root": r.ALBRoot,
		"sns_message_id": "sns-1", "sqs_message_id": r.SQSMessageID, "receive_count": 4.0,
		"accepted_at": "2026-11-24T02:00:01.123456+00:00", "sent_at": "2026-11-24T02:00:02.123456+00:00",
		"received_at": "2026-11-24T01:00:00.123456+00:00",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

func TestSink_OnlyWhatIsRequired_OthersAreNull(t *testing.T) {
	pool := migrated(t)
	r := &consumer.Record{Context: context.Background(), Event: event.Event{ID: "1", Source: "/s", Type: "t"}}
	if _, err := New(pool).Write(t.Context(), []*consumer.Record{r}); err != nil {
		t.Fatal(err)
	}
	for name, value := range row(t, pool, "1") {
		if want := slices.Contains([]string{"source", "id", "type", "written_at"}, name); (value != nil) != want {
			t.Errorf("%s is %v", name, value)
		}
	}
}

func TestSink_Data_IsKeptApartByKind(t *testing.T) {
	for name, test := range map[string]struct {
		data   json.RawMessage
		bytes  []byte
		wantJ  string // jsonb_typeof
		wantB  string // encode(..., 'hex')
		binary bool
	}{
		"JSON null is data":  {data: json.RawMessage("null"), wantJ: "null"},
		"a string":           {data: json.RawMessage(`"<a/>"`), wantJ: "string"},
		"bytes":              {bytes: []byte{0, 1, 0xFF}, wantB: "0001ff", binary: true},
		"no bytes, but data": {bytes: []byte{}, wantB: "", binary: true},
	} {
		t.Run(name, func(t *testing.T) {
			pool := migrated(t)
			r := record()
			r.Event.Data, r.Event.DataBase64 = test.data, test.bytes
			if _, err := New(pool).Write(t.Context(), []*consumer.Record{r}); err != nil {
				t.Fatal(err)
			}
			var j, b *string
			if err := pool.QueryRow(t.Context(), "SELECT jsonb_typeof(data), encode(data_bytes, 'hex') FROM events").Scan(&j, &b); err != nil {
				t.Fatal(err)
			}
			if (j != nil) == test.binary || j != nil && *j != test.wantJ {
				t.Errorf("data is %v", j)
			}
			if (b != nil) != test.binary || b != nil && *b != test.wantB {
				t.Errorf("data_bytes is %v", b)
			}
		})
	}
}

func TestSink_SameBatchAgain_InsertsOnce(t *testing.T) {
	pool := migrated(t)
	sink := New(pool)
	batch := records(3*chunkRows + 7)
	for i, want := range []consumer.Stored{consumer.Written, consumer.Duplicate} {
		stored, err := sink.Write(t.Context(), batch)
		if err != nil || !slices.Equal(stored, all(want, len(batch))) {
			t.Errorf("write %d: error %v, or not all %v: %v", i, err, want, stored)
		}
	}
	if n := count(t, pool); n != len(batch) {
		t.Errorf("%d rows, want %d", n, len(batch))
	}
}

func TestSink_SomeThereAlready_TellsWhich(t *testing.T) {
	pool := migrated(t)
	sink := New(pool)
	batch := records(2*chunkRows + 50)
	want := all(consumer.Written, len(batch))
	var earlier []*consumer.Record
	for i := range batch {
		if i%3 == 0 || i > len(batch)-5 {
			earlier, want[i] = append(earlier, batch[i]), consumer.Duplicate
		}
	}
	if _, err := sink.Write(t.Context(), earlier); err != nil {
		t.Fatal(err)
	}
	stored, err := sink.Write(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, stored); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSink_SameIDOtherSource_IsAnotherEvent(t *testing.T) {
	pool := migrated(t)
	sink := New(pool)
	a, b := record(), record()
	a.Event.Source, b.Event.Source, b.Event.ID = "/a", "/b", a.Event.ID
	if _, err := sink.Write(t.Context(), []*consumer.Record{b}); err != nil {
		t.Fatal(err)
	}
	stored, err := sink.Write(t.Context(), []*consumer.Record{a, b})
	if err != nil || !slices.Equal(stored, []consumer.Stored{consumer.Written, consumer.Duplicate}) {
		t.Errorf("Write gave %v, %v", stored, err)
	}
}

// The consumer does not hand over a key twice, but nothing would break.
func TestSink_SameKeyInOneBatch_InsertsOnce(t *testing.T) {
	pool := migrated(t)
	batch := records(chunkRows + 1)
	for _, again := range []int{1, chunkRows} { // in the chunk of the first, and in the next one
		batch[again].Event.Source, batch[again].Event.ID = batch[0].Event.Source, batch[0].Event.ID
	}
	stored, err := New(pool).Write(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range stored {
		want := consumer.Written
		if i == 1 || i == chunkRows {
			want = consumer.Duplicate
		}
		if got != want {
			t.Errorf("record %d is %v, want %v", i, got, want)
		}
	}
	if n := count(t, pool); n != len(batch)-2 {
		t.Errorf("%d rows, want %d", n, len(batch)-2)
	}
}

func TestSink_OneRoundTrip_EvenOnANewConnection(t *testing.T) {
	direct := migrated(t)
	p := newProxy(t, direct.Config().ConnString())
	p.serve(t)
	pool, err := Open(Config{URL: p.url("sslmode=disable")})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	sink := New(pool)
	for i, n := range []int{1000, 1000, 1} {
		batch := records(n)
		if _, err := sink.Write(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		chunks := (n + chunkRows - 1) / chunkRows
		// One Sync, nothing that waits before it, and Parse only at first.
		want := map[byte]int{'B': chunks, 'D': chunks, 'E': chunks, 'S': 1}
		if i == 0 {
			want['P'] = 1
			want['D']++
		}
		if diff := cmp.Diff(want, p.take()); diff != "" {
			t.Errorf("batch %d of %d rows: messages sent (-want +got):\n%s", i, n, diff)
		}
	}
}

func TestSink_PoisonInALaterChunk_StoresNothingAndQuotesNothing(t *testing.T) {
	pool := migrated(t)
	sink := New(pool)
	batch := records(3 * chunkRows)
	for name, test := range map[string]struct {
		spoil func(*consumer.Record)
		code  string
	}{
		"data that jsonb cannot hold": {func(r *consumer.Record) { r.Event.Data = json.RawMessage(`{"a":"secret\u0000"}`) }, "22P05"},
		"text that text cannot hold":  {func(r *consumer.Record) { r.Event.Subject = "secret\x00" }, "22021"},
		"bytes that are not UTF-8":    {func(r *consumer.Record) { r.Event.Type = "secret\xff" }, "22021"},
		"a constraint": {func(r *consumer.Record) {
			r.Event.Data, r.Event.DataBase64 = json.RawMessage(`"secret"`), []byte{1}
		}, "23514"},
		"a key too long for its index": {func(r *consumer.Record) {
			for range 3000 { // not to be compressed
				r.Event.ID += strconv.Itoa(int(sequence.Add(1) * 2654435761))
			}
		}, "54000"},
	} {
		t.Run(name, func(t *testing.T) {
			poisonous := *batch[2*chunkRows+3]
			test.spoil(&poisonous)
			spoiled := slices.Clone(batch)
			spoiled[2*chunkRows+3] = &poisonous
			_, err := sink.Write(t.Context(), spoiled)
			if !consumer.Poison(err) || consumer.Retryable(err) || consumer.ErrorCode(err) != test.code {
				t.Errorf("error %v: poison %t, retryable %t, code %q, want poison with code %s",
					err, consumer.Poison(err), consumer.Retryable(err), consumer.ErrorCode(err), test.code)
			}
			if strings.Contains(fmt.Sprint(err), "secret") {
				t.Errorf("the error quotes the event: %v", err)
			}
			if n := count(t, pool); n != 0 {
				t.Errorf("%d rows were stored", n)
			}
		})
	}
	if stored, err := sink.Write(t.Context(), batch); err != nil || !slices.Equal(stored, all(consumer.Written, len(batch))) {
		t.Errorf("the batch without poison: %v", err)
	}
}

// Consumers that insert the same keys at the same time wait for each other,
// and never in a circle.
func TestSink_SameKeysConcurrently_NoDeadlock(t *testing.T) {
	pool := migrated(t)
	sink := New(pool)
	const consumers, rounds = 4, 8
	for range rounds {
		batch := records(2 * chunkRows)
		var (
			wg      sync.WaitGroup
			mu      sync.Mutex
			written int
		)
		for i := range consumers {
			wg.Go(func() {
				mine := slices.Clone(batch[i*10 : len(batch)-i*10])
				stored, err := sink.Write(t.Context(), mine)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, s := range stored {
					if s == consumer.Written {
						written++
					}
				}
			})
		}
		wg.Wait()
		if written != len(batch) {
			t.Errorf("%d reported as written, want each of %d once", written, len(batch))
		}
	}
}

func TestSink_LargeEvents_AreSplitIntoChunks(t *testing.T) {
	pool := migrated(t)
	batch := records(6)
	for i, r := range batch {
		r.Event.Data = json.RawMessage(`"` + strings.Repeat("x", (i%3)*100<<10) + `"`)
	}
	stored, err := New(pool).Write(t.Context(), batch)
	if err != nil || !slices.Equal(stored, all(consumer.Written, len(batch))) {
		t.Errorf("Write gave %v, %v", stored, err)
	}
	if n := nextChunk(batch); n >= len(batch) {
		t.Errorf("%d records of up to 200 KiB went in one chunk", n)
	}
}

func TestSink_LeastPrivilege_IsEnough(t *testing.T) {
	pool := migrated(t)
	role := fmt.Sprintf("least_%d", time.Now().UnixNano())
	if _, err := pool.Exec(t.Context(), "CREATE ROLE "+role+"; GRANT USAGE ON SCHEMA public TO "+role+"; GRANT INSERT, SELECT (source, id) ON events TO "+role); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_, _ = pool.Exec(context.WithoutCancel(t.Context()), "DROP OWNED BY "+role+"; DROP ROLE "+role)
	}()
	cfg := pool.Config()
	cfg.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SET ROLE "+role)
		return err
	}
	least, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer least.Close()
	batch := records(3)
	for range 2 {
		if _, err := New(least).Write(t.Context(), batch); err != nil {
			t.Error(err)
		}
	}
}
