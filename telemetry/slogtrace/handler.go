package slogtrace

import (
	"context"
	"encoding/hex"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"
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
	// next has all attributes and groups, for records without a trace, and
	// for all records as long as there is no group.
	next slog.Handler

	// root has the attributes from before the first group only. What came
	// after is in groups, outermost first. With a trace, the groups are made
	// for each record, so that the trace can stand beside the outermost one.
	root   slog.Handler
	groups []group
}

// group is an open group and the attributes that were added within it.
type group struct {
	name  string
	attrs []slog.Attr
}

// NewHandler returns a Handler that passes records on to next. Groups that are
// already open in next hold the trace as well.
func NewHandler(next slog.Handler) *Handler { return &Handler{next: next, root: next} }

// Enabled reports whether next handles records of the level.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle passes the record on, with the trace in it if ctx holds a span.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return h.next.Handle(ctx, r)
	}
	traceID, spanID, flags := attributes(sc)
	if len(h.groups) > 0 {
		r = h.grouped(r)
	} else {
		r = r.Clone()
	}
	r.AddAttrs(traceID, spanID, flags)
	return h.root.Handle(ctx, r)
}

// attributes formats a span context, with one allocation.
func attributes(sc trace.SpanContext) (traceID, spanID, flags slog.Attr) {
	t, s := sc.TraceID(), sc.SpanID()
	var buf [50]byte
	hex.Encode(buf[:32], t[:])
	hex.Encode(buf[32:48], s[:])
	hex.Encode(buf[48:], []byte{byte(sc.TraceFlags())})
	text := string(buf[:])
	return slog.String(TraceIDKey, text[:32]), slog.String(SpanIDKey, text[32:48]), slog.String(TraceFlagsKey, text[48:])
}

// grouped returns the record with its attributes in the handler's groups.
func (h *Handler) grouped(r slog.Record) slog.Record {
	innermost := len(h.groups) - 1
	attrs := make([]slog.Attr, 0, len(h.groups[innermost].attrs)+r.NumAttrs())
	attrs = append(attrs, h.groups[innermost].attrs...)
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	for i := innermost; i > 0; i-- {
		inner := slog.Attr{Key: h.groups[i].name, Value: slog.GroupValue(attrs...)}
		attrs = append(slices.Clip(h.groups[i-1].attrs), inner)
	}
	out := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	out.AddAttrs(slog.Attr{Key: h.groups[0].name, Value: slog.GroupValue(attrs...)})
	return out
}

// WithAttrs returns a Handler whose records have the attributes as well.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	next := h.next.WithAttrs(attrs)
	if len(h.groups) == 0 {
		return &Handler{next: next, root: next}
	}
	groups := slices.Clone(h.groups)
	last := &groups[len(groups)-1]
	last.attrs = slices.Concat(last.attrs, attrs)
	return &Handler{next: next, root: h.root, groups: groups}
}

// WithGroup returns a Handler that puts the attributes of its records, but not
// the trace, into a group.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &Handler{
		next:   h.next.WithGroup(name),
		root:   h.root,
		groups: append(slices.Clip(h.groups), group{name: name}),
	}
}
