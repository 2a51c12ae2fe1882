package story

import (
	"cmp"
	"slices"
	"strings"
	"time"

	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Delivery is what became of one message that was sent, at one queue.
type Delivery struct {
	EventSource  string    `json:"event_source,omitempty"`
	EventID      string    `json:"event_id,omitempty"`
	Topic        string    `json:"topic,omitempty"`
	SNSMessageID string    `json:"sns_message_id,omitempty"`
	SentAt       time.Time `json:"sent_at,omitzero"`
	SendFailed   bool      `json:"send_failed,omitempty"`
	SendError    string    `json:"send_error,omitempty"`
	Attempts     int       `json:"attempts,omitempty"` // of the publish
	Queue        string    `json:"queue,omitempty"`
	SQSIDs       []string  `json:"sqs_message_ids"` // more than one if it was sent again
	Receives     []Receive `json:"receives"`
	Place        Place     `json:"place"`
	// Message is where it lies now, if it lies in a queue.
	Message *Message `json:"message,omitempty"`
	// WrittenAt is when the row was inserted.
	WrittenAt time.Time `json:"written_at,omitzero"`
	// NoRow is true if the consumer has written it, and a database that answered
	// has no row of it.
	NoRow bool `json:"no_row,omitempty"`
	// By is the trace that brought the row, if it is another one.
	By string `json:"brought_by,omitempty"`

	span  string // the sending's span id
	count int    // of receives, by the row
}

// Receive is one time that a consumer was handed the message.
type Receive struct {
	Count   int       `json:"count"`
	At      time.Time `json:"at"`
	TookUS  int64     `json:"took_us"`
	Outcome string    `json:"outcome,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Code    string    `json:"code,omitempty"`
	Error   string    `json:"error,omitempty"`
	SpanID  string    `json:"span_id"`

	line bool // a line tells of it, and no span
}

// Place is where an event is.
type Place string

// Places.
const (
	PlaceRow        Place = "row"         // written
	PlaceDeadLetter Place = "dead_letter" // put aside
	PlaceQueue      Place = "queue"       // waits, or is being tried
	PlaceUnsent     Place = "unsent"      // SNS never took it
	PlaceRefused    Place = "refused"     // the front door did not take it
	PlaceUnknown    Place = "unknown"
	PlaceNone       Place = "none" // what was found is of no event
)

// Reasons of package deadletter, without its clients of AWS. A test holds them
// against each other.
const (
	reasonUnsettled   = "unsettled"
	reasonUndelivered = "undelivered"
)

func (r Receive) outcome() string {
	outcome, because := cmp.Or(r.Outcome, "no outcome"), strings.TrimSpace(r.Reason+" "+r.Code)
	if because == "" {
		return outcome
	}
	return outcome + " (" + because + ")"
}

// deliveries brings together the sending, the receives, the message that lies
// in a queue and the row. They are matched by the span that sent the message:
// it survives a redrive, a message's id does not.
func (t *Story) deliveries() []Delivery {
	all := []Delivery{}
	for _, s := range t.published() {
		d := Delivery{
			Topic: attr(s, otelconv.MessagingDestinationNameKey), SNSMessageID: attr(s, otelconv.MessagingMessageIDKey),
			SentAt: s.Start, SendFailed: s.Status == statusError, Attempts: number(s.Attributes[string(semconv.AttemptsKey)]), span: s.SpanID,
			SQSIDs: []string{}, Receives: []Receive{}, Place: PlaceUnknown,
		}
		if d.SendFailed {
			d.SendError, d.Place = cmp.Or(s.StatusText, attr(s, otelconv.ErrorTypeKey)), PlaceUnsent
		}
		all = append(all, d)
	}
	for _, s := range t.spansOf(kindInternal) {
		waited(&all, s)
	}
	for _, s := range t.spansOf(kindConsumer) {
		t.receive(&all, s)
	}
	for i := range t.Messages {
		t.lies(&all, &t.Messages[i])
	}
	for _, row := range t.Rows {
		t.written(&all, row)
	}
	// Lines of letters go first: they say which messages became which.
	for _, letters := range []bool{true, false} {
		for i := range t.Logs {
			if letters == (text(t.Logs[i].Attributes[lineOutcome]) == semconv.OutcomeDeadLettered) {
				t.said(&all, &t.Logs[i])
			}
		}
	}
	for i := range all {
		all[i].settle()
		t.rowless(&all[i])
	}
	return all
}

// published are the spans of what was sent to a topic: a consumer sends dead
// letters, too.
func (t *Story) published() (spans []*trace.Span) {
	for _, s := range t.spansOf(kindProducer) {
		if t.isPublish(*s) {
			spans = append(spans, s)
		}
	}
	return spans
}

func (t *Story) isPublish(s trace.Span) bool {
	return s.Kind == kindProducer && !toQueue(&s) && t.consumerOf(s.SpanID) == ""
}

// toQueue reports whether a message went to a queue of SQS, and to no topic.
func toQueue(s *trace.Span) bool {
	return attr(s, otelconv.MessagingSystemKey) == otelconv.MessagingSystemAWSSQS.Value.AsString()
}

// consumerOf is the span of the processing beneath which a span is that sent a
// dead letter, or empty.
func (t *Story) consumerOf(spanID string) string {
	sending := t.span(spanID)
	if sending == nil || sending.Kind != kindProducer {
		return ""
	}
	if parent := t.span(sending.ParentSpanID); parent != nil && parent.Kind == kindConsumer {
		return parent.SpanID
	}
	return ""
}

// span is the one with an id, or nil.
func (t *Story) span(id string) *SpanView {
	if i := slices.IndexFunc(t.Spans, func(v SpanView) bool { return v.SpanID == id }); i >= 0 {
		return &t.Spans[i]
	}
	return nil
}

// spansOf are the spans of a kind, by their start.
func (t *Story) spansOf(kind string) (spans []*trace.Span) {
	for i := range t.Spans {
		if t.Spans[i].Kind == kind {
			spans = append(spans, &t.Spans[i].Span)
		}
	}
	slices.SortStableFunc(spans, func(a, b *trace.Span) int { return a.Start.Compare(b.Start) })
	return spans
}

// last is the receive that stored the event or, as long as none did, the latest.
func (d *Delivery) last() (last Receive) {
	for _, r := range d.Receives {
		if stored(r.Outcome) {
			return r
		}
		if !r.At.Before(last.At) {
			last = r
		}
	}
	return last
}

// stored reports whether an outcome says that the row is there.
func stored(outcome string) bool {
	return outcome == semconv.OutcomeWritten || outcome == semconv.OutcomeDuplicate
}

// settle decides where the event is.
func (d *Delivery) settle() {
	last := d.last()
	switch {
	case !d.WrittenAt.IsZero(), stored(last.Outcome):
		d.Place = PlaceRow
	case d.Message != nil && d.Message.DeadLetter, d.Message == nil && last.Outcome == semconv.OutcomeDeadLettered:
		d.Place = PlaceDeadLetter
	case d.Message != nil, last.Outcome == semconv.OutcomeFailed:
		d.Place = PlaceQueue
	}
}
