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
	// By is the trace that brought the row, if it is another one.
	By string `json:"brought_by,omitempty"`

	span string // the sending's span id
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

// reasonUnsettled is deadletter.ReasonUnsettled.
const reasonUnsettled = "unsettled"

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
	for i := range all {
		all[i].settle()
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
	for i := range t.Spans {
		if t.Spans[i].SpanID != spanID || t.Spans[i].Kind != kindProducer {
			continue
		}
		parent := t.Spans[i].ParentSpanID
		if slices.ContainsFunc(t.Spans, func(v SpanView) bool { return v.SpanID == parent && v.Kind == kindConsumer }) {
			return parent
		}
	}
	return ""
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

// find returns the delivery of a sending to a queue, made if need be. The
// first one that nobody has received yet takes the queue's name.
func find(all *[]Delivery, span, queue, sqs, sns string) *Delivery {
	for pass := range 2 {
		for i := range *all {
			d := &(*all)[i]
			same := span != "" && d.span == span || sqs != "" && slices.Contains(d.SQSIDs, sqs) || sns != "" && d.SNSMessageID == sns
			if same && (pass == 0 && d.Queue == queue || pass == 1 && d.Queue == "") {
				d.Queue = queue
				return d
			}
		}
	}
	d := Delivery{Queue: queue, SQSIDs: []string{}, Receives: []Receive{}, Place: PlaceUnknown, span: span}
	if i := slices.IndexFunc(*all, func(d Delivery) bool { return span != "" && d.span == span }); i >= 0 {
		of := &(*all)[i] // another consumer's
		d.Topic, d.SNSMessageID, d.SentAt, d.Attempts = of.Topic, of.SNSMessageID, of.SentAt, of.Attempts
	}
	*all = append(*all, d)
	return &(*all)[len(*all)-1]
}

// waited takes in the span of a wait: it tells queue and message even where the
// span of the processing is lost.
func waited(all *[]Delivery, s *trace.Span) {
	queue, id := attr(s, otelconv.MessagingDestinationNameKey), attr(s, otelconv.MessagingMessageIDKey)
	if queue == "" || id == "" {
		return
	}
	d := find(all, s.ParentSpanID, queue, id, "")
	add(&d.SQSIDs, id)
}

func (t *Story) receive(all *[]Delivery, s *trace.Span) {
	id := attr(s, otelconv.MessagingMessageIDKey)
	d := find(all, s.ParentSpanID, attr(s, otelconv.MessagingDestinationNameKey), id, attr(s, semconv.SNSMessageIDKey))
	add(&d.SQSIDs, id)
	if sns := attr(s, semconv.SNSMessageIDKey); d.SNSMessageID == "" {
		d.SNSMessageID = sns
	}
	r := Receive{
		Count: number(s.Attributes[string(semconv.ReceiveCountKey)]), At: s.Start, TookUS: s.Duration().Microseconds(), SpanID: s.SpanID,
		Outcome: attr(s, semconv.OutcomeKey), Reason: attr(s, semconv.ReasonKey),
	}
	if s.Status == statusError {
		r.Error = s.StatusText
		r.Code = t.code(s)
	}
	d.Receives = append(d.Receives, r)
}

// code is the error's own code: of the SQL beneath the processing, or in the
// lines of its invocation.
func (t *Story) code(process *trace.Span) string {
	for i := range t.Spans {
		s := &t.Spans[i]
		if s.ParentSpanID == process.SpanID && s.Status == statusError && has(&s.Span, otelconv.DBResponseStatusCodeKey) {
			return attr(&s.Span, otelconv.DBResponseStatusCodeKey)
		}
	}
	for i := range t.Logs {
		l := &t.Logs[i]
		code := text(l.Attributes["code"])
		ofInvocation := slices.ContainsFunc(process.Links, func(link trace.Link) bool { return link.TraceID == l.TraceID && link.SpanID == l.SpanID })
		if code != "" && (l.SpanID == process.SpanID || ofInvocation) {
			return code
		}
	}
	return ""
}

// lies takes in a message that lies in a queue. A dead letter belongs to the
// queue that it comes from.
func (t *Story) lies(all *[]Delivery, m *Message) {
	queue := m.Queue
	if m.DeadLetter {
		queue = t.before(*all, m)
	}
	d := t.gaveUp(*all, m)
	if d == nil {
		d = find(all, m.SpanID, queue, m.MessageID, m.SNSMessageID)
	}
	add(&d.SQSIDs, m.MessageID)
	d.EventSource, d.EventID = cmp.Or(d.EventSource, m.EventSource), cmp.Or(d.EventID, m.EventID)
	// Of several copies the one that can still arrive counts.
	if d.Message == nil || d.Message.DeadLetter {
		d.Message = m
	}
}

// gaveUp is the delivery of which a consumer made a dead letter, if its span
// tells: the letter of a message that brought no trace is of that span.
func (t *Story) gaveUp(all []Delivery, m *Message) *Delivery {
	process := t.consumerOf(m.SpanID)
	for i := range all {
		if process != "" && slices.ContainsFunc(all[i].Receives, func(r Receive) bool { return r.SpanID == process }) {
			return &all[i]
		}
	}
	return nil
}

// before is the queue that a dead letter comes from, as far as spans tell.
func (t *Story) before(all []Delivery, m *Message) string {
	for i := range all {
		d := &all[i]
		if slices.Contains(d.SQSIDs, m.MessageID) || m.SpanID != "" && d.span == m.SpanID && d.Queue != "" && strings.HasPrefix(m.Queue, d.Queue) {
			return d.Queue
		}
	}
	return strings.TrimSuffix(strings.TrimSuffix(m.Queue, "-dlq"), "-undelivered")
}

func (t *Story) written(all *[]Delivery, row trace.Row) {
	process := text(row.Get("span_id"))
	sqs := text(row.Get("sqs_message_id"))
	var d *Delivery
	for i := range *all {
		at := &(*all)[i]
		byReceive := slices.ContainsFunc(at.Receives, func(r Receive) bool { return process != "" && r.SpanID == process })
		byEvent := at.EventID != "" && at.EventID == text(row.Get("id")) && at.EventSource == text(row.Get("source"))
		if byReceive || byEvent || sqs != "" && slices.Contains(at.SQSIDs, sqs) {
			d = at
			break
		}
	}
	if d == nil {
		d = t.unclaimed(*all, row)
	}
	if d == nil {
		d = find(all, "", "", sqs, text(row.Get("sns_message_id")))
	}
	d.EventSource, d.EventID = text(row.Get("source")), text(row.Get("id"))
	d.SNSMessageID = cmp.Or(d.SNSMessageID, text(row.Get("sns_message_id")))
	add(&d.SQSIDs, sqs)
	d.WrittenAt = moment(row.Get("written_at"))
	if by := text(row.Get("trace_id")); by != t.TraceID {
		d.By = by
	}
	if len(d.Receives) == 0 && d.SentAt.IsZero() {
		d.SentAt = moment(row.Get("sent_at"))
	}
}

// unclaimed is a sending that nobody has a span of since, for a row of the same
// trace: it must be the one of it, or of another row of the same batch.
func (t *Story) unclaimed(all []Delivery, row trace.Row) *Delivery {
	for i := range all {
		d := &all[i]
		if d.span != "" && !d.SendFailed && d.EventID == "" && len(d.SQSIDs) == 0 && text(row.Get("trace_id")) == t.TraceID {
			return d
		}
	}
	return nil
}

// settle decides where the event is.
func (d *Delivery) settle() {
	last := Receive{}
	for _, r := range d.Receives {
		if r.Outcome == semconv.OutcomeWritten || r.Outcome == semconv.OutcomeDuplicate || !r.At.Before(last.At) {
			last = r
			if r.Outcome == semconv.OutcomeWritten || r.Outcome == semconv.OutcomeDuplicate {
				break
			}
		}
	}
	switch {
	case !d.WrittenAt.IsZero(), last.Outcome == semconv.OutcomeWritten, last.Outcome == semconv.OutcomeDuplicate:
		d.Place = PlaceRow
	case d.Message != nil && d.Message.DeadLetter, d.Message == nil && last.Outcome == semconv.OutcomeDeadLettered:
		d.Place = PlaceDeadLetter
	case d.Message != nil, last.Outcome == semconv.OutcomeFailed:
		d.Place = PlaceQueue
	}
}
