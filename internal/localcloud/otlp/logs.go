package otlp

import (
	"encoding/hex"
	"sync"
	"time"

	collogs "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	logspb "go.opentelemetry.io/proto/slim/otlp/logs/v1"
)

// Log is one log record.
type Log struct {
	Time       time.Time      `json:"time"`
	Severity   string         `json:"severity"`
	Body       any            `json:"body"`
	Service    string         `json:"service"`
	TraceID    string         `json:"trace_id,omitempty"`
	SpanID     string         `json:"span_id,omitempty"`
	Attributes map[string]any `json:"attributes"`
}

// logs are the latest records, oldest first.
type logs struct {
	c Config

	mu      sync.Mutex
	records []Log
	sizes   []int
	bytes   int
}

func newLogs(c Config) *logs { return &logs{c: c} }

func (l *logs) add(request *collogs.ExportLogsServiceRequest) (taken int64) {
	var records []Log
	for _, rl := range request.GetResourceLogs() {
		service, _ := attributes(rl.GetResource().GetAttributes())["service.name"].(string)
		for _, sl := range rl.GetScopeLogs() {
			for _, r := range sl.GetLogRecords() {
				records = append(records, record(r, service))
			}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		size := entrySize + sizeOfValue(r.Body) + sizeOfMap(r.Attributes)
		l.records, l.sizes = append(l.records, r), append(l.sizes, size)
		l.bytes += size
		for len(l.records) > l.c.MaxLogs || l.bytes > l.c.MaxBytes {
			l.bytes -= l.sizes[0]
			l.records[0] = Log{}
			l.records, l.sizes = l.records[1:], l.sizes[1:]
		}
	}
	return int64(len(records))
}

func record(r *logspb.LogRecord, service string) Log {
	out := Log{
		Severity: r.GetSeverityText(), Body: anyValue(r.GetBody(), maxValueDepth), Service: service,
		Attributes: attributes(r.GetAttributes()),
	}
	// "If Timestamp is not present … ObservedTimestamp" (OpenTelemetry, Logs
	// Data Model).
	if out.Time = unixNano(r.GetTimeUnixNano()); r.GetTimeUnixNano() == 0 {
		out.Time = unixNano(r.GetObservedTimeUnixNano())
	}
	if validID(r.GetTraceId(), 16) {
		out.TraceID = hex.EncodeToString(r.GetTraceId())
	}
	if validID(r.GetSpanId(), 8) {
		out.SpanID = hex.EncodeToString(r.GetSpanId())
	}
	return out
}

// Logs returns the records of a trace that are still kept, in the order they
// came. With no trace id it returns all of them.
func (r *Receiver) Logs(traceID string) []Log {
	r.logs.mu.Lock()
	defer r.logs.mu.Unlock()
	var out []Log
	for _, l := range r.logs.records {
		if traceID == "" || l.TraceID == traceID {
			out = append(out, l)
		}
	}
	return out
}
