package awslambda

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

const scopeName = "github.com/tracehaul/tracehaul/telemetry/awslambda"

// sandbox is what is known of this process, which Lambda calls an execution
// environment. It is the process's own, not a handler's: a program that wraps
// two handlers still starts cold once.
var sandbox struct {
	invoked     atomic.Bool
	initialised atomic.Int64 // nanoseconds from the start of the program to Start; 0 without Start
}

// function is what its invocations share.
type function struct {
	Config
	tracer trace.Tracer
	*instruments
}

func newFunction(c Config) *function {
	c = c.WithDefaults()
	return &function{
		Config:      c,
		tracer:      c.TracerProvider.Tracer(scopeName, trace.WithSchemaURL(otelsemconv.SchemaURL)),
		instruments: newInstruments(c.MeterProvider),
	}
}

// call is what is known when an invocation starts.
type call struct {
	start    time.Time
	deadline time.Time     // Lambda's; zero if there is none
	margin   time.Duration // DeadlineMargin, or half of what time there is
	trigger  attribute.KeyValue
}

func (f *function) call(ctx context.Context, trigger attribute.KeyValue) call {
	c := call{start: f.Now(), trigger: trigger}
	if deadline, ok := ctx.Deadline(); ok {
		c.deadline = deadline
		c.margin = max(0, min(f.DeadlineMargin, time.Until(deadline)/2))
	}
	return c
}

// invocation is a call and its span.
type invocation struct {
	*function
	call
	ctx     context.Context //nolint:containedctx // of the call, with its span
	span    trace.Span
	measure attribute.Set
	finish  sync.Once

	unflushed bool // and the log has told so
}

// begin starts the span of an invocation.
func (f *function) begin(ctx context.Context, c call, more ...attribute.KeyValue) *invocation {
	inv := &invocation{function: f, call: c, measure: attribute.NewSet(c.trigger)}
	cold := sandbox.invoked.CompareAndSwap(false, true)
	attributes := appendIdentity(ctx, append(more, c.trigger, otelsemconv.FaaSColdstart(cold)))
	header := lambdaHeader(ctx)
	parent, options := header.relate(ctx, f.XRayParent)
	options = append(options, trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(c.start),
		trace.WithAttributes(header.append(attributes)...))
	inv.ctx, inv.span = f.tracer.Start(parent, f.name(ctx), options...) //nolint:spancheck // endSpan ends it

	if cold {
		f.coldstarts.AddSet(inv.ctx, 1, inv.measure)
		if d := time.Duration(sandbox.initialised.Load()); d > 0 {
			f.initialised.RecordSet(inv.ctx, d.Seconds(), inv.measure)
		}
	}
	return inv
}

// end ends the invocation with what came of it, and flushes. Only the first
// call counts, and returns true; another one waits until the flush is over,
// because Lambda may freeze the process as soon as there is an answer.
func (inv *invocation) end(err error, p *panicked) (first bool) {
	inv.finish.Do(func() {
		first = true
		inv.endSpan(err, p)
		inv.flush()
	})
	return first
}

// expire ends an invocation that Lambda is about to kill, so that it is seen at
// all.
func (inv *invocation) expire() { inv.end(errTimeout, nil) }

// errTimeout says that a handler was still running when its time was up.
var errTimeout = timeoutError{}

type timeoutError struct{}

func (timeoutError) Error() string {
	return "the handler was still running shortly before the deadline"
}
func (timeoutError) ErrorType() string { return "timeout" }

func (inv *invocation) endSpan(err error, p *panicked) {
	end := inv.Now()
	inv.duration.RecordSet(inv.ctx, end.Sub(inv.start).Seconds(), inv.measure)
	if err != nil || p != nil {
		inv.errors.AddSet(inv.ctx, 1, inv.measure)
	} else {
		inv.invocations.AddSet(inv.ctx, 1, inv.measure) // by the conventions, the successful ones
	}
	if errors.Is(err, errTimeout) {
		inv.timeouts.AddSet(inv.ctx, 1, inv.measure)
	}
	switch {
	case p != nil:
		p.record(inv.span)
	case err != nil:
		inv.span.SetAttributes(otelsemconv.ErrorType(err))
		inv.span.SetStatus(codes.Error, errorText(err))
	}
	inv.span.End(trace.WithTimestamp(end))
}

// flushAgain sends what has ended since the first flush, if there is time for it.
// What stays is sent with the next invocation's.
func (inv *invocation) flushAgain() {
	if time.Now().Before(inv.flushLimit()) {
		inv.flush()
	}
}

// flushLimit is when a flush that begins now must be over. It is bounded by
// FlushTimeout and by Lambda's deadline, whichever is nearer.
func (inv *invocation) flushLimit() time.Time {
	limit := time.Now().Add(inv.FlushTimeout)
	if last := inv.deadline.Add(-inv.margin / 5); !inv.deadline.IsZero() && last.Before(limit) {
		limit = last // the answer has to get to Lambda, too
	}
	return limit
}

// flush sends what is held back, until flushLimit: the context of the handler
// may have ended. The log tells once that it was in vain.
func (inv *invocation) flush() {
	if inv.Flush == nil {
		return
	}
	limit := inv.flushLimit()
	ctx, cancel := context.WithDeadline(context.WithoutCancel(inv.ctx), limit)
	defer cancel()
	if err := inv.Flush(ctx); err != nil && !inv.unflushed {
		inv.unflushed = true
		inv.Logger.WarnContext(inv.ctx, semconv.LogTelemetryUnflushed, slog.Any("error", err))
	}
}
