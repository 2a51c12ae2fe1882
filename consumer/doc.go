// Package consumer takes batches of events from an SQS queue and puts them
// into a store, exactly once by the event's (source, id), whatever is
// delivered how often.
//
// Start from [New]; its [Consumer.Handle] is made for
// [awslambda.SQSBatch]. Where events go is a [Sink]: consumer/postgres is one,
// and a team writes its own by storing a batch as a whole or not at all.
//
// What becomes of a message:
//
//   - written, or already there: acknowledged;
//   - the failure may pass (the store is away, a conflict, a timeout, the
//     deadline is near): reported as a batch item failure, so that SQS
//     delivers it again;
//   - it can never work (not an event, refused by the store): sent to the
//     dead-letter queue at once, as it came, with the reason, the error's code
//     and the trace context it came with; then acknowledged. If that cannot be
//     done it is reported as a batch item failure, too.
//
// In the good case a batch is one call of the sink. Only if the sink says that
// a batch holds something poisonous is it halved until what is poisonous
// stands alone, so that no message suffers for its neighbour.
//
// It is made for standard queues. With a FIFO queue events would be stored in
// an order of their own, and messages behind a failed one would not wait.
//
// Of this module it imports event, internal/spoilt, telemetry/awslambda,
// telemetry/message, telemetry/semconv and telemetry/xray.
// It knows no database.
package consumer
