package otlp

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
)

// AppendLogs appends an ExportLogsServiceRequest with the records, all of one
// provider and so of one resource. Records are grouped by their scope.
func AppendLogs(b []byte, records []sdklog.Record) []byte {
	if len(records) == 0 {
		return b
	}
	res := records[0].Resource()
	b, resourceLogs := open(b, 1)
	b = appendResource(b, 1, res)
	for scope, records := range byScope(records, recordScope) {
		var scopeLogs int
		b, scopeLogs = open(b, 2)
		b = appendScope(b, 1, scope)
		for r := range records {
			b = appendRecord(b, r)
		}
		b = appendString(b, 3, scope.SchemaURL)
		b = closeMessage(b, scopeLogs)
	}
	b = appendString(b, 3, res.SchemaURL())
	return closeMessage(b, resourceLogs)
}

func recordScope(r *sdklog.Record) instrumentation.Scope { return r.InstrumentationScope() }

func appendRecord(b []byte, r *sdklog.Record) []byte {
	b, mark := open(b, 2)
	b = appendFixed64(b, 1, unixNano(r.Timestamp()))
	if s := r.Severity(); s >= log.SeverityTrace1 && s <= log.SeverityFatal4 {
		b = appendVarint(b, 2, uint64(s)) // enum SeverityNumber counts like the API's
	}
	b = appendString(b, 3, r.SeverityText())
	b = appendValue(b, 5, r.Body())
	r.WalkAttributes(func(kv attribute.KeyValue) bool {
		b = appendKeyValue(b, 6, &kv)
		return true
	})
	b = appendCount(b, 7, r.DroppedAttributes())
	b = appendFixed32(b, 8, uint32(r.TraceFlags()))
	if id := r.TraceID(); id.IsValid() {
		b = appendBytes(b, 9, id[:])
	}
	if id := r.SpanID(); id.IsValid() {
		b = appendBytes(b, 10, id[:])
	}
	b = appendFixed64(b, 11, unixNano(r.ObservedTimestamp()))
	b = appendString(b, 12, r.EventName())
	return closeMessage(b, mark)
}
