package postgres

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/consumer"
)

const benchmarkBatch = 1000

// The two benchmarks write the same rows into the same table: compare rows/s.

func BenchmarkSink_Write(b *testing.B) {
	pool := migrated(b)
	sink := New(pool)
	benchmarkBatches(b, func(batch []*consumer.Record) {
		if _, err := sink.Write(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkCopy(b *testing.B) {
	pool := migrated(b)
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	benchmarkBatches(b, func(batch []*consumer.Record) {
		if err := copyRows(b, pool, names, batch); err != nil {
			b.Fatal(err)
		}
	})
}

func copyRows(b *testing.B, pool *pgxpool.Pool, names []string, batch []*consumer.Record) error {
	_, err := pool.CopyFrom(b.Context(), pgx.Identifier{table}, names, pgx.CopyFromSlice(len(batch), func(i int) ([]any, error) {
		r := batch[i]
		return []any{
			r.Event.Source, r.Event.ID, r.Event.Type, r.Event.Subject, r.Event.Time, r.Event.DataContentType, nil,
			[]byte(r.Event.Data), nil, nil, traceID(r), spanID(r), r.ALBRoot, nil, r.SQSMessageID,
			r.ReceiveCount, r.AcceptedAt, r.SentAt, r.ReceivedAt,
		}, nil
	}))
	return err
}

func benchmarkBatches(b *testing.B, write func([]*consumer.Record)) {
	b.ReportAllocs()
	write(records(10)) // connects and prepares
	for b.Loop() {
		b.StopTimer()
		batch := records(benchmarkBatch)
		b.StartTimer()
		write(batch)
	}
	b.ReportMetric(float64(b.N*benchmarkBatch)/b.Elapsed().Seconds(), "rows/s")
}
