package pgxtrace

import (
	"context"
	"errors"
	"fmt"

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
	use      dbconv.ClientConnectionUseTime
	pool     metric.MeasurementOption
}

func newInstruments(provider metric.MeterProvider, pool string) instruments {
	m := provider.Meter(scope, metric.WithSchemaURL(otelconv.SchemaURL))
	buckets := metric.WithExplicitBucketBoundaries(semconv.DurationBuckets()...)
	duration, err1 := dbconv.NewClientOperationDuration(m, buckets)
	wait, err2 := dbconv.NewClientConnectionWaitTime(m, buckets)
	create, err3 := dbconv.NewClientConnectionCreateTime(m, buckets)
	use, err4 := dbconv.NewClientConnectionUseTime(m, buckets)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		otel.Handle(fmt.Errorf("pgxtrace: make instruments: %w", err)) // the no-op ones serve on
	}
	return instruments{duration, wait, create, use, metric.WithAttributeSet(attribute.NewSet(otelconv.DBClientConnectionPoolName(pool)))}
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
// registration is taken back with Unregister: connections in use and idle, the
// bounds of both, requests that wait and that gave up waiting. Those that wait
// are only known of a pool that Instrument has seen. An instrument that cannot
// be made is an error.
func ObservePool(pool *pgxpool.Pool, c Config) (metric.Registration, error) {
	c = c.WithDefaults()
	m := c.MeterProvider.Meter(scope, metric.WithSchemaURL(otelconv.SchemaURL))
	count, err1 := dbconv.NewClientConnectionCountObservable(m)
	limit, err2 := dbconv.NewClientConnectionMaxObservable(m)
	idleMin, err3 := dbconv.NewClientConnectionIdleMinObservable(m)
	idleMax, err4 := dbconv.NewClientConnectionIdleMaxObservable(m)
	pending, err5 := dbconv.NewClientConnectionPendingRequestsObservable(m)
	timeouts, err6 := dbconv.NewClientConnectionTimeoutsObservable(m)
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return nil, fmt.Errorf("pgxtrace: make instruments: %w", err)
	}
	config := pool.Config()
	name := otelconv.DBClientConnectionPoolName(poolName(config.ConnConfig, c))
	plain := metric.WithAttributeSet(attribute.NewSet(name))
	used := metric.WithAttributeSet(attribute.NewSet(name, otelconv.DBClientConnectionStateUsed))
	idle := metric.WithAttributeSet(attribute.NewSet(name, otelconv.DBClientConnectionStateIdle))

	t := tracerOf(config.ConnConfig.Tracer)
	return m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s := pool.Stat()
		o.ObserveInt64(count.Inst(), int64(s.AcquiredConns()), used)
		o.ObserveInt64(count.Inst(), int64(s.IdleConns()), idle)
		o.ObserveInt64(limit.Inst(), int64(s.MaxConns()), plain)
		o.ObserveInt64(idleMin.Inst(), int64(config.MinIdleConns), plain)
		o.ObserveInt64(idleMax.Inst(), int64(s.MaxConns()), plain) // pgx has no limit of its own for idle ones
		if t != nil {
			o.ObserveInt64(pending.Inst(), t.waiting.Load(), plain)
		}
		// pgx counts acquires that their context ended, by timeout or cancel.
		o.ObserveInt64(timeouts.Inst(), s.CanceledAcquireCount(), plain)
		return nil
	}, count.Inst(), limit.Inst(), idleMin.Inst(), idleMax.Inst(), pending.Inst(), timeouts.Inst())
}
