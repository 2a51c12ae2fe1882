package story

import (
	"cmp"
	"slices"
	"time"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// What the lines have that a consumer writes of a single message under the
// message's own trace: see package consumer.
const (
	lineOutcome     = "outcome"
	lineReason      = "reason"
	lineCode        = "code"
	lineQueue       = "queue"
	lineMessage     = "sqs_message_id"
	lineReceives    = "receive_count"
	lineError       = "error"
	lineEventSource = "event_source"
	lineEventID     = "event_id"
)

// said takes in a line about a receive that no span tells of: it was not
// sampled, or its span is lost or still to come.
func (t *Story) said(all *[]Delivery, l *Log) {
	has := func(key string) string { return text(l.Attributes[key]) }
	outcome, sqs := has(lineOutcome), has(lineMessage)
	if outcome == "" || sqs == "" || l.TraceID == "" || l.TraceID != t.TraceID {
		return
	}
	i := slices.IndexFunc(*all, func(d Delivery) bool {
		return slices.ContainsFunc(d.Receives, func(r Receive) bool { return r.SpanID == l.SpanID && l.SpanID != "" })
	})
	if i >= 0 { // the span knows more, but for the event
		(*all)[i].named(sqs, has(lineEventSource), has(lineEventID))
		return
	}
	d := t.saidOf(all, has(lineQueue), sqs, EventID{has(lineEventSource), has(lineEventID)}, outcome)
	d.named(sqs, has(lineEventSource), has(lineEventID))
	d.Receives = append(d.Receives, Receive{
		Count: number(l.Attributes[lineReceives]), At: l.Time, Outcome: outcome, Reason: has(lineReason), Code: has(lineCode), Error: has(lineError), SpanID: l.SpanID, line: true,
	})
	slices.SortStableFunc(d.Receives, func(a, b Receive) int { return a.At.Compare(b.At) })
}

// named takes in what a line calls the message and the event.
func (d *Delivery) named(sqs, source, id string) {
	add(&d.SQSIDs, sqs)
	d.EventSource, d.EventID = cmp.Or(d.EventSource, source), cmp.Or(d.EventID, id)
}

// took is how long a receive was, which a line does not say.
func (r Receive) took() string {
	if r.line {
		return "by its log line"
	}
	return trace.FormatDuration(time.Duration(r.TookUS) * time.Microsecond)
}

// saidOf is the delivery that a line is about: that of the message or, as the
// line tells no sending, one that can be it.
func (t *Story) saidOf(all *[]Delivery, queue, sqs string, e EventID, outcome string) *Delivery {
	for i := range *all {
		if d := &(*all)[i]; slices.Contains(d.SQSIDs, sqs) {
			d.Queue = cmp.Or(d.Queue, queue)
			return d
		}
	}
	for i := range *all {
		d := &(*all)[i]
		other := d.EventID != "" && e.ID != "" && e != EventID{d.EventSource, d.EventID} || d.Queue != "" && queue != "" && d.Queue != queue
		// What is redriven is a new message of the same event.
		same := d.Queue == queue || d.Queue == "" && len(t.expect.Queues) == 0
		redriven := same && e.ID != "" && e == EventID{d.EventSource, d.EventID}
		fresh := d.span != "" && !d.SendFailed && len(d.SQSIDs) == 0
		// A consumer's dead letter is a new message.
		letter := outcome == semconv.OutcomeDeadLettered && len(d.Receives) == 0 && d.Message != nil && d.Message.DeadLetter && d.Message.Reason != reasonUnsettled
		if !other && (fresh || letter || redriven) {
			d.Queue = cmp.Or(d.Queue, queue)
			return d
		}
	}
	return find(all, "", queue, sqs, "")
}
