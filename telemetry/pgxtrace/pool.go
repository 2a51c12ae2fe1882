package pgxtrace

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/remote"
)

// connecting is a connection that is being made, and the context of it.
type connecting struct {
	context.Context //nolint:containedctx // it is one

	start time.Time
	span  trace.Span // nil if there is none
}

type connectKey struct{}

// Value returns the connecting itself, or what its context has.
func (c *connecting) Value(key any) any {
	if key == (connectKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// String implements fmt.Stringer.
func (c *connecting) String() string { return remote.Describe(c.Context, "Connect") }

// TraceConnectStart implements [pgx.ConnectTracer].
func (t *tracer) TraceConnectStart(ctx context.Context, data pgx.TraceConnectStartData) context.Context {
	c := &connecting{Context: ctx, start: time.Now()}
	if t.connect {
		//nolint:spancheck // TraceConnectEnd ends it
		c.Context, c.span = t.tracer.Start(ctx, "CONNECT", trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(c.start),
			trace.WithAttributes(serverAttributes(data.ConnConfig)...))
	}
	return c
}

// TraceConnectEnd implements [pgx.ConnectTracer].
func (t *tracer) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	c, ok := ctx.Value(connectKey{}).(*connecting)
	if !ok {
		return
	}
	end, o := time.Now(), outcomeOf(data.Err)
	if !o.failed {
		t.metrics.create.Inst().Record(c, end.Sub(c.start).Seconds(), t.metrics.pool)
	}
	if c.span != nil {
		endSpan(c.span, o, end)
	}
}

type acquireKey struct{}

// TraceAcquireStart implements [pgxpool.AcquireTracer].
func (t *tracer) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	t.waiting.Add(1)
	return context.WithValue(ctx, acquireKey{}, time.Now())
}

// borrowed is where a connection keeps since when it is in use.
const borrowed = scope

// TraceAcquireEnd implements [pgxpool.AcquireTracer].
func (t *tracer) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, data pgxpool.TraceAcquireEndData) {
	t.waiting.Add(-1)
	if data.Err != nil {
		return
	}
	now := time.Now()
	if start, ok := ctx.Value(acquireKey{}).(time.Time); ok {
		t.metrics.wait.Inst().Record(ctx, now.Sub(start).Seconds(), t.metrics.pool)
	}
	custom := data.Conn.PgConn().CustomData()
	if since, ok := custom[borrowed].(*time.Time); ok {
		*since = now
	} else {
		custom[borrowed] = &now
	}
}

// TraceRelease implements [pgxpool.ReleaseTracer].
func (t *tracer) TraceRelease(_ *pgxpool.Pool, data pgxpool.TraceReleaseData) {
	if since, ok := data.Conn.PgConn().CustomData()[borrowed].(*time.Time); ok {
		t.metrics.use.Inst().Record(context.Background(), time.Since(*since).Seconds(), t.metrics.pool)
	}
}

// tracerOf finds our tracer, alone or among others.
func tracerOf(q pgx.QueryTracer) *tracer {
	switch t := q.(type) {
	case *tracer:
		return t
	case *multitracer.Tracer:
		for _, one := range t.QueryTracers {
			if found := tracerOf(one); found != nil {
				return found
			}
		}
	}
	return nil
}
