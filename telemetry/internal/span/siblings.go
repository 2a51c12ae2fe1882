package span

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

// Siblings are spans that have ended when they are made, each beside another
// one: with the same parent. It is used by one goroutine.
type Siblings struct {
	tracer  trace.Tracer
	name    string
	options Options

	encoder *encoder // nil if the tracer is another's
	encoded []otlp.Span
}

// NewSiblings returns spans of which there are to be n. Each has a Time of its
// own instead of that in o.
func NewSiblings(tracer trace.Tracer, name string, o Options, n int) *Siblings {
	s := &Siblings{tracer: tracer, name: name, options: o}
	if t, ok := tracer.(*Tracer); ok && t.provider.sink != nil {
		s.encoder = newEncoder(t, &s.options, nil)
		s.encoded = make([]otlp.Span, 0, n)
	}
	return s
}

// Add adds the span that was from start to end, beside one of the same tracer
// that was started with parent.
func (s *Siblings) Add(parent context.Context, beside trace.Span, start, end time.Time, attrs ...attribute.KeyValue) {
	if s.encoder != nil && s.encoder.tracer.provider.sampler.plain {
		switch b := beside.(type) {
		case *unrecorded:
			return // a sampler that sees only trace and parent would say no again
		case *recording:
			if b.context.IsSampled() {
				s.encode(parent, b, start, end, attrs)
				return
			}
		}
	}
	o := s.options
	o.Time = start
	_, one := Start(parent, s.tracer, s.name, o, attrs...)
	End(one, end)
}

func (s *Siblings) encode(parent context.Context, beside *recording, start, end time.Time, attrs []attribute.KeyValue) {
	e := s.encoder
	r := recording{
		tracer: e.tracer, name: s.name, kind: uint8(trace.ValidateSpanKind(s.options.Kind)), start: start, //nolint:gosec // one of five
		parent: beside.parent, parentRemote: beside.parentRemote,
	}
	c := trace.SpanContextConfig{
		TraceID: beside.context.TraceID(), TraceFlags: beside.context.TraceFlags(), TraceState: beside.context.TraceState(),
	}
	e.tracer.provider.identify(parent, &c)
	r.context = trace.NewSpanContext(c)
	e.next().setAttributes(&e.tracer.provider.limits, attrs)
	s.encoded = append(s.encoded, e.encode(&r, end))
}

// Flush hands over what was added since the last Flush.
func (s *Siblings) Flush() {
	if len(s.encoded) > 0 {
		s.encoder.tracer.provider.sink.AddAll(s.encoded)
		s.encoded = s.encoded[:0]
	}
}
