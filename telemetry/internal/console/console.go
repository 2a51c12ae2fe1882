package console

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

// Spans writes a line for each span.
func Spans(ctx context.Context, h slog.Handler, spans []otlp.Span) error {
	var errs []error
	for _, span := range spans {
		s, err := span.Read()
		errs = append(errs, err, write(ctx, h, s.End, "span", spanAttrs(&s)))
	}
	return errors.Join(errs...)
}

func spanAttrs(s *otlp.SpanFields) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("name", s.Name),
		slog.String("kind", s.Kind.String()),
		slog.String("trace_id", s.TraceID.String()),
		slog.String("span_id", s.SpanID.String()),
	}
	if s.ParentID.IsValid() {
		attrs = append(attrs, slog.String("parent_span_id", s.ParentID.String()))
	}
	attrs = append(attrs,
		slog.Time("start", s.Start),
		slog.String("duration", s.End.Sub(s.Start).String()),
		group("attributes", s.Attributes),
	)
	if s.Code != codes.Unset {
		attrs = append(attrs, slog.String("status", s.Code.String()), slog.String("description", s.Description))
	}
	for _, e := range s.Events {
		attrs = append(attrs, slog.Attr{Key: "event " + e.Name, Value: slog.GroupValue(attributes(e.Attributes)...)})
	}
	var links []string
	for _, l := range s.Links {
		links = append(links, l.TraceID.String()+"/"+l.SpanID.String())
	}
	if len(links) > 0 {
		attrs = append(attrs, slog.Any("links", links))
	}
	return attrs
}

// Logs writes a line for each log record.
func Logs(ctx context.Context, h slog.Handler, records []sdklog.Record) error {
	var errs []error
	for i := range records {
		r := &records[i]
		attrs := []slog.Attr{slog.String("severity", r.Severity().String()), slog.Any("body", r.Body().AsInterface())}
		if r.EventName() != "" {
			attrs = append(attrs, slog.String("event", r.EventName()))
		}
		if r.TraceID().IsValid() {
			attrs = append(attrs, slog.String("trace_id", r.TraceID().String()), slog.String("span_id", r.SpanID().String()))
		}
		var own []attribute.KeyValue
		r.WalkAttributes(func(kv attribute.KeyValue) bool {
			own = append(own, kv)
			return true
		})
		errs = append(errs, write(ctx, h, r.Timestamp(), "log record", append(attrs, group("attributes", own))))
	}
	return errors.Join(errs...)
}

func write(ctx context.Context, h slog.Handler, at time.Time, message string, attrs []slog.Attr) error {
	r := slog.NewRecord(at, slog.LevelInfo, message, 0)
	r.AddAttrs(attrs...)
	return h.Handle(ctx, r)
}

func group(name string, attrs []attribute.KeyValue) slog.Attr {
	return slog.Attr{Key: name, Value: slog.GroupValue(attributes(attrs)...)}
}

func attributes(attrs []attribute.KeyValue) []slog.Attr {
	out := make([]slog.Attr, len(attrs))
	for i, kv := range attrs {
		out[i] = slog.Any(string(kv.Key), kv.Value.AsInterface())
	}
	return out
}
