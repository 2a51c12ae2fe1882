package story

import (
	"cmp"
	"slices"
	"strings"

	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

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
		another := t.expect.RowQueue != "" && at.Queue != "" && at.Queue != t.expect.RowQueue
		byEvent := !another && at.EventID != "" && at.EventID == text(row.Get("id")) && at.EventSource == text(row.Get("source"))
		if byReceive || byEvent || sqs != "" && slices.Contains(at.SQSIDs, sqs) {
			d = at
			break
		}
	}
	if d == nil {
		d = t.unclaimed(*all, row)
	}
	if d == nil {
		d = find(all, "", t.expect.RowQueue, sqs, text(row.Get("sns_message_id")))
	}
	d.Queue = cmp.Or(d.Queue, t.expect.RowQueue)
	d.EventSource, d.EventID = text(row.Get("source")), text(row.Get("id"))
	d.SNSMessageID = cmp.Or(d.SNSMessageID, text(row.Get("sns_message_id")))
	add(&d.SQSIDs, sqs)
	d.WrittenAt, d.count = moment(row.Get("written_at")), number(row.Get("receive_count"))
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
