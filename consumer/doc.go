// Package consumer takes batches of events from an SQS queue and puts them
// into a store. Each event is stored once, by its (source, id), however often it
// is delivered.
//
// Start from [New], and give [Consumer.Handle] to [awslambda.SQSBatch]. Where
// events go is a [Sink]: consumer/postgres is one. A sink of your own has to store
// a batch as a whole or not at all, and an event that it has already a second time
// without effect.
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
// Usually a batch is one call of the sink. Only if the sink says that a batch
// holds something poisonous is it halved, until the poisonous record stands alone
// and all others are stored.
//
// It is made for standard queues. With a FIFO queue events would not be stored in
// the queue's order, and messages behind a failed one would not wait.
//
// Of this module it imports event, internal/spoilt, telemetry/awslambda,
// telemetry/message, telemetry/semconv and telemetry/xray.
// It knows no database.
package consumer
