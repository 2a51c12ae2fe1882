package otlp

import (
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// AppendSpans appends an ExportTraceServiceRequest with the spans, all of one
// provider and so of one resource. Spans are grouped by their scope.
func AppendSpans(b []byte, spans []sdktrace.ReadOnlySpan) []byte {
	if len(spans) == 0 {
		return b
	}
	res := spans[0].Resource()
	b, resourceSpans := open(b, 1)
	b = appendResource(b, 1, res)
	for scope, spans := range byScope(spans, spanScope) {
		var scopeSpans int
		b, scopeSpans = open(b, 2)
		b = appendScope(b, 1, scope)
		for s := range spans {
			b = appendSpan(b, *s)
		}
		b = appendString(b, 3, scope.SchemaURL)
		b = closeMessage(b, scopeSpans)
	}
	b = appendString(b, 3, res.SchemaURL())
	return closeMessage(b, resourceSpans)
}

func spanScope(s *sdktrace.ReadOnlySpan) instrumentation.Scope { return (*s).InstrumentationScope() }

func appendSpan(b []byte, s sdktrace.ReadOnlySpan) []byte {
	b, mark := open(b, 2)
	sc := s.SpanContext()
	traceID, spanID := sc.TraceID(), sc.SpanID()
	b = appendBytes(b, 1, traceID[:])
	b = appendBytes(b, 2, spanID[:])
	b = appendTraceState(b, 3, sc.TraceState())
	parent := s.Parent()
	if parentID := parent.SpanID(); parentID.IsValid() {
		b = appendBytes(b, 4, parentID[:])
	}
	b = appendString(b, 5, s.Name())
	b = appendVarint(b, 6, spanKind(s.SpanKind()))
	b = appendFixed64(b, 7, unixNano(s.StartTime()))
	b = appendFixed64(b, 8, unixNano(s.EndTime()))
	b = appendAttributes(b, 9, s.Attributes())
	b = appendCount(b, 10, s.DroppedAttributes())
	b = appendEvents(b, s.Events())
	b = appendCount(b, 12, s.DroppedEvents())
	b = appendLinks(b, s.Links())
	b = appendCount(b, 14, s.DroppedLinks())
	b = appendStatus(b, s.Status())
	b = appendFixed32(b, 16, flags(sc.TraceFlags(), parent.IsRemote()))
	return closeMessage(b, mark)
}

func appendEvents(b []byte, events []sdktrace.Event) []byte {
	for i := range events {
		e := &events[i]
		var mark int
		b, mark = open(b, 11)
		b = appendFixed64(b, 1, unixNano(e.Time))
		b = appendString(b, 2, e.Name)
		b = appendAttributes(b, 3, e.Attributes)
		b = appendCount(b, 4, e.DroppedAttributeCount)
		b = closeMessage(b, mark)
	}
	return b
}

func appendLinks(b []byte, links []sdktrace.Link) []byte {
	for i := range links {
		l := &links[i]
		traceID, spanID := l.SpanContext.TraceID(), l.SpanContext.SpanID()
		var mark int
		b, mark = open(b, 13)
		b = appendBytes(b, 1, traceID[:])
		b = appendBytes(b, 2, spanID[:])
		b = appendTraceState(b, 3, l.SpanContext.TraceState())
		b = appendAttributes(b, 4, l.Attributes)
		b = appendCount(b, 5, l.DroppedAttributeCount)
		b = appendFixed32(b, 6, flags(l.SpanContext.TraceFlags(), l.SpanContext.IsRemote()))
		b = closeMessage(b, mark)
	}
	return b
}

func appendTraceState(b []byte, field uint64, ts trace.TraceState) []byte {
	if ts.Len() == 0 {
		return b
	}
	return appendString(b, field, ts.String())
}

func appendStatus(b []byte, status sdktrace.Status) []byte {
	var code uint64
	switch status.Code {
	case codes.Ok:
		code = 1 // STATUS_CODE_OK
	case codes.Error:
		code = 2 // STATUS_CODE_ERROR
	case codes.Unset:
	}
	if code == 0 && status.Description == "" {
		return b
	}
	b, mark := open(b, 15)
	b = appendString(b, 2, status.Description)
	b = appendVarint(b, 3, code)
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
