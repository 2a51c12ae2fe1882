package awslambda

import (
	"context"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/tracehaul/tracehaul/telemetry/message"
)

// Message is one message of a batch. Settle it once, with Written, Duplicate,
// DeadLettered or Failed: the first call counts. A message that nobody
// settles counts as failed, and comes back.
//
// The embedded Received.Context is the context that travelled with the
// message: the producer's span, remote. The method Context is what to work in.
type Message struct {
	message.Received

	// Record is the message as Lambda handed it over.
	Record events.SQSMessage

	// HandedOver is when the handler was given the batch.
	HandedOver time.Time

	ctx context.Context
}

// Context returns the context to work on the message in. It carries the
// message's process span and its baggage, and ends with the batch's.
func (m *Message) Context() context.Context { return m.ctx }

// Written settles the message as done: something new was stored.
func (m *Message) Written() {}

// Duplicate settles the message as done: it had been stored before.
func (m *Message) Duplicate() {}

// DeadLettered settles the message as done: it can never work and was put
// aside for people to look at. The reason is a short fixed word for metrics;
// the error, which may be nil, goes to the span.
func (m *Message) DeadLettered(reason string, err error) {}

// Failed settles the message as failed: SQS will redeliver it. The reason is a
// short fixed word for metrics; the error, which may be nil, goes to the span.
func (m *Message) Failed(reason string, err error) {}
