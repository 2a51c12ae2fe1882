package pgxtrace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/dbconv"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// instruments are the histograms of queries and connections.
type instruments struct {
	duration dbconv.ClientOperationDuration
	wait     dbconv.ClientConnectionWaitTime
	create   dbconv.ClientConnectionCreateTime
	pool     metric.MeasurementOption
}

func newInstruments(provider metric.MeterProvider, pool string) instruments {
	m := provider.Meter(scope, metric.WithSchemaURL(otelconv.SchemaURL))
	buckets := metric.WithExplicitBucketBoundaries(semconv.DurationBuckets()...)
	duration, err1 := dbconv.NewClientOperationDuration(m, buckets)
	wait, err2 := dbconv.NewClientConnectionWaitTime(m, buckets)
	create, err3 := dbconv.NewClientConnectionCreateTime(m, buckets)
	if err := errors.Join(err1, err2, err3); err != nil {
		otel.Handle(fmt.Errorf("pgxtrace: make instruments: %w", err)) // the no-op ones serve on
	}
	return instruments{duration, wait, create, metric.WithAttributeSet(attribute.NewSet(otelconv.DBClientConnectionPoolName(pool)))}
}

// operation records one query. Its exemplar is of the first trace it served.
func (i instruments) operation(ctx context.Context, parents []context.Context, w *work, d time.Duration, o outcome, server []attribute.KeyValue) {
	if len(parents) > 0 {
		ctx = parents[0]
	}
	if !i.duration.Inst().Enabled(ctx) {
		return
	}
	a := make([]attribute.KeyValue, len(server), len(server)+4)
	copy(a, server)
	if w.name != "" {
		a = append(a, otelconv.DBOperationName(w.name))
	}
	if w.collection != "" {
		a = append(a, otelconv.DBCollectionName(w.collection))
	}
	a = append(a, o.attributes()...)
	i.duration.Inst().Record(ctx, d.Seconds(), metric.WithAttributeSet(attribute.NewSet(a...)))
}

func (i instruments) waited(ctx context.Context, d time.Duration) {
	i.wait.Inst().Record(ctx, d.Seconds(), i.pool)
}

func (i instruments) connected(ctx context.Context, d time.Duration) {
	i.create.Inst().Record(ctx, d.Seconds(), i.pool)
}

func (o outcome) attributes() []attribute.KeyValue {
	switch {
	case !o.failed:
		return nil
	case o.sqlState == "":
		return []attribute.KeyValue{otelconv.ErrorTypeKey.String(o.kind)}
	default:
		return []attribute.KeyValue{otelconv.ErrorTypeKey.String(o.kind), otelconv.DBResponseStatusCode(o.sqlState)}
	}
}

// poolName is server.address:server.port/db.namespace, as the conventions
// advise, unless the program has a name of its own for the pool.
func poolName(conn *pgx.ConnConfig, c Config) string {
	if c.PoolName != "" {
		return c.PoolName
	}
	return fmt.Sprintf("%s:%d/%s", conn.Host, conn.Port, namespace(conn))
}

// ObservePool reports the pool's db.client.connection.* metrics until the
// registration is taken back with Unregister. An instrument that cannot be
// made is an error.
func ObservePool(pool *pgxpool.Pool, c Config) (metric.Registration, error) {
	c = c.WithDefaults()
	m := c.MeterProvider.Meter(scope, metric.WithSchemaURL(otelconv.SchemaURL))
	count, err1 := dbconv.NewClientConnectionCountObservable(m)
	limit, err2 := dbconv.NewClientConnectionMaxObservable(m)
	idleMin, err3 := dbconv.NewClientConnectionIdleMinObservable(m)
	timeouts, err4 := dbconv.NewClientConnectionTimeoutsObservable(m)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, fmt.Errorf("pgxtrace: make instruments: %w", err)
	}
	config := pool.Config()
	name := otelconv.DBClientConnectionPoolName(poolName(config.ConnConfig, c))
	plain := metric.WithAttributeSet(attribute.NewSet(name))
	used := metric.WithAttributeSet(attribute.NewSet(name, otelconv.DBClientConnectionStateUsed))
	idle := metric.WithAttributeSet(attribute.NewSet(name, otelconv.DBClientConnectionStateIdle))

	return m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s := pool.Stat()
		o.ObserveInt64(count.Inst(), int64(s.AcquiredConns()), used)
		o.ObserveInt64(count.Inst(), int64(s.IdleConns()), idle)
		o.ObserveInt64(limit.Inst(), int64(s.MaxConns()), plain)
		o.ObserveInt64(idleMin.Inst(), int64(config.MinConns), plain)
		// pgx counts acquires that their context ended, by timeout or cancel.
		o.ObserveInt64(timeouts.Inst(), s.CanceledAcquireCount(), plain)
		return nil
	}, count.Inst(), limit.Inst(), idleMin.Inst(), timeouts.Inst())
}
