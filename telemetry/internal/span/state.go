package span

import (
	"encoding/binary"
	"math"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

// state is what a span has recorded. States are used again.
type state struct {
	// buf has room for the header and holds the encoded attributes.
	buf               []byte
	attributes        int
	droppedAttributes int
	seen              uint64 // a bit for the hash of each key: most keys are new without a look into buf
	index             *index // nil for most

	events, links records

	code        codes.Code
	description string
}

// records are encoded events or links. The oldest give way when there are too
// many.
type records struct {
	buf        []byte
	n, dropped int
}

const (
	firstBuffer = 512      // enough for most spans
	keptBuffer  = 64 << 10 // larger ones are not used again
)

var states = sync.Pool{New: func() any { return &state{buf: make([]byte, otlp.HeaderSize, firstBuffer)} }}

func newState() *state {
	return states.Get().(*state) //nolint:forcetypeassert // nothing else is put there
}

func (s *state) release() {
	if cap(s.buf)+cap(s.events.buf)+cap(s.links.buf) > keptBuffer {
		return
	}
	*s = state{
		buf:    s.buf[:otlp.HeaderSize],
		events: records{buf: s.events.buf[:0]},
		links:  records{buf: s.links.buf[:0]},
	}
	states.Put(s)
}

func (s *state) setAttributes(l *limits, attrs []attribute.KeyValue) {
	for i := range attrs {
		s.setAttribute(l, &attrs[i])
	}
}

// setAttribute appends an attribute, or replaces the one with the same key.
func (s *state) setAttribute(l *limits, kv *attribute.KeyValue) {
	if kv.Key == "" || l.AttributeCountLimit == 0 {
		s.droppedAttributes++
		return
	}
	bit := keyBit(string(kv.Key))
	from, to := 0, 0
	if s.seen&bit != 0 {
		from, to = s.find(string(kv.Key))
	}
	if to == 0 && l.AttributeCountLimit > 0 && s.attributes >= l.AttributeCountLimit {
		s.droppedAttributes++
		return
	}
	end := len(s.buf)
	if simple(kv.Value.Type()) || kv.Value.Type() == attribute.STRING && l.AttributeValueLengthLimit < 0 {
		s.buf = otlp.AppendSpanAttribute(s.buf, kv)
	} else {
		limited := l.attribute(*kv)
		s.buf = otlp.AppendSpanAttribute(s.buf, &limited)
	}
	if to == 0 {
		s.attributes++
		s.seen |= bit
		if s.index != nil {
			s.index.add(encodedKey(string(kv.Key)), place{end, len(s.buf)})
		}
		return
	}
	s.replace(string(kv.Key), from, to, end)
}

// simple types have no limits.
func simple(t attribute.Type) bool {
	return t == attribute.INT64 || t == attribute.BOOL || t == attribute.FLOAT64 || t == attribute.EMPTY
}

// replace puts what was appended at end in the place of what is between from
// and to, where the attribute with that key was.
func (s *state) replace(key string, from, to, end int) {
	n := len(s.buf) - end
	if n == to-from {
		copy(s.buf[from:to], s.buf[end:])
		s.buf = s.buf[:end]
		return
	}
	if s.index != nil {
		s.move(encodedKey(key), end)
		return
	}
	var room [128]byte
	replacement := append(room[:0], s.buf[end:]...)
	rest := append([]byte(nil), s.buf[to:end]...)
	s.buf = append(append(s.buf[:from], replacement...), rest...)
}

// keyBit is one of 64, by what differs most between keys.
func keyBit(key string) uint64 {
	n := len(key)
	return 1 << ((uint(n)*7 + uint(key[n-1])*3 + uint(key[n/2])) & 63)
}

// encodedKey is a key as it is encoded.
func encodedKey(key string) string {
	if !utf8.ValidString(key) {
		return strings.ToValidUTF8(key, "\uFFFD")
	}
	return key
}

// find returns where the attribute with a key is, or two zeros.
func (s *state) find(key string) (from, to int) {
	key = encodedKey(key)
	if s.index == nil && s.large() {
		s.makeIndex()
	}
	if s.index != nil {
		return s.index.find(key)
	}
	for at := otlp.HeaderSize; at < len(s.buf); at = to {
		var k []byte
		if k, to = s.keyAt(at); string(k) == key {
			return at, to
		}
	}
	return 0, 0
}

func (s *state) addEvent(l *limits, name string, c *trace.EventConfig) {
	if !s.events.admit(l.EventCountLimit) {
		return
	}
	attrs, dropped := l.attributes(c.Attributes(), l.AttributePerEventCountLimit)
	s.events.buf = otlp.AppendEvent(s.events.buf, name, c.Timestamp(), attrs, dropped)
}

func (s *state) addLink(l *limits, link *trace.Link) {
	if !link.SpanContext.IsValid() && len(link.Attributes) == 0 && link.SpanContext.TraceState().Len() == 0 {
		return
	}
	if !s.links.admit(l.LinkCountLimit) {
		return
	}
	attrs, dropped := l.attributes(link.Attributes, l.AttributePerLinkCountLimit)
	s.links.buf = otlp.AppendLink(s.links.buf, link.SpanContext, attrs, dropped)
}

// admit makes room for one more record, unless there is to be none.
func (r *records) admit(limit int) bool {
	if limit == 0 {
		r.dropped++
		return false
	}
	if limit < 0 || r.n < limit {
		r.n++
		return true
	}
	size, n := binary.Uvarint(r.buf[1:]) // after the tag
	r.buf = r.buf[1+n+int(size):]        //nolint:gosec // it was encoded here
	r.dropped++
	return true
}

// restore makes an empty state that of a span that was encoded and had dropped
// nothing.
func (s *state) restore(from otlp.Span) {
	from.Fields(func(field uint64, encoded []byte) {
		switch field {
		case 9:
			s.buf = append(s.buf, encoded...)
			s.attributes++
			s.seen = math.MaxUint64 // whatever the keys were before they were made valid
		case 11:
			s.events.buf = append(s.events.buf, encoded...)
			s.events.n++
		case 13:
			s.links.buf = append(s.links.buf, encoded...)
			s.links.n++
		}
	})
}

// finish returns the encoded span. The result is valid until release.
func (s *state) finish(r *recording, name string, end time.Time) []byte {
	s.compact()
	s.buf = append(s.buf, s.events.buf...)
	s.buf = append(s.buf, s.links.buf...)
	s.buf = otlp.AppendTrailer(s.buf, &otlp.Trailer{
		Name: name, TraceState: r.context.TraceState(), Flags: r.context.TraceFlags(), ParentRemote: r.parentRemote,
		DroppedAttributes: s.droppedAttributes, DroppedEvents: s.events.dropped, DroppedLinks: s.links.dropped,
		Code: s.code, Description: s.description,
	})
	return otlp.PutHeader(s.buf, &otlp.Header{
		TraceID: r.context.TraceID(), SpanID: r.context.SpanID(), ParentID: r.parent,
		Kind: trace.SpanKind(r.kind), Start: r.start, End: end,
	})
}
