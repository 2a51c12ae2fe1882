package span

import (
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

// encoder encodes many spans of one tracer that have much in common, one
// after the other into the same memory. They have no events. It is used by one
// goroutine.
type encoder struct {
	tracer  *Tracer
	options Options
	common  *state // what all of the spans have recorded
	scratch *state // what the next one has
	buf     []byte // room for the next ones
	left    int    // how many there are to be
}

const (
	// slack is how much larger than the first one a span may be before there
	// is not enough room for all.
	slack = 16

	// mostRoom bounds what one large span has put aside for all that follow.
	mostRoom = 512 << 10
)

func newEncoder(t *Tracer, o *Options, n int, attrs []attribute.KeyValue) *encoder {
	e := &encoder{tracer: t, options: *o, common: newState(), left: n}
	r := recording{tracer: t, state: e.common}
	r.begin(o, attrs, &decision{})
	e.common.compact()
	return e
}

// next returns a state that holds what is common. It is the encoder's, until
// the next call, unless give makes it
// somebody's own.
func (e *encoder) next() *state {
	if e.scratch == nil {
		e.scratch = newState()
	}
	s, c := e.scratch, e.common
	s.buf = append(s.buf[:0], c.buf...)
	s.attributes, s.droppedAttributes, s.seen, s.index = c.attributes, c.droppedAttributes, c.seen, nil
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
func (e *encoder) encode(r *recording, end time.Time) otlp.Span {
	data := e.scratch.finish(r, r.name, end)
	if cap(e.buf)-len(e.buf) < len(data) {
		e.buf = make([]byte, 0, max(len(data), min(e.left*(len(data)+slack), mostRoom)))
	}
	from := len(e.buf)
	e.buf = append(e.buf, data...)
	e.left--
	return otlp.Span{Scope: e.tracer.scope, Data: e.buf[from:len(e.buf):len(e.buf)]}
}

// release gives the memory back that is not in spans.
func (e *encoder) release() {
	e.common.release()
	if e.scratch != nil {
		e.scratch.release()
	}
	*e = encoder{}
}
