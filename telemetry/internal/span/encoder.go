package span

import (
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

// encoder encodes many spans of one tracer that have much in common, one
// after the other into the same memory. It is used by one goroutine.
type encoder struct {
	tracer  *Tracer
	options Options
	common  *state // what all of the spans have recorded
	scratch *state // what the next one has
	chunk   []byte // the last spans, and room for the next ones
	encoded int    // bytes of all spans
}

// mostRoom bounds what is put aside at once. A span that is still queued keeps
// its neighbours' memory, so it is to have few.
const mostRoom = 16 << 10

func newEncoder(t *Tracer, o *Options, attrs []attribute.KeyValue) *encoder {
	e := &encoder{tracer: t, options: *o, common: newState()}
	r := recording{tracer: t, state: e.common}
	r.begin(o, attrs, &decision{})
	return e
}

// next returns a state that holds what is common. It is the encoder's until
// the next call, unless give makes it somebody's own.
func (e *encoder) next() *state {
	if e.scratch == nil {
		e.scratch = newState()
	}
	s, c := e.scratch, e.common
	c.compact()
	s.buf = append(s.buf[:0], c.buf...)
	s.attributes, s.droppedAttributes, s.seen, s.index = c.attributes, c.droppedAttributes, c.seen, nil
	s.events.restart(&c.events)
	s.links.restart(&c.links)
	s.code, s.description = c.code, c.description
	return s
}

// restart begins with what other records hold.
func (r *records) restart(o *records) {
	r.buf, r.n, r.dropped = append(r.buf[:0], o.buf...), o.n, o.dropped
}

// give makes the state that next returned somebody's own.
func (e *encoder) give() *state {
	s := e.scratch
	e.scratch = nil
	return s
}

// encode encodes a span that has recorded what is in the state that next
// returned.
//
// How many are still to come is not known, as most may not be sampled. So the
// first has room for itself, and then there is as much more as was needed so
// far: what the queue counts is most of what it keeps.
func (e *encoder) encode(r *recording, end time.Time) otlp.Span {
	data := e.scratch.finish(r, r.name, end)
	if cap(e.chunk)-len(e.chunk) < len(data) {
		e.chunk = make([]byte, 0, max(len(data), min(e.encoded, mostRoom)))
	}
	from := len(e.chunk)
	e.chunk = append(e.chunk, data...)
	e.encoded += len(data)
	return otlp.Span{Scope: e.tracer.scope, Data: e.chunk[from:len(e.chunk):len(e.chunk)]}
}

// release gives the memory back that is not in spans.
func (e *encoder) release() {
	e.common.release()
	if e.scratch != nil {
		e.scratch.release()
	}
	*e = encoder{}
}
