package postgres

import (
	"context"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgtype"
	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/event"
)

// read decodes a column as pgx does what a server has sent.
func read[T any](t *rapid.T, params [][]byte, name string) []T {
	for i, c := range columns {
		if c.name == name {
			var values []T
			if err := pgtype.NewMap().Scan(paramOIDs[i], pgtype.BinaryFormatCode, params[i], &values); err != nil {
				t.Fatalf("pgx cannot read %s: %v", name, err)
			}
			return values
		}
	}
	t.Fatalf("there is no column %s", name)
	return nil
}

func pointer[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// Arrays are encoded by hand, for speed: pgx reads in them what the records
// hold.
func TestEncoder_AnyRecords_PgxReadsThem(t *testing.T) {
	text := rapid.String()
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "zero") {
			return time.Time{}
		}
		return time.UnixMicro(rapid.Int64Range(-62e15, 250e15).Draw(t, "µs")).UTC()
	})
	var e encoder // buffers are used again
	rapid.Check(t, func(t *rapid.T) {
		batch := make([]*consumer.Record, rapid.IntRange(1, 5).Draw(t, "records"))
		var subjects, roots []*string
		var ids, data []string
		var times, sent []*time.Time
		var counts []*int32
		var blobs [][]byte
		for i := range batch {
			r := &consumer.Record{Context: context.Background(), Event: event.Event{
				ID: text.Draw(t, "id"), Subject: text.Draw(t, "subject"), Time: moment.Draw(t, "time"),
				Data:       json.RawMessage(`{"a":` + string(must(json.Marshal(text.Draw(t, "data")))) + `}`),
				DataBase64: rapid.SliceOf(rapid.Byte()).Draw(t, "blob"),
			}, ALBRoot: text.Draw(t, "root"), SentAt: moment.Draw(t, "sent"), ReceiveCount: rapid.IntRange(-1, math.MaxInt32).Draw(t, "count")}
			batch[i] = r
			ids, subjects, roots = append(ids, r.Event.ID), append(subjects, pointer(r.Event.Subject)), append(roots, pointer(r.ALBRoot))
			times, sent = append(times, pointer(r.Event.Time)), append(sent, pointer(r.SentAt))
			data, blobs = append(data, string(r.Event.Data)), append(blobs, r.Event.DataBase64)
			counts = append(counts, pointer(int32(max(0, r.ReceiveCount))))
		}
		params := e.encode(batch)
		check := func(name string, want, got any) {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		check("id", ids, read[string](t, params, "id"))
		check("subject", subjects, read[*string](t, params, "subject"))
		check("alb_root", roots, read[*string](t, params, "alb_root"))
		check("trace_id", make([]*string, len(batch)), read[*string](t, params, "trace_id"))
		check("data", data, read[string](t, params, "data"))
		check("data_bytes", blobs, read[[]byte](t, params, "data_bytes"))
		check("receive_count", counts, read[*int32](t, params, "receive_count"))
		for name, want := range map[string][]*time.Time{"time": times, "sent_at": sent} {
			got := read[*time.Time](t, params, name)
			for i := range want {
				if (want[i] == nil) != (got[i] == nil) || want[i] != nil && !want[i].Equal(*got[i]) {
					t.Errorf("%s: want %v, got %v", name, want[i], got[i])
				}
			}
		}
	})
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestEncoder_LargeBuffers_AreNotKept(t *testing.T) {
	r := record()
	r.Event.Data = json.RawMessage(`"` + string(make([]byte, 2*keptBytes)) + `"`)
	e := new(encoder)
	e.encode([]*consumer.Record{r})
	e.release()
	for i := range e.arrays {
		if cap(e.arrays[i]) > keptBytes || e.params[i] != nil {
			t.Errorf("column %s keeps %d bytes", columns[i].name, cap(e.arrays[i]))
		}
	}
}

func TestEncoder_Steady_AllocatesNothing(t *testing.T) {
	batch := records(chunkRows)
	var e encoder
	e.encode(batch)
	if n := testing.AllocsPerRun(500, func() { e.encode(batch) }); n != 0 {
		t.Errorf("%v allocations for a chunk of %d rows", n, len(batch))
	}
}
