package pgxtrace_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tracehaul/tracehaul/telemetry/pgxtrace"
)

func TestMetrics_QueriesAndPool(t *testing.T) {
	b := setup(t, pgxtrace.Config{PoolName: "events"})
	registration, err := pgxtrace.ObservePool(b.pool, b.config)
	if err != nil {
		t.Fatal(err)
	}
	ctx := pgxtrace.WithOperation(t.Context(), "INSERT", "events")
	b.exec(ctx, "INSERT INTO events VALUES (1)")
	if _, err := b.pool.Exec(ctx, "INSERT INTO events VALUES (1)"); err == nil {
		t.Fatal("a duplicate was written")
	}
	got := b.collect()
	for name, want := range map[string]int64{
		"db.client.operation.duration INSERT ": 1, "db.client.operation.duration INSERT 23505": 1,
		"db.client.connection.max": int64(b.pool.Config().MaxConns), "db.client.connection.count idle": 1, "db.client.connection.count used": 0,
		"db.client.connection.timeouts": 0, "db.client.connection.pending_requests": 0, "db.client.connection.use_time": 3,
		"db.client.connection.idle.max": int64(b.pool.Config().MaxConns), "db.client.connection.idle.min": 0,
	} {
		if value, ok := got[name]; !ok || value != want {
			t.Errorf("%s = %d (seen %t), want %d; all: %v", name, value, ok, want, got)
		}
	}
	if got["db.client.connection.wait_time"] < 3 || got["db.client.connection.create_time"] < 1 {
		t.Errorf("waits and connects: %v", got)
	}
	if err := registration.Unregister(); err != nil {
		t.Error(err)
	}
	if _, ok := b.collect()["db.client.connection.max"]; ok {
		t.Error("the pool is still observed")
	}
}

func TestMetrics_PoolExhausted_RequestsWaitAndGiveUp(t *testing.T) {
	b := setup(t, pgxtrace.Config{PoolName: "events"}, func(c *pgxpool.Config) { c.MaxConns = 1 })
	registration, err := pgxtrace.ObservePool(b.pool, b.config)
	if err != nil {
		t.Fatal(err)
	}
	defer registration.Unregister() //nolint:errcheck // the test ends
	conn, err := b.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error)
	go func() {
		_, err := b.pool.Acquire(ctx)
		gaveUp <- err
	}()
	for b.collect()["db.client.connection.pending_requests"] != 1 {
		time.Sleep(time.Millisecond)
	}
	if used := b.collect()["db.client.connection.count used"]; used != 1 {
		t.Errorf("%d connections in use, want 1", used)
	}
	cancel()
	if err := <-gaveUp; err == nil {
		t.Fatal("there was a second connection")
	}
	conn.Release()
	got := b.collect()
	if got["db.client.connection.pending_requests"] != 0 || got["db.client.connection.timeouts"] != 1 {
		t.Errorf("requests: %v, want none that waits and one that gave up", got)
	}
}

// collect reduces metrics to counts of histograms and values of the others, by
// name and the attribute that tells their series apart.
func (b *bundle) collect() map[string]int64 {
	b.t.Helper()
	var all metricdata.ResourceMetrics
	if err := b.reader.Collect(context.Background(), &all); err != nil {
		b.t.Fatal(err)
	}
	got := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					name := m.Name
					if op, ok := p.Attributes.Value("db.operation.name"); ok {
						state, _ := p.Attributes.Value("error.type")
						name += " " + op.AsString() + " " + state.AsString()
					}
					got[name] += int64(p.Count)
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					name := m.Name
					if state, ok := p.Attributes.Value("db.client.connection.state"); ok {
						name += " " + state.AsString()
					}
					got[name] = p.Value
				}
			}
		}
	}
	return got
}
