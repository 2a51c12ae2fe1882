package otlp

import (
	"encoding/binary"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"
)

// Span is an encoded span: its field of ScopeSpans, tag and length included,
// and the scope that it belongs to.
type Span struct {
	Scope *Scope
	Data  []byte
}

// Scope is an instrumentation scope, encoded once for all its spans.
type Scope struct {
	scope  []byte // the field of ScopeSpans with the InstrumentationScope
	schema []byte // the field of ScopeSpans with the schema's URL
}

// NewScope encodes a scope.
func NewScope(name, version, schemaURL string, attrs []attribute.KeyValue) *Scope {
	b, mark := open(nil, 1)
	b = appendString(b, 1, name)
	b = appendString(b, 2, version)
	b = appendAttributes(b, 3, attrs)
	return &Scope{scope: closeMessage(b, mark), schema: appendString(nil, 3, schemaURL)}
}

// Key is the same for scopes that are the same.
func (s *Scope) Key() string { return string(s.scope) + string(s.schema) }

// Resource is a resource, encoded once for all requests.
type Resource struct {
	resource []byte // the field of ResourceSpans with the Resource
	schema   []byte // the field of ResourceSpans with the schema's URL
}

// NewResource encodes a resource.
func NewResource(res *resource.Resource) *Resource {
	return &Resource{resource: appendResource(nil, 1, res), schema: appendString(nil, 3, res.SchemaURL())}
}

// AppendSpans appends an ExportTraceServiceRequest with the spans, grouped by
// their scope. Scopes come in the order in which they first appear.
func (r *Resource) AppendSpans(b []byte, spans []Span) []byte {
	if len(spans) == 0 {
		return b
	}
	var room [8]group
	groups := groupSpans(room[:0], spans)
	size := len(r.resource) + len(r.schema)
	for _, g := range groups {
		size += prefixSize(g.size) + g.size
	}
	b = slices.Grow(b, prefixSize(size)+size)
	b = appendPrefix(b, 1, size) // resource_spans
	b = append(b, r.resource...)
	for _, g := range groups {
		b = appendPrefix(b, 2, g.size) // scope_spans
		b = append(b, g.scope.scope...)
		for i := range spans {
			if spans[i].Scope == g.scope {
				b = append(b, spans[i].Data...)
			}
		}
		b = append(b, g.scope.schema...)
	}
	return append(b, r.schema...)
}

// group is the size of the ScopeSpans of one scope.
type group struct {
	scope *Scope
	size  int
}

// groupSpans finds the scopes of spans. Programs have a handful of them, and
// neighbours share theirs, so that looking through all is cheaper than hashing.
func groupSpans(groups []group, spans []Span) []group {
	last := -1
	for i := range spans {
		s := &spans[i]
		if last < 0 || groups[last].scope != s.Scope {
			last = slices.IndexFunc(groups, func(g group) bool { return g.scope == s.Scope })
			if last < 0 {
				last = len(groups)
				groups = append(groups, group{s.Scope, len(s.Scope.scope) + len(s.Scope.schema)})
			}
		}
		groups[last].size += len(s.Data)
	}
	return groups
}

// HeaderSize is how many bytes [PutHeader] needs at most.
const HeaderSize = 64

// Header is what of a span has a known size.
type Header struct {
	TraceID    trace.TraceID
	SpanID     trace.SpanID
	ParentID   trace.SpanID // zero for none
	Kind       trace.SpanKind
	Start, End time.Time
}

// PutHeader completes a span: b holds HeaderSize bytes to be overwritten, and
// then all other fields of the span. It returns the part of b that is a
// [Span]'s Data.
func PutHeader(b []byte, h *Header) []byte {
	var header [HeaderSize]byte
	f := appendBytes(header[:0], 1, h.TraceID[:])
	f = appendBytes(f, 2, h.SpanID[:])
	if h.ParentID.IsValid() {
		f = appendBytes(f, 4, h.ParentID[:])
	}
	f = appendVarint(f, 6, spanKind(h.Kind))
	f = appendFixed64(f, 7, unixNano(h.Start))
	f = appendFixed64(f, 8, unixNano(h.End))
	var prefix [1 + binary.MaxVarintLen64]byte
	p := appendPrefix(prefix[:0], 2, len(f)+len(b)-HeaderSize)
	from := HeaderSize - len(f) - len(p)
	copy(b[from:], p)
	copy(b[from+len(p):], f)
	return b[from:]
}

