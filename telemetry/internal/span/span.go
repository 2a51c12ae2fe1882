package span

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

// recording is a span that is recorded.
type recording struct {
	embedded.Span
	context.Context //nolint:containedctx // the span is a context itself, see Value

	tracer       *Tracer
	context      trace.SpanContext
	parent       trace.SpanID
	start        time.Time
	kind         uint8 // a trace.SpanKind
	parentRemote bool

	ended bool // guarded by mu, as all that follows
	mu    sync.Mutex
	name  string
	state *state // nil once the span has ended; see also member
	member
}

// live returns the state of a span that has not ended, or nil. It is called
// with the lock held.
func (r *recording) live() *state {
	if !r.ended && r.state == nil {
		r.thaw()
	}
	return r.state
}

func (r *recording) SpanContext() trace.SpanContext { return r.context }

func (r *recording) TracerProvider() trace.TracerProvider { return r.tracer.provider }

func (r *recording) IsRecording() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.ended
}

// End implements trace.Span. As with the SDK, a span that is ended by a defer
// statement while its goroutine panics gets an event of the panic.
func (r *recording) End(options ...trace.SpanEndOption) {
	end := r.now()
	var c trace.SpanConfig
	if len(options) > 0 {
		c = trace.NewSpanEndConfig(options...)
	}
	r.mu.Lock()
	if r.ended {
		r.mu.Unlock()
		return
	}
	if p := recover(); p != nil {
		defer panic(p)
		r.addPanic(p, c.StackTrace())
	}
	if at := c.Timestamp(); !at.IsZero() {
		end = at
	}
	r.end(end)
}

// now is so long after the start as the monotonic clock says.
func (r *recording) now() time.Time { return r.start.Add(time.Since(r.start)) }

// end is called with the lock held, and unlocks.
func (r *recording) end(at time.Time) {
	if r.state == nil && r.endFrozen(at) {
		r.mu.Unlock()
		return
	}
	s, name := r.live(), r.name
	r.ended, r.state = true, nil
	r.mu.Unlock()
	if r.context.IsSampled() {
		r.tracer.provider.sink.Add(otlp.Span{Scope: r.tracer.scope, Data: s.finish(r, name, at)})
	}
	s.release()
}

// addPanic is called with the lock held.
func (r *recording) addPanic(p any, stack bool) {
	c := trace.NewEventConfig(trace.WithAttributes(exception(p, fmt.Sprint(p), stack)...))
	r.live().addEvent(&r.tracer.provider.limits, semconv.ExceptionEventName, &c)
}

func (r *recording) SetName(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.live() != nil {
		r.name = name
	}
}

// SetStatus implements trace.Span: Ok is final, an error stays one unless it
// becomes Ok, and only errors have a description.
func (r *recording) SetStatus(code codes.Code, description string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.live()
	if s == nil || s.code > code {
		return
	}
	if code != codes.Error {
		description = ""
	}
	s.code, s.description = code, description
}

func (r *recording) SetAttributes(attrs ...attribute.KeyValue) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.live(); s != nil {
		s.setAttributes(&r.tracer.provider.limits, attrs)
	}
}

func (r *recording) setShared(set *Shared) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.live(); s != nil {
		s.setShared(&r.tracer.provider.limits, set)
	}
}

func (r *recording) AddLink(link trace.Link) { r.addLink(&link) }

func (r *recording) addLink(link *trace.Link) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.live(); s != nil {
		s.addLink(&r.tracer.provider.limits, link)
	}
}

func (r *recording) AddEvent(name string, options ...trace.EventOption) {
	c := trace.NewEventConfig(options...)
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.live(); s != nil {
		s.addEvent(&r.tracer.provider.limits, name, &c)
	}
}

func (r *recording) RecordError(err error, options ...trace.EventOption) {
	if err == nil || !r.IsRecording() {
		return
	}
	c := trace.NewEventConfig(options...)
	r.AddEvent(semconv.ExceptionEventName, append(slices.Clip(options),
		trace.WithTimestamp(c.Timestamp()), trace.WithAttributes(exception(err, err.Error(), c.StackTrace())...))...)
}

// exception describes an error, or the value of a panic.
func exception(v any, message string, stack bool) []attribute.KeyValue {
	attrs := []attribute.KeyValue{semconv.ExceptionType(typeName(v)), semconv.ExceptionMessage(message)}
	if stack {
		buf := make([]byte, 2048)
		attrs = append(attrs, semconv.ExceptionStacktrace(string(buf[:runtime.Stack(buf, false)])))
	}
	return attrs
}

// typeName is the full name of a type, or what fmt calls it if it has none, as
// pointers and errors of the predeclared types.
func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t.PkgPath() == "" && t.Name() == "" {
		return t.String()
	}
	return t.PkgPath() + "." + t.Name()
}
