package span

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
)

// unrecorded is a span of which there is nothing but the context that its
// children inherit.
type unrecorded struct {
	embedded.Span
	context.Context //nolint:containedctx // the span is a context itself, see Value

	provider *Provider
	context  trace.SpanContext
}

func (u *unrecorded) SpanContext() trace.SpanContext { return u.context }

func (u *unrecorded) TracerProvider() trace.TracerProvider { return u.provider }

func (*unrecorded) IsRecording() bool { return false }

func (*unrecorded) End(...trace.SpanEndOption) {}

func (*unrecorded) SetName(string) {}

func (*unrecorded) SetStatus(codes.Code, string) {}

func (*unrecorded) SetAttributes(...attribute.KeyValue) {}

func (*unrecorded) AddEvent(string, ...trace.EventOption) {}

func (*unrecorded) AddLink(trace.Link) {}

func (*unrecorded) RecordError(error, ...trace.EventOption) {}
