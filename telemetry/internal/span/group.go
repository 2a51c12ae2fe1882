package span

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

// Group makes spans that are many, alike and handed over together: those of
// the messages of a batch. Many have one allocation together. Each is what
// Start returns, to all who get to see it; but what is usual for them is
// encoded beside the work that they tell of, see Complete, so that their end
// is one number that is written.
type Group struct {
	tracer  trace.Tracer
	name    string
	options Options // without the Time

	own     *Tracer // nil if the tracer is another's
	n       int
	members []atomic.Pointer[block]
	encoder *encoder
	flushed atomic.Bool
}

// block has room for neighbours in a group, blockSize of them unless there are
// fewer. There is none where no span is recorded.
type block []recording

const blockSize = 64

// at returns the room for the i-th span.
func (g *Group) at(i int) *recording {
	p := &g.members[i/blockSize]
	b := p.Load()
	for b == nil {
		made := make(block, min(blockSize, g.n-i/blockSize*blockSize))
		p.CompareAndSwap(nil, &made)
		b = p.Load()
	}
	return &(*b)[i%blockSize]
}

// member is what a recording knows of its group.
type member struct {
	group *Group // nil for most spans

	// frozen is the encoded span, but for its end. It is nil before Complete,
	// once something else was recorded, and when it was handed over. The
	// state of a frozen span is nil, and of one that has recorded nothing yet.
	frozen []byte
}

// NewGroup returns a group of n spans. Each has a Time of its own instead of
// that in o.
func NewGroup(tracer trace.Tracer, name string, o Options, n int) *Group {
	g := &Group{tracer: tracer, name: name, options: o}
	if t, ok := tracer.(*Tracer); ok && t.provider.sink != nil {
		g.own, g.n, g.encoder = t, n, newEncoder(t, &g.options, nil)
		g.members = make([]atomic.Pointer[block], (n+blockSize-1)/blockSize)
	}
	return g
}

// Start starts the i-th span at a time. Goroutines may start several at once.
func (g *Group) Start(ctx context.Context, i int, at time.Time) (context.Context, trace.Span) {
	o := g.options
	o.Time = at
	if g.own == nil {
		return Start(ctx, g.tracer, g.name, o)
	}
	d := g.own.decide(ctx, g.name, &o, nil)
	if !d.recorded {
		return g.own.unrecorded(ctx, d.SpanContextConfig)
	}
	r := g.at(i)
	r.record(ctx, g.own, g.name, &o, &d)
	if len(d.attributes) > 0 || !d.TraceFlags.IsSampled() {
		r.state = newState()
		r.begin(&o, nil, &d)
	} else {
		r.group = g
	}
	return r.inContext()
}

// Complete adds a link and attributes to a span of the group, after which most
// spans are complete. It is called by one goroutine, for each span once.
func (g *Group) Complete(s trace.Span, link trace.SpanContext, attrs ...attribute.KeyValue) {
	r, ok := s.(*recording)
	if !ok || r.group != g || !r.complete(link, attrs) {
		AddLink(s, link)
		SetAttributes(s, attrs...)
	}
}

// open is the end of a span whose end is still to come.
var open = time.Unix(0, 1)

// complete reports whether the span had recorded nothing so far, so that it
// is complete now.
func (r *recording) complete(link trace.SpanContext, attrs []attribute.KeyValue) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended || r.state != nil {
		return false
	}
	e, l := r.group.encoder, &r.tracer.provider.limits
	s := e.next()
	s.addLink(l, &trace.Link{SpanContext: link})
	s.setAttributes(l, attrs)
	if s.droppedAttributes+s.links.dropped > 0 {
		r.state = e.give() // such spans cannot be thawed
	} else {
		r.frozen = e.encode(r, open).Data
	}
	return true
}

// thaw gives a span a state, to record more. It is called with the lock held.
func (r *recording) thaw() {
	r.state = newState()
	if r.frozen == nil {
		r.begin(&r.group.options, nil, &decision{})
		return
	}
	r.state.restore(otlp.Span{Data: r.frozen})
	r.frozen = nil
}

// endFrozen ends a span if it is complete. It is called with the lock held.
func (r *recording) endFrozen(at time.Time) bool {
	if r.frozen == nil {
		return false
	}
	r.ended = true
	otlp.Span{Data: r.frozen}.SetEnd(at)
	if r.group.flushed.Load() {
		r.tracer.provider.sink.Add(r.take()) // a copy: of its neighbours it may be the last
	}
	return true
}

func (r *recording) take() otlp.Span {
	s := otlp.Span{Scope: r.tracer.scope, Data: r.frozen}
	r.frozen = nil
	return s
}

// Flush hands over the spans that have ended. It is called once, after the
// last Complete. A span that ends afterwards is handed over when it does.
func (g *Group) Flush() {
	if g.own == nil {
		return
	}
	g.flushed.Store(true)
	ended := make([]otlp.Span, 0, g.n)
	for i := range g.members {
		if b := g.members[i].Load(); b != nil {
			ended = b.takeEnded(ended)
		}
	}
	if len(ended) > 0 {
		g.own.provider.sink.AddAll(ended)
	}
	g.encoder.release()
}

func (b block) takeEnded(spans []otlp.Span) []otlp.Span {
	for i := range b {
		r := &b[i]
		r.mu.Lock()
		if r.ended && r.frozen != nil {
			spans = append(spans, r.take())
		}
		r.mu.Unlock()
	}
	return spans
}
