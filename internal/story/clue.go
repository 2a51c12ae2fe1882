package story

import (
	"slices"
	"strings"

	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// EventID is what an event is known by. Source is empty where only the id is
// known.
type EventID struct {
	Source string `json:"source"`
	ID     string `json:"id"`
}

// Clues are what is known of an event so far. Back ends look for all of them.
type Clues struct {
	TraceIDs []string  // 32 lower-case hexadecimal digits
	Linked   []string  // further traces, of which spans are linked to
	Events   []EventID //
	Subjects []string  // of events, looked for where nothing else was found
	SNS, SQS []string  // message ids
	Queues   []string  // that spans tell of
}

// maxClues bounds how many of a kind are followed: a batch can have many.
const maxClues = 100

// IsTraceID reports whether a text has the one form that a trace id has as a
// clue. What back ends tell is of others' making: it becomes part of addresses
// and queries.
func IsTraceID(id string) bool {
	return len(id) == 32 && strings.Trim(id, "0123456789abcdef") == "" && strings.Trim(id, "0") != ""
}

func (c *Clues) trace(id string) {
	if IsTraceID(id) {
		add(&c.TraceIDs, id)
	}
}

// link is a trace that is looked at, and followed no further.
func (c *Clues) link(id string) {
	if IsTraceID(id) && !slices.Contains(c.TraceIDs, id) {
		add(&c.Linked, id)
	}
}

func add[T comparable](list *[]T, v T) {
	var zero T
	if v != zero && len(*list) < maxClues && !slices.Contains(*list, v) {
		*list = append(*list, v)
	}
}

// clone is a copy that back ends may keep.
func (c *Clues) clone() Clues {
	return Clues{slices.Clone(c.TraceIDs), slices.Clone(c.Linked), slices.Clone(c.Events), slices.Clone(c.Subjects), slices.Clone(c.SNS), slices.Clone(c.SQS), slices.Clone(c.Queues)}
}

// size grows with every clue that leads on: a subject is none.
func (c *Clues) size() int {
	return len(c.TraceIDs) + len(c.Linked) + len(c.Events) + len(c.SNS) + len(c.SQS) + len(c.Queues)
}

// learn takes the clues out of what was found. A trace that nothing led to yet
// is followed; the traces that a known one links to are looked at, no further.
func (c *Clues) learn(f *Found) {
	for _, row := range f.Rows {
		c.trace(text(row.Get("trace_id")))
		c.event(EventID{text(row.Get("source")), text(row.Get("id"))})
		add(&c.SQS, text(row.Get("sqs_message_id")))
		add(&c.SNS, text(row.Get("sns_message_id")))
		// The load balancer's own trace, where the client brought another one.
		if root, ok := xray.TraceIDFromRoot(text(row.Get("alb_root"))); ok && text(row.Get("trace_id")) != root.String() {
			add(&c.Linked, root.String())
		}
	}
	for i := range f.Messages {
		m := &f.Messages[i]
		c.trace(m.TraceID)
		c.event(EventID{m.EventSource, m.EventID})
		add(&c.SQS, m.MessageID)
		add(&c.SNS, m.SNSMessageID)
	}
	if len(c.TraceIDs) == 0 {
		for i := range f.Spans {
			if c.names(&f.Spans[i]) {
				c.trace(f.Spans[i].TraceID)
			}
		}
	}
	if len(c.TraceIDs) == 0 { // spans know better: lines may be of an invocation
		for i := range f.Logs {
			c.trace(f.Logs[i].TraceID)
		}
	}
	for i := range f.Spans {
		c.span(&f.Spans[i])
	}
	for i := range f.Logs {
		c.line(&f.Logs[i])
	}
}

// line takes the message out of a line that a consumer writes of one.
func (c *Clues) line(l *Log) {
	if l.Attributes[lineOutcome] == nil || !slices.Contains(c.TraceIDs, l.TraceID) {
		return
	}
	add(&c.SQS, text(l.Attributes[lineMessage]))
	c.event(EventID{text(l.Attributes[lineEventSource]), text(l.Attributes[lineEventID])})
}

// event keeps an id with its source in place of the id alone.
func (c *Clues) event(id EventID) {
	if id.ID == "" {
		return
	}
	if i := slices.Index(c.Events, EventID{"", id.ID}); i >= 0 && id.Source != "" && !slices.Contains(c.Events, id) {
		c.Events[i] = id
		return
	}
	add(&c.Events, id)
}

// names reports whether a span is of a message that is looked for.
func (c *Clues) names(s *trace.Span) bool {
	id, sns := attr(s, otelconv.MessagingMessageIDKey), attr(s, semconv.SNSMessageIDKey)
	return id != "" && (slices.Contains(c.SNS, id) || slices.Contains(c.SQS, id)) || sns != "" && slices.Contains(c.SNS, sns)
}

// namedBy reports whether a line is of a message or an event that is looked for.
func (c *Clues) namedBy(l *Log) bool {
	message, id := text(l.Attributes[lineMessage]), text(l.Attributes[lineEventID])
	return message != "" && slices.Contains(c.SQS, message) ||
		id != "" && slices.ContainsFunc(c.Events, func(e EventID) bool { return e.Is(text(l.Attributes[lineEventSource]), id) })
}

// keepNamed drops what a back end found by the text of an id, which may be a part
// of another: it keeps traces in which something is what is looked for.
func (f *Found) keepNamed(c *Clues) {
	traces := map[string]bool{}
	for i := range f.Spans {
		if c.names(&f.Spans[i]) {
			traces[f.Spans[i].TraceID] = true
		}
	}
	for i := range f.Logs {
		if c.namedBy(&f.Logs[i]) {
			traces[f.Logs[i].TraceID] = true
		}
	}
	// In copies: the back end may keep them.
	f.Spans = slices.DeleteFunc(slices.Clone(f.Spans), func(s trace.Span) bool { return !traces[s.TraceID] && !linksTo(&s, traces) })
	f.Logs = slices.DeleteFunc(slices.Clone(f.Logs), func(l Log) bool { return !traces[l.TraceID] && !c.namedBy(&l) })
}

func linksTo(s *trace.Span, traces map[string]bool) bool {
	return slices.ContainsFunc(s.Links, func(l trace.Link) bool { return traces[l.TraceID] })
}

func (c *Clues) span(s *trace.Span) {
	if !slices.Contains(c.TraceIDs, s.TraceID) {
		return
	}
	for _, l := range s.Links {
		c.link(l.TraceID)
	}
	switch s.Kind {
	case kindProducer:
		if toQueue(s) {
			add(&c.SQS, attr(s, otelconv.MessagingMessageIDKey))
			return
		}
		add(&c.SNS, attr(s, otelconv.MessagingMessageIDKey))
	case kindConsumer:
		add(&c.SQS, attr(s, otelconv.MessagingMessageIDKey))
		add(&c.SNS, attr(s, semconv.SNSMessageIDKey))
		add(&c.Queues, attr(s, otelconv.MessagingDestinationNameKey))
	}
}
