package httpserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

const scopeName = "github.com/tracehaul/tracehaul/telemetry/httpserver"

// Middleware returns a middleware that traces and measures every request.
//
// It belongs outside the mux, because the mux is what finds the route, and
// inside whatever refuses requests without serving them, if those are not of
// interest. A panic of the handler is recorded and goes on.
func Middleware(c Config) func(http.Handler) http.Handler {
	c = c.WithDefaults()
	duration, err := httpconv.NewServerRequestDuration(c.MeterProvider.Meter(scopeName, metric.WithSchemaURL(otelsemconv.SchemaURL)),
		metric.WithExplicitBucketBoundaries(semconv.DurationBuckets()...))
	if err != nil {
		otel.Handle(fmt.Errorf("make instrument %s: %w", duration.Name(), err))
	}
	return func(next http.Handler) http.Handler {
		return &middleware{
			Config:   c,
			next:     next,
			tracer:   c.TracerProvider.Tracer(scopeName, trace.WithSchemaURL(otelsemconv.SchemaURL)),
			start:    []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)},
			duration: duration.Inst(),
			methods:  known(c.KnownMethods),
			outcomes: newOutcomes(),
		}
	}
}

type middleware struct {
	Config
	next     http.Handler
	tracer   trace.Tracer
	start    []trace.SpanStartOption
	duration metric.Float64Histogram
	methods  map[string]struct{}
	outcomes *outcomes
}

// ServeHTTP serves a request inside its span.
func (m *middleware) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if m.Filter != nil && !m.Filter(r) {
		m.next.ServeHTTP(w, r)
		return
	}
	start := time.Now()
	ctx := m.Propagator.Extract(r.Context(), headers(r.Header))
	ctx, span := m.tracer.Start(ctx, spanName(m.method(r), ""), m.startOptions(r)...)
	rec := &recorder{ResponseWriter: w}
	if !m.NoTraceResponse {
		rec.respondTrace(span.SpanContext())
	}
	r = r.WithContext(ctx) // the mux writes the pattern into this copy
	defer func() {
		v := recover()
		m.finish(ctx, span, rec, r, start, v)
		if v != nil {
			panic(v) // net/http's log still shows where it began
		}
	}()
	m.next.ServeHTTP(rec, r)
}

func (m *middleware) startOptions(r *http.Request) []trace.SpanStartOption {
	if !m.SamplerAttributes {
		return m.start
	}
	return append(m.start[:1:1], trace.WithAttributes(
		otelsemconv.HTTPRequestMethodKey.String(m.method(r)),
		otelsemconv.URLPath(text(r.URL.EscapedPath())),
		otelsemconv.URLScheme(m.scheme(r)),
	))
}

// finish measures a request and ends its span. The attributes are all set
// here, at once, because that is when the route and the status are known.
func (m *middleware) finish(ctx context.Context, span trace.Span, rec *recorder, r *http.Request, start time.Time, panicked any) {
	o := m.outcomes.get(outcomeKey{
		method:  m.method(r),
		scheme:  m.scheme(r),
		version: protocolVersion(r.Proto),
		route:   m.Route(r),
		status:  rec.statusOr(panicked),
		panic:   panicType(panicked),
	})
	m.duration.Record(ctx, time.Since(start).Seconds(), o.measure...)
	if span.IsRecording() {
		span.SetName(o.name)
		m.describe(ctx, span, r, o)
		if panicked != nil && !aborted(panicked) {
			span.AddEvent("exception", panicEvent(panicked))
		}
		if o.failed {
			span.SetStatus(codes.Error, "")
		}
	}
	span.End()
}

// describe sets the attributes of a served request.
func (m *middleware) describe(ctx context.Context, span trace.Span, r *http.Request, o *outcome) {
	scratch := scratchPool.Get().(*[maxAttributes]attribute.KeyValue)
	to := scratch[:0]
	to = append(to, o.attributes...)
	to = append(to, otelsemconv.URLPath(text(r.URL.EscapedPath())))
	to = m.appendClient(to, r)
	to = m.appendServer(to, r)
	if raw, ok := xray.RawHeader(ctx); ok {
		to = append(to, semconv.AmznTraceIDKey.String(text(raw)))
	}
	span.SetAttributes(to...)
	clear(to) // holds on to no request
	scratchPool.Put(scratch)
}

// aborted tells the panic by which a handler, such as httputil.ReverseProxy,
// gives up a response on purpose.
func aborted(panicked any) bool {
	err, ok := panicked.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}

// panicType is error.type of a request whose handler panicked.
func panicType(panicked any) string {
	switch {
	case panicked == nil:
		return ""
	case aborted(panicked):
		return "aborted"
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", panicked), "*")
}

// panicEvent is what the span says of a panic. A value that is neither an
// error nor a string may hold anything, and is told by its type alone; what
// the others say is cut, as it may repeat what a client sent.
func panicEvent(panicked any) trace.EventOption {
	message := "panic with a value of type " + panicType(panicked)
	switch v := panicked.(type) {
	case error:
		message = v.Error()
	case string:
		message = v
	}
	stack := debug.Stack()
	return trace.WithAttributes(
		otelsemconv.ExceptionType(panicType(panicked)),
		otelsemconv.ExceptionMessage(text(message)),
		otelsemconv.ExceptionStacktrace(string(stack[:min(len(stack), maxStack)])),
	)
}

// maxStack bounds the stack of a panic in a span.
const maxStack = 8 << 10
