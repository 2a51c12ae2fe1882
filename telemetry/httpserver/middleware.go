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

	"github.com/tracehaul/tracehaul/telemetry/internal/protocol"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
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
	tracer := c.TracerProvider.Tracer(scopeName, trace.WithSchemaURL(otelsemconv.SchemaURL))
	_, own := tracer.(*span.Tracer)
	return func(next http.Handler) http.Handler {
		return &middleware{
			Config:   c,
			next:     next,
			tracer:   tracer,
			own:      own,
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
	own      bool                    // the tracer is of package span: it takes times for nothing
	start    []trace.SpanStartOption // for any other
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
	ctx, s, next := m.begin(ctx, r, start)
	rec := &recorder{ResponseWriter: w}
	if !m.NoTraceResponse {
		rec.respondTrace(s.SpanContext())
	}
	r = r.WithContext(ctx) // the mux writes the pattern into this copy
	defer func() {
		v := recover()
		m.finish(ctx, s, rec, r, start, v)
		if v != nil {
			panic(v) // net/http's log still shows where it began
		}
	}()
	next.ServeHTTP(rec, r)
}

// begin chooses the handler of a request and starts its span.
func (m *middleware) begin(ctx context.Context, r *http.Request, at time.Time) (context.Context, trace.Span, http.Handler) {
	if m.Shed != nil {
		if shed := m.Shed(r); shed != nil {
			ctx, s := span.Unrecorded(ctx, m.tracer)
			return ctx, s, shed
		}
	}
	ctx, s := m.startSpan(ctx, r, at)
	return ctx, s, m.next
}

func (m *middleware) startSpan(ctx context.Context, r *http.Request, at time.Time) (context.Context, trace.Span) {
	name, options := spanName(m.method(r), ""), span.Options{Kind: trace.SpanKindServer, Time: at}
	switch {
	case m.SamplerAttributes:
		return span.Start(ctx, m.tracer, name, options,
			otelsemconv.HTTPRequestMethodKey.String(m.method(r)),
			otelsemconv.URLPath(text(r.URL.EscapedPath())),
			otelsemconv.URLScheme(m.scheme(r)))
	case m.own:
		return span.Start(ctx, m.tracer, name, options)
	default:
		return m.tracer.Start(ctx, name, m.start...) //nolint:spancheck // finish ends it
	}
}

// finish measures a request and ends its span. The attributes are all set
// here, at once, because that is when the route and the status are known.
func (m *middleware) finish(ctx context.Context, s trace.Span, rec *recorder, r *http.Request, start time.Time, panicked any) {
	took := time.Since(start)
	o := m.outcomes.get(outcomeKey{
		method:  m.method(r),
		scheme:  m.scheme(r),
		version: protocol.Version(r.Proto),
		route:   m.Route(r),
		status:  rec.statusOr(panicked),
		panic:   panicType(panicked),
	})
	m.duration.Record(ctx, took.Seconds(), o.measure...)
	if s.IsRecording() {
		s.SetName(o.name)
		m.describe(ctx, s, r, o)
		if balancer, ok := xray.ALBSpanContext(ctx, s.SpanContext().TraceID()); ok {
			span.AddLink(s, balancer)
		}
		if panicked != nil && !aborted(panicked) {
			s.AddEvent("exception", panicEvent(panicked))
		}
		if o.failed {
			s.SetStatus(codes.Error, "")
		}
	}
	if !m.own {
		s.End()
		return
	}
	span.End(s, start.Add(took))
}

// describe sets the attributes of a served request.
func (m *middleware) describe(ctx context.Context, s trace.Span, r *http.Request, o *outcome) {
	var scratch [maxAttributes]attribute.KeyValue
	to := scratch[:0]
	if m.own {
		span.SetShared(s, o.shared)
	} else {
		to = append(to, o.attributes...)
	}
	to = append(to, otelsemconv.URLPath(text(r.URL.EscapedPath())))
	to = m.appendClient(to, r)
	to = m.appendServer(to, r)
	if known := xray.KnownHeader(ctx); known != "" {
		to = append(to, semconv.AmznTraceIDKey.String(known))
	}
	span.SetAttributes(s, to...)
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
