package awslambda

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Message is one message of a batch. Settle it once, with Written, Duplicate,
// DeadLettered or Failed: the first call counts, and so does only one made
// before the batch's answer is given. A message that nobody settles counts as
// failed, and comes back.
//
// The embedded Received.Context is the context that travelled with the
// message: the producer's span, remote. The method Context is what to work in.
//
// The methods may be called from several goroutines.
//
// A test may give a handler a Message of its own making, even the zero one: it
// belongs to no batch, works in the embedded Received.Context, and settling it
// has no effect. To see how a handler settles messages, call what SQSBatch or
// SQSEach returned: failed ones are in its answer.
type Message struct {
	message.Received

	// Record is the message as Lambda handed it over.
	Record events.SQSMessage

	// HandedOver is when the handler was given the message: by SQSBatch with
	// the others of its batch, by SQSEach when its turn came.
	HandedOver time.Time

	// What follows HandedOver is set with it, before the handler sees the
	// message.
	ctx  context.Context //nolint:containedctx // it belongs to the message, as in http.Request
	span trace.Span

	batch *batch

	mu      sync.Mutex // guards the rest
	settled settlement
}

// settlement is what became of a message. Its outcome is empty until then.
type settlement struct {
	outcome string // one of the semconv.Outcome values
	reason  string
	err     error
	at      time.Time
}

// Context returns the context to work on the message in. It carries the
// message's process span and its baggage, and ends with the batch's.
//
// The span is not the handler's to end: it ends when the message is settled. One
// that a handler of SQSBatch ends itself may go out before what is put off
// while the handler works: without the message's id, its receive count, its
// outcome and the link to the invocation.
func (m *Message) Context() context.Context {
	switch {
	case m.ctx != nil:
		return m.ctx
	case m.Received.Context != nil:
		return m.Received.Context
	}
	return context.Background()
}

// Written settles the message as done: something new was stored.
func (m *Message) Written() { m.settle(semconv.OutcomeWritten, "", nil) }

// Duplicate settles the message as done: it had been stored before.
func (m *Message) Duplicate() { m.settle(semconv.OutcomeDuplicate, "", nil) }

// DeadLettered settles the message as done: it can never work and was put
// aside for people to look at. It sends nothing itself: what the handler has not
// put into a dead-letter queue before is lost. The reason is a short fixed word for metrics;
// the error, which may be nil, is told by the span.
func (m *Message) DeadLettered(reason string, err error) {
	m.settle(semconv.OutcomeDeadLettered, reason, err)
}

// Failed settles the message as failed: SQS will deliver it again. The reason
// is a short fixed word for metrics; the error, which may be nil, is told by
// the span.
func (m *Message) Failed(reason string, err error) { m.settle(semconv.OutcomeFailed, reason, err) }

func (m *Message) settle(outcome, reason string, err error) {
	if reason == "" && (outcome == semconv.OutcomeFailed || outcome == semconv.OutcomeDeadLettered) {
		reason = semconv.ReasonError
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.settled.outcome == "" && m.batch != nil {
		m.settled = settlement{outcome: outcome, reason: reason, err: err, at: m.batch.Now()}
	}
}

func (m *Message) settlement() settlement {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.settled
}

// outcomeKey tells outcomes apart.
type outcomeKey struct{ outcome, reason string }

func (s *settlement) key() outcomeKey { return outcomeKey{s.outcome, s.reason} }

// errorType is error.type of the outcome; empty if it is a good one.
func (k outcomeKey) errorType() string {
	if k.outcome == semconv.OutcomeFailed || k.outcome == semconv.OutcomeDeadLettered {
		return k.reason
	}
	return ""
}

// text is what a span's status says of a settlement with a reason.
func (s *settlement) text() string {
	if s.err == nil {
		return s.reason
	}
	return errorText(s.err)
}
