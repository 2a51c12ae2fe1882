package span

import (
	"context"
	"sync"
	"sync/atomic"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

// Sink takes the spans that ended.
type Sink interface {
	// Add must not keep the span's Data, and must not block.
	Add(s otlp.Span)
	// AddAll must not keep the slice, but may keep the Data of the spans,
	// which never changes again.
	AddAll(spans []otlp.Span)
	Flush(ctx context.Context) error
	Shutdown(ctx context.Context) error
}

// Config says how a Provider works.
type Config struct {
	// Sampler decides on each span. It must be set.
	Sampler sdktrace.Sampler

	// IDs makes the ids. Defaults to random ones.
	IDs sdktrace.IDGenerator

	// Limits bound each span. They must be set.
	Limits sdktrace.SpanLimits

	// Sink takes the spans that are sampled. Defaults to none: spans have
	// their contexts then, with the sampler's decision, and record nothing.
	Sink Sink
}

// Provider makes Tracers.
type Provider struct {
	embedded.TracerProvider

	sampler sampler
	ids     sdktrace.IDGenerator // nil for random ones
	limits  limits
	sink    Sink
	closed  atomic.Bool

	mu      sync.Mutex
	tracers map[string]*Tracer // by the scope's key
}

// New returns a Provider.
func New(c Config) *Provider {
	return &Provider{sampler: newSampler(c.Sampler), ids: c.IDs, limits: newLimits(c.Limits), sink: c.Sink, tracers: map[string]*Tracer{}}
}

// Tracer returns the tracer of a scope, always the same for the same scope.
func (p *Provider) Tracer(name string, options ...trace.TracerOption) trace.Tracer {
	if p.closed.Load() {
		return noop.NewTracerProvider().Tracer(name, options...)
	}
	c := trace.NewTracerConfig(options...)
	set := c.InstrumentationAttributes()
	attrs, _ := p.limits.attributes(set.ToSlice(), -1)
	scope := otlp.NewScope(name, c.InstrumentationVersion(), c.SchemaURL(), attrs)
	key := scope.Key()
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.tracers[key]
	if t == nil {
		t = &Tracer{provider: p, scope: scope}
		p.tracers[key] = t
	}
	return t
}

// ForceFlush delivers what ended before the call, until ctx ends.
func (p *Provider) ForceFlush(ctx context.Context) error {
	if p.sink == nil {
		return nil
	}
	return p.sink.Flush(ctx)
}

// Shutdown delivers the rest, until ctx ends. Spans that end afterwards are
// dropped, and Tracer returns tracers that do nothing.
func (p *Provider) Shutdown(ctx context.Context) error {
	p.closed.Store(true)
	if p.sink == nil {
		return nil
	}
	return p.sink.Shutdown(ctx)
}
