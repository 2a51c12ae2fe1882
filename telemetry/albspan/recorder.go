package albspan

import (
	"context"

	"go.opentelemetry.io/otel/codes"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/alblog"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

const scopeName = "github.com/tracehaul/tracehaul/telemetry/albspan"

// Recorder makes spans of entries. It may be used by several goroutines.
type Recorder struct{ tracer trace.Tracer }

// NewRecorder returns a recorder. The provider has to have [IDs], or the spans
// get ids that nobody else can derive, and should have [xray.Sampler], as those
// of package telemetry do, around the sampler that the service has.
func NewRecorder(p trace.TracerProvider) *Recorder {
	return &Recorder{p.Tracer(scopeName, trace.WithSchemaURL(otelsemconv.SchemaURL))}
}

// Record makes the span of an entry, if its trace is sampled, and tells
// whether it is.
func (r *Recorder) Record(e *alblog.Entry) bool {
	h, id := identity(e)
	ctx := &given{xray.ContextWithHeader(context.Background(), h), id}
	_, span := r.tracer.Start(ctx, name(e), trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(e.Created))
	if !span.IsRecording() {
		span.End()
		return false
	}
	s := Describe(e)
	span.SetAttributes(s.Attributes...)
	for _, event := range s.Events {
		span.AddEvent(event.Name, trace.WithTimestamp(event.Time))
	}
	if s.Failed {
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(s.End))
	return span.SpanContext().IsSampled()
}