// SetEnd changes the end of a span that was encoded with one, in place.
func (s Span) SetEnd(end time.Time) {
	_, n := binary.Uvarint(s.Data[1:])
	for at := 1 + n; ; {
		switch s.Data[at] {
		case 1<<3 | wireBytes:
			at += 2 + len(trace.TraceID{})
		case 2<<3 | wireBytes, 4<<3 | wireBytes:
			at += 2 + len(trace.SpanID{})
		case 6<<3 | wireVarint:
			at += 2
		case 7<<3 | wireFixed64:
			at += 1 + 8
		default: // 8<<3 | wireFixed64
			binary.LittleEndian.PutUint64(s.Data[at+1:], unixNano(end))
			return
		}
	}
}

// Trailer is what of a span is known when it ends, and is left out if it is
// zero.
type Trailer struct {
	Name              string
	TraceState        trace.TraceState
	Flags             trace.TraceFlags
	ParentRemote      bool
	DroppedAttributes int
	DroppedEvents     int
	DroppedLinks      int
	Code              codes.Code
	Description       string
}

// AppendTrailer appends the fields of a span.
func AppendTrailer(b []byte, t *Trailer) []byte {
	b = appendTraceState(b, 3, t.TraceState)
	b = appendString(b, 5, t.Name)
	b = appendCount(b, 10, t.DroppedAttributes)
	b = appendCount(b, 12, t.DroppedEvents)
	b = appendCount(b, 14, t.DroppedLinks)
	b = appendStatus(b, t.Code, t.Description)
	return appendFixed32(b, 16, flags(t.Flags, t.ParentRemote))
}

// AppendSpanAttribute appends an attribute of a span.
func AppendSpanAttribute(b []byte, kv *attribute.KeyValue) []byte {
	return appendKeyValue(b, 9, kv)
}

// AppendEvent appends an event of a span.
func AppendEvent(b []byte, name string, at time.Time, attrs []attribute.KeyValue, dropped int) []byte {
	b, mark := open(b, 11)
	b = appendFixed64(b, 1, unixNano(at))
	b = appendString(b, 2, name)
	b = appendAttributes(b, 3, attrs)
	b = appendCount(b, 4, dropped)
	return closeMessage(b, mark)
}

// AppendLink appends a link of a span.
func AppendLink(b []byte, sc trace.SpanContext, attrs []attribute.KeyValue, dropped int) []byte {
	b, mark := open(b, 13)
	traceID, spanID := sc.TraceID(), sc.SpanID()
	b = appendBytes(b, 1, traceID[:])
	b = appendBytes(b, 2, spanID[:])
	b = appendTraceState(b, 3, sc.TraceState())
	b = appendAttributes(b, 4, attrs)
	b = appendCount(b, 5, dropped)
	b = appendFixed32(b, 6, flags(sc.TraceFlags(), sc.IsRemote()))
	return closeMessage(b, mark)
}

func appendTraceState(b []byte, field uint64, ts trace.TraceState) []byte {
	if ts.Len() == 0 {
		return b
	}
	return appendString(b, field, ts.String())
}

func appendStatus(b []byte, code codes.Code, description string) []byte {
	var value uint64
	switch code {
	case codes.Ok:
		value = 1 // STATUS_CODE_OK
	case codes.Error:
		value = 2 // STATUS_CODE_ERROR
	case codes.Unset:
	}
	if value == 0 && description == "" {
		return b
	}
	b, mark := open(b, 15)
	b = appendString(b, 2, description)
	b = appendVarint(b, 3, value)
	return closeMessage(b, mark)
}

// spanKind is the value of enum SpanKind, which counts like the API's but
// for its first: a span of no known kind is unspecified.
func spanKind(kind trace.SpanKind) uint64 {
	switch kind {
	case trace.SpanKindInternal:
		return 1
	case trace.SpanKindServer:
		return 2
	case trace.SpanKindClient:
		return 3
	case trace.SpanKindProducer:
		return 4
	case trace.SpanKindConsumer:
		return 5
	default:
		return 0
	}
}

// flags are SpanFlags: the W3C trace flags, and whether the parent, or the
// span linked to, is remote, which is always known here.
func flags(f trace.TraceFlags, remote bool) uint32 {
	const hasIsRemote, isRemote = 0x100, 0x200
	if remote {
		return uint32(f) | hasIsRemote | isRemote
	}
	return uint32(f) | hasIsRemote
}
