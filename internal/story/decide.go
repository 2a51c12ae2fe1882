package story

import (
	"slices"
	"strings"

	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// decide says what was given, by what was found: the first thing that it can be
// and is, or the likeliest that has not turned out to be wrong.
func (s *collector) decide() {
	s.candidate = s.all[0]
	if s.remember(); s.wrong() && !s.found.empty() {
		s.candidate = s.all[1]
	}
	for _, c := range s.all {
		if s.is(c) {
			s.candidate = c
			break
		}
	}
	if s.candidate.Kind != KindTrace {
		s.forget()
	}
}

// wrong reports whether what was given could be a trace's id and something else,
// and nobody knows such a trace.
func (s *collector) wrong() bool {
	return len(s.all) > 1 && s.all[0].Kind == KindTrace && !s.is(s.all[0])
}

// forget drops the guess that what was given is a trace's id, if there was one.
// It reports whether it did.
func (s *collector) forget() bool {
	if s.all[0].Kind != KindTrace || s.forgot {
		return false
	}
	s.forgot = true
	s.clues.TraceIDs = slices.DeleteFunc(s.clues.TraceIDs, func(id string) bool { return id == s.all[0].Clues.TraceIDs[0] })
	return true
}

// remember takes the guess up again: who is asked last may know it.
func (s *collector) remember() {
	if s.forgot {
		s.forgot = false
		s.clues.TraceIDs = slices.Insert(s.clues.TraceIDs, 0, s.all[0].Clues.TraceIDs[0])
	}
}

// is reports whether something of what was found is a candidate's.
func (s *collector) is(c Candidate) bool {
	switch c.Kind {
	case KindTrace:
		id := c.Clues.TraceIDs[0]
		root := "1-" + id[:8] + "-" + id[8:]
		return s.hasRow("trace_id", id) || s.hasRow("alb_root", root) ||
			slices.ContainsFunc(s.found.AccessLog, func(line string) bool { return strings.Contains(strings.ToLower(line), root) }) ||
			slices.ContainsFunc(s.found.Spans, func(span trace.Span) bool { return span.TraceID == id }) ||
			slices.ContainsFunc(s.found.Logs, func(l Log) bool { return l.TraceID == id }) ||
			slices.ContainsFunc(s.found.Messages, func(m Message) bool { return m.TraceID == id })
	case KindSQS:
		id := c.Clues.SQS[0]
		return s.hasRow("sqs_message_id", id) || slices.ContainsFunc(s.found.Logs, func(l Log) bool { return text(l.Attributes[lineMessage]) == id }) ||
			slices.ContainsFunc(s.found.Messages, func(m Message) bool { return m.MessageID == id }) ||
			slices.ContainsFunc(s.found.Spans, func(span trace.Span) bool {
				return (span.Kind != kindProducer || toQueue(&span)) && attr(&span, otelconv.MessagingMessageIDKey) == id
			})
	case KindSNS:
		id := c.Clues.SNS[0]
		return s.hasRow("sns_message_id", id) || slices.ContainsFunc(s.found.Messages, func(m Message) bool { return m.SNSMessageID == id }) ||
			slices.ContainsFunc(s.found.Spans, func(span trace.Span) bool {
				return span.Kind == kindProducer && !toQueue(&span) && attr(&span, otelconv.MessagingMessageIDKey) == id || attr(&span, semconv.SNSMessageIDKey) == id
			})
	case KindSubject:
		subject := c.Clues.Subjects[0]
		return s.hasRow("subject", subject) || slices.ContainsFunc(s.found.Messages, func(m Message) bool { return m.EventSubject == subject })
	default:
		e := c.Clues.Events[0]
		return slices.ContainsFunc(s.found.Rows, func(row trace.Row) bool { return e.is(text(row.Get("source")), text(row.Get("id"))) }) ||
			slices.ContainsFunc(s.found.Messages, func(m Message) bool { return e.is(m.EventSource, m.EventID) })
	}
}

// is reports whether an event is the one that is looked for.
func (e EventID) is(source, id string) bool {
	return e.ID == id && (e.Source == "" || e.Source == source)
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
		if c.Kind == KindEvent && s.is(c) {
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
