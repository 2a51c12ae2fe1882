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
	s.remember()
	c, known := s.best()
	if !known { // what was found beside it is of others
		s.found = Found{Notes: s.found.Notes}
		return
	}
	s.candidate = c
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
		return s.hasRowOf(e) ||
			slices.ContainsFunc(s.found.Logs, func(l Log) bool { return c.Clues.namedBy(&l) }) ||
			slices.ContainsFunc(s.found.Messages, func(m Message) bool { return e.Is(m.EventSource, m.EventID) })
	}
}

// Is reports whether an event is the one that is looked for.
func (e EventID) Is(source, id string) bool {
	return e.ID == id && (e.Source == "" || e.Source == source)
}

func (s *collector) hasRow(column, value string) bool {
	return slices.ContainsFunc(s.found.Rows, func(row trace.Row) bool { return text(row.Get(column)) == value })
}

func (s *collector) hasRowOf(e EventID) bool {
	return slices.ContainsFunc(s.found.Rows, func(row trace.Row) bool { return e.Is(text(row.Get("source")), text(row.Get("id"))) })
}

// best is the likeliest thing that was given, and of which something was found.
func (s *collector) best() (c Candidate, known bool) {
	if i := slices.IndexFunc(s.all, s.is); i >= 0 {
		return s.all[i], true
	}
	return c, false
}

// placed reports whether it is known where the event is at each queue or, if a
// trace was given, where each of its events is. Of a subject there may always be
// one more.
func (s *collector) placed() bool {
	if len(s.found.Messages) > 0 {
		return true
	}
	oneQueue := len(s.Expect.Queues) <= 1 && len(s.Expect.MaxReceives) <= 1
	switch c, known := s.best(); {
	case !known, c.Kind == KindSubject:
		return false
	case oneQueue && (c.Kind == KindEvent && s.hasRowOf(c.Clues.Events[0]) || c.Kind == KindSQS && s.hasRow("sqs_message_id", c.Clues.SQS[0])):
		return true
	}
	return s.settled()
}

// settled reports whether it is known what became of all that was sent, at each
// queue that everything goes to.
func (s *collector) settled() bool {
	sent, written := map[string]bool{}, map[[2]string]bool{}
	for i := range s.found.Spans {
		span := &s.found.Spans[i]
		switch {
		case span.Kind == kindProducer && !toQueue(span) && slices.Contains(s.clues.TraceIDs, span.TraceID):
			sent[span.SpanID] = true
		case span.Kind == kindConsumer && stored(attr(span, semconv.OutcomeKey)):
			written[[2]string{span.ParentSpanID, attr(span, otelconv.MessagingDestinationNameKey)}] = true
			written[[2]string{span.ParentSpanID, ""}] = true // at whichever
		}
	}
	queues := s.Expect.Queues
	if len(queues) == 0 {
		queues = []string{""}
	}
	settled := 0
	for id := range sent {
		for _, q := range queues {
			if written[[2]string{id, q}] {
				settled++
			}
		}
	}
	if len(queues) == 1 {
		settled = max(settled, len(s.found.Rows))
	}
	return len(sent) > 0 && settled >= len(sent)*len(queues)
}
