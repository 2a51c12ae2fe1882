package span

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

// Children are spans that are alike but for their parents, begin and end
// together, and have no children of their own: what a statement is in the
// traces of its rows. They are encoded when they start, and all of them are in
// memory until End, in which no queue counts them. It is used by one goroutine
// at a time.
type Children struct {
	tracer  trace.Tracer
	name    string
	options Options
	parents []context.Context
	attrs   []attribute.KeyValue

	encoded []otlp.Span
	others  []trace.Span // that were started one by one
}

// StartChildren starts a span in each context that has one. The parents must
// not change before End. Options must have a Time.
func StartChildren(parents []context.Context, tracer trace.Tracer, name string, o Options, attrs ...attribute.KeyValue) *Children {
	c := &Children{tracer: tracer, name: name, options: o, parents: parents, attrs: attrs}
	if t, ok := tracer.(*Tracer); ok {
		c.encode(t, nil)
	} else {
		c.each(func(parent context.Context, _ trace.Span) { c.start(parent) })
	}
	return c
}

// each calls f for each parent that there is.
func (c *Children) each(f func(context.Context, trace.Span)) {
	for _, parent := range c.parents {
		if of := trace.SpanFromContext(parent); of.SpanContext().IsValid() {
			f(parent, of)
		}
	}
}

func (c *Children) start(parent context.Context) {
	_, s := Start(parent, c.tracer, c.name, c.options, c.attrs...)
	c.others = append(c.others, s)
}

// encode encodes the spans with an end that is still to come. What fail says
// of a span is in all of them. Those for which more than the parent decides
// whether they are sampled are started one by one.
func (c *Children) encode(t *Tracer, fail func(trace.Span)) {
	e := newEncoder(t, &c.options, c.attrs)
	defer e.release()
	all := recording{tracer: t, state: e.common, name: c.name}
	if fail != nil {
		fail(&all)
	}
	c.encoded = make([]otlp.Span, 0, len(c.parents))
	c.each(func(parent context.Context, of trace.Span) {
		if !t.inherits(of) {
			if fail == nil {
				c.start(parent)
			}
			return
		}
		d := t.decide(parent, c.name, &c.options, nil)
		if !d.recorded {
			return
		}
		var r recording
		r.record(parent, t, all.name, &c.options, &d)
		e.next()
		c.encoded = append(c.encoded, e.encode(&r, open))
	})
}

// End ends all spans. Fail, unless it is nil, is called to say what went wrong:
// for a span at a time, or once for many, with one that has no context of its
// own.
func (c *Children) End(at time.Time, fail func(trace.Span)) {
	for _, s := range c.others {
		if fail != nil {
			fail(s)
		}
		End(s, at)
	}
	t, ok := c.tracer.(*Tracer)
	if !ok || len(c.encoded) == 0 {
		return
	}
	if fail != nil {
		c.encode(t, fail) // with new ids: nobody has seen the others
	}
	for _, s := range c.encoded {
		s.SetEnd(at)
	}
	t.provider.sink.AddAll(c.encoded)
}
