package consumer

import (
	"context"
	"time"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

// Sink stores events. It must be safe for concurrent use.
type Sink interface {
	// Write stores a batch as a whole or not at all. It returns for each
	// record, in the batch's order, whether it is new or had been stored
	// before: storing an event twice must change nothing.
	//
	// The records are sorted by source and id, byte by byte, and no two have
	// the same pair. So a store that locks what it writes meets no deadlock
	// among consumers.
	//
	// An error means that nothing is known to be stored. What follows depends
	// on the error: one that is [Poison] lets the batch be halved, any other
	// fails the whole batch, to be delivered again. [Retryable] and
	// [ErrorCode] say more for metrics and logs.
	//
	// The context ends shortly before the invocation's deadline. Each record
	// has a context of its own for its trace.
	Write(ctx context.Context, batch []*Record) ([]Stored, error)
}

// Record is an event on its way into a [Sink], with what is known of its
// journey. Zero times and empty strings are unknown.
type Record struct {
	// Context carries the span in which the message is processed and the
	// baggage that came with it. It ends with the batch's.
	Context context.Context //nolint:containedctx // every record of a batch belongs to another trace

	// Event is the event.
	Event event.Event

	// ALBRoot is the Root of the load balancer's X-Amzn-Trace-Id.
	ALBRoot string

	// SNSMessageID is SNS's id of the message. With raw delivery SNS does not
	// pass it on.
	SNSMessageID string

	// SQSMessageID is SQS's id of the message; a redelivery keeps it.
	SQSMessageID string

	// ReceiveCount is how often SQS has delivered the message, 1 at first.
	ReceiveCount int

	// AcceptedAt is when the service accepted the event, SentAt when SQS got
	// the message, ReceivedAt when this consumer was handed it. Each by its
	// own machine's clock, so they may run backwards.
	AcceptedAt, SentAt, ReceivedAt time.Time

	message  *awslambda.Message
	position int // in the batch
	outcome  outcome
}

// Stored is what a [Sink] did with a record.
type Stored uint8

// What a sink did with a record. The zero value is neither: an answer that has
// it, or any other value, fails the whole batch, as one of another length does.
const (
	// Written means that the record was stored now.
	Written Stored = iota + 1
	// Duplicate means that an event with the same source and id was there.
	Duplicate
)
