package story

import (
	"slices"

	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// decide says what was given, by what was found: the first thing that it can be
// and is, or the likeliest.
func (s *collector) decide() {
	s.candidate = s.all[0]
	for _, c := range s.all {
		if s.is(c) {
			s.candidate = c
			break
		}
	}
	if first := s.all[0]; first.Kind == KindTrace && s.candidate.Kind != KindTrace {
		s.clues.TraceIDs = slices.DeleteFunc(s.clues.TraceIDs, func(id string) bool { return id == first.Clues.TraceIDs[0] })
	}
}

// is reports whether something of what was found is a candidate's.
func (s *collector) is(c Candidate) bool {
	switch c.Kind {
	case KindTrace:
		id := c.Clues.TraceIDs[0]
		return len(s.found.AccessLog) > 0 || s.hasRow("trace_id", id) ||
			slices.ContainsFunc(s.found.Rows, func(row trace.Row) bool { return text(row.Get("alb_root")) == "1-"+id[:8]+"-"+id[8:] }) ||
			slices.ContainsFunc(s.found.Spans, func(span trace.Span) bool { return span.TraceID == id }) ||
			slices.ContainsFunc(s.found.Logs, func(l Log) bool { return l.TraceID == id }) ||
			slices.ContainsFunc(s.found.Messages, func(m Message) bool { return m.TraceID == id })
	case KindSQS:
		id := c.Clues.SQS[0]
		return s.hasRow("sqs_message_id", id) || slices.ContainsFunc(s.found.Messages, func(m Message) bool { return m.MessageID == id }) ||
			slices.ContainsFunc(s.found.Spans, func(span trace.Span) bool {
				return (span.Kind != kindProducer || toQueue(&span)) && attr(&span, otelconv.MessagingMessageIDKey) == id
			})
	case KindSNS:
		id := c.Clues.SNS[0]
		return s.hasRow("sns_message_id", id) || slices.ContainsFunc(s.found.Messages, func(m Message) bool { return m.SNSMessageID == id }) ||
			slices.ContainsFunc(s.found.Spans, func(span trace.Span) bool {
				return span.Kind == kindProducer && !toQueue(&span) && attr(&span, otelconv.MessagingMessageIDKey) == id || attr(&span, semconv.SNSMessageIDKey) == id
			})
	default:
		id := c.Clues.Events[0].ID
		return s.hasRow("id", id) || slices.ContainsFunc(s.found.Messages, func(m Message) bool { return m.EventID == id })
	}
}

func (s *collector) hasRow(column, value string) bool {
	return slices.ContainsFunc(s.found.Rows, func(row trace.Row) bool { return text(row.Get(column)) == value })
}

// placed reports whether it is known where the event is or, if a trace was
// given, where each of its events is.
func (s *collector) placed() bool {
	if len(s.found.Messages) > 0 {
		return true
	}
	for _, c := range s.all {
		if c.Kind == KindEvent && s.hasRow("id", c.Clues.Events[0].ID) {
			return true
		}
	}
	sent, written := map[string]bool{}, map[string]bool{}
	for i := range s.found.Spans {
		span := &s.found.Spans[i]
		switch outcome := attr(span, semconv.OutcomeKey); {
		case span.Kind == kindProducer && !toQueue(span) && slices.Contains(s.clues.TraceIDs, span.TraceID):
			sent[span.SpanID] = true
		case span.Kind == kindConsumer && (outcome == semconv.OutcomeWritten || outcome == semconv.OutcomeDuplicate):
			written[span.ParentSpanID] = true
		}
	}
	settled := max(len(s.found.Rows), len(written))
	return settled > 0 && settled >= len(sent)
}
