package awslambda

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// SQSBatch returns a handler, already wrapped, for a queue whose messages are
// best handled together. The event source mapping must have
// ReportBatchItemFailures among its function response types: else Lambda takes
// every answer for a success, and failed messages are lost.
//
// The batch's messages are settled one by one. What is not settled when h
// returns has failed; the error that h returns, or its panic, says why. The
// handler that is returned itself never returns an error, which would bring
// back the whole batch. If h passes on the panic of another goroutine, with a value
// that has the methods Value() any and Stack() []byte, it is told with that stack.
//
// The context of h carries the invocation's span and ends Config.DeadlineMargin
// before Lambda's deadline. If h has not returned half of the margin later, the
// answer is given without it: what is unsettled then has failed.
//
// In a FIFO queue, h must fail what follows a failed message of the same group.
func SQSBatch(h func(ctx context.Context, batch []*Message) error, c Config) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
	return sqsHandler(c, func(ctx context.Context, b *batch) error {
		ctx, ok := b.openAll(ctx)
		if !ok {
			return nil // the answer was given without us
		}
		return h(ctx, b.messages)
	})
}

// SQSEach is SQSBatch for a handler of single messages, called for one after
// the other with the message's own context. Unless h settles the message
// itself, returning nil settles it as written, and an error or a panic as
// failed. In a FIFO queue, what follows a failed message of the same group
// fails without being handled, so that the order is kept.
func SQSEach(h func(ctx context.Context, m *Message) error, c Config) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
	return sqsHandler(c, func(ctx context.Context, b *batch) error {
		blocked := make(map[string]bool) // FIFO groups with a failed message
		for i, m := range b.messages {
			if !b.openOne(i) {
				return nil // the answer was given without us
			}
			group := m.Record.Attributes["MessageGroupId"]
			switch {
			case ctx.Err() != nil:
				m.Failed(semconv.ReasonDeadline, nil)
			case b.queue.fifo && blocked[group]:
				m.Failed(semconv.ReasonOrder, nil)
			default:
				b.handleOne(h, m)
			}
			blocked[group] = blocked[group] || m.settlement().outcome == semconv.OutcomeFailed
		}
		return nil
	})
}

// handleOne has one message handled and settled.
func (b *batch) handleOne(h func(context.Context, *Message) error, m *Message) {
	defer func() {
		if p := recovered(recover()); p != nil {
			b.logPanic(m.ctx, p)
			m.Failed(semconv.ReasonPanic, p)
		}
	}()
	err := h(m.ctx, m)
	switch {
	case err == nil:
		m.Written()
	case m.ctx.Err() != nil:
		b.fail(m, semconv.ReasonDeadline, err)
	default:
		b.fail(m, semconv.ReasonError, err)
	}
}

// fail settles a message with the handler's error. The log tells it, too: the
// message's trace may not have been sampled.
func (b *batch) fail(m *Message, reason string, err error) {
	b.Logger.WarnContext(m.ctx, "the handler returned an error",
		slog.String("message_id", m.MessageID), slog.String("reason", reason), slog.String("error", errorText(err)))
	m.Failed(reason, err)
}

func sqsHandler(c Config, h func(context.Context, *batch) error) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
	f := newFunction(c)
	qs := &queues{name: f.QueueName}
	return func(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
		arn := ""
		if len(e.Records) > 0 {
			arn = e.Records[0].EventSourceARN // an event source has one queue
		}
		b := &batch{queue: qs.get(arn)}
		return events.SQSEventResponse{BatchItemFailures: b.handle(ctx, f, e.Records, h)}, nil
	}
}

// handle handles the records of one invocation and returns those that failed.
func (b *batch) handle(ctx context.Context, f *function, records []events.SQSMessage, h func(context.Context, *batch) error) []events.SQSBatchItemFailure {
	c := f.call(ctx, otelsemconv.FaaSTriggerPubSub)
	work, cancel := ctx, context.CancelFunc(func() {})
	if !c.deadline.IsZero() {
		work, cancel = context.WithDeadline(ctx, c.deadline.Add(-c.margin))
	}
	defer cancel()
	b.read(work, records)
	b.invocation = f.begin(withoutLocalSpan(ctx), c, b.queue.system, b.queue.destination,
		otelsemconv.MessagingBatchMessageCount(len(records)))
	if len(records) == 0 {
		b.end(nil, nil)
		return []events.SQSBatchItemFailure{}
	}
	b.start()
	b.batchSize.Record(b.ctx, int64(len(records)), b.queue.dwell...)

	p, err := b.run(trace.ContextWithSpan(work, b.span), h)
	reason, cause := unsettledReason(work, err, p)
	for _, m := range b.messages {
		m.settle(semconv.OutcomeFailed, reason, cause)
	}
	failures, counts := b.close()
	b.span.SetAttributes(semconv.BatchItemFailuresKey.Int(len(failures)))
	b.logSettled(counts)
	if len(failures) > 0 {
		b.logFailures(counts)
	}
	b.end(err, p)
	return failures
}

// run calls the handler and waits until it has returned, but not for longer
// than there is time to answer.
func (b *batch) run(ctx context.Context, h func(context.Context, *batch) error) (*panicked, error) {
	type result struct {
		err error
		p   *panicked
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if r.p = recovered(recover()); r.p != nil {
				b.logPanic(ctx, r.p)
			}
			done <- r
		}()
		r.err = h(ctx, b)
	}()
	var late <-chan time.Time
	if !b.deadline.IsZero() {
		timer := time.NewTimer(time.Until(b.deadline.Add(-b.margin / 2)))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case r := <-done:
		return r.p, r.err
	case <-late:
	}
	b.Logger.ErrorContext(ctx, "the handler did not return when its context ended; the answer is given without it")
	return nil, errTimeout
}

// unsettledReason is why messages have failed that the handler did not settle.
func unsettledReason(work context.Context, err error, p *panicked) (string, error) {
	switch {
	case p != nil:
		return semconv.ReasonPanic, p
	case work.Err() != nil:
		return semconv.ReasonDeadline, err
	case err != nil:
		return semconv.ReasonError, err
	}
	return semconv.ReasonUnsettled, nil
}

// logSettled counts the batch's outcomes in a line that metrics can be made of
// where those that are sent out of the process are out of reach.
func (b *batch) logSettled(counts map[outcomeKey]int64) {
	var written, duplicates, failed, deadLettered int64
	for key, n := range counts {
		switch key.outcome {
		case semconv.OutcomeWritten:
			written += n
		case semconv.OutcomeDuplicate:
			duplicates += n
		case semconv.OutcomeFailed:
			failed += n
		case semconv.OutcomeDeadLettered:
			deadLettered += n
		}
	}
	b.Logger.LogAttrs(b.ctx, slog.LevelInfo, semconv.LogBatchSettled,
		slog.Int(semconv.LogKeyMessages, len(b.messages)),
		slog.Int64(semconv.LogKeyWritten, written),
		slog.Int64(semconv.LogKeyDuplicates, duplicates),
		slog.Int64(semconv.LogKeyFailed, failed),
		slog.Int64(semconv.LogKeyDeadLettered, deadLettered))
}

// logFailures tells which messages come back, in one line for the batch.
func (b *batch) logFailures(counts map[outcomeKey]int64) {
	attributes := []any{slog.String("queue", b.queue.name), slog.Int("messages", len(b.messages))}
	for key, n := range counts {
		if key.outcome == semconv.OutcomeFailed {
			attributes = append(attributes, slog.Int64("failed."+key.reason, n))
		}
	}
	b.Logger.WarnContext(b.ctx, "messages failed and will be delivered again", attributes...)
}
