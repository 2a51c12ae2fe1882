package postgres

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
)

// migrated gives a pool on a database of the test's own, with the table.
func migrated(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	pool, err := pgxpool.New(tb.Context(), postgrestest.Database(tb))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	if _, err := migrate.Up(tb.Context(), pool); err != nil {
		tb.Fatal(err)
	}
	return pool
}

var sequence atomic.Uint32

// record is an event as the reference pipeline sees it, unlike all others.
func record() *consumer.Record {
	n := sequence.Add(1)
	spread := n * 2654435761 // ids are as good as random
	now := time.Now()
	var id trace.TraceID
	binary.BigEndian.PutUint32(id[:], spread)
	binary.BigEndian.PutUint32(id[12:], n)
	sc := trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID(id[8:]), TraceFlags: trace.FlagsSampled})
	return &consumer.Record{
		Context: trace.ContextWithSpanContext(context.Background(), sc),
		Event: event.Event{
			SpecVersion: event.SpecVersion, ID: fmt.Sprintf("%08x-1111-4222-8333-%012x", spread, n),
			Source: "https://shop.example/orders", Type: "com.example.order.placed",
			Subject: fmt.Sprintf("order/%d", n), Time: now, DataContentType: "application/json",
			Data: json.RawMessage(fmt.Sprintf(`{"order":"%d","amount":12.5,"currency":"EUR","items":[{"sku":"A-1","n":2},{"sku":"B-7","n":1}],"customer":{"id":"c-1","name":"Ada"}}`, n)),
		},
		ALBRoot:      "1-" + id.String()[:8] + "-" + id.String()[8:],
		SQSMessageID: fmt.Sprintf("%08x-5555-4666-8777-%012x", spread, n), ReceiveCount: 1,
		AcceptedAt: now, SentAt: now, ReceivedAt: now,
	}
}

// records are n records as a sink gets them.
func records(n int) []*consumer.Record {
	batch := make([]*consumer.Record, n)
	for i := range batch {
		batch[i] = record()
	}
	slices.SortFunc(batch, func(a, b *consumer.Record) int { return strings.Compare(a.Event.ID, b.Event.ID) })
	return batch
}

func traceID(r *consumer.Record) string {
	return trace.SpanContextFromContext(r.Context).TraceID().String()
}

func spanID(r *consumer.Record) string {
	return trace.SpanContextFromContext(r.Context).SpanID().String()
}
