package messaging

import (
	"context"
	"time"
)

// sqsStartMessageMoveTask moves what is visible in a dead-letter queue to the
// destination, all of it before it answers. Back to where they came from, as
// AWS does without a destination, messages do not move here.
//
// It refuses as AWS does where the queue is no other queue's dead-letter
// queue. That of an SNS subscription is none: the call is for "dead-letter
// queues (DLQs) of other Amazon SQS queues only. Non-SQS queue sources of
// dead-letter queues, such as Lambda or Amazon SNS topics, are currently not
// supported" (SQS API, StartMessageMoveTask).
func (b *Broker) sqsStartMessageMoveTask(_ context.Context, req *sqsRequest, dst []byte) ([]byte, *Error) {
	name, ok := b.queueOfARN(req.SourceArn)
	now := b.lock()
	defer b.unlock(now)
	source := b.queues[name]
	if !ok || source == nil {
		return nil, errNoResource("SourceArn")
	}
	if !b.isDeadLetterQueue(name) {
		return nil, errValue("Source queue must be configured as a Dead Letter Queue.")
	}
	if req.DestinationArn == "" {
		return nil, errNotImplemented("SQS", "StartMessageMoveTask without a DestinationArn")
	}
	name, ok = b.queueOfARN(req.DestinationArn)
	destination := b.queues[name]
	if !ok || destination == nil {
		return nil, errNoResource("DestinationArn")
	}
	if err := source.moveAll(destination, now); err != nil {
		return nil, err
	}
	return append(appendJSONField(append(dst, '{'), "TaskHandle", newID()), '}'), nil
}

func errNoResource(parameter string) *Error {
	return errorf("ResourceNotFoundException", "The resource that you specified for the %s parameter doesn't exist.", parameter)
}

func (b *Broker) isDeadLetterQueue(name string) bool {
	for _, q := range b.queues {
		if q.attrs.deadLetterQueue == name {
			return true
		}
	}
	return false
}

// moveAll moves the visible messages: "redriven messages are considered new
// messages with a new messageID and enqueueTime" (SQS guide, "Dead-letter
// queue redrive").
func (q *queue) moveAll(to *queue, now time.Time) *Error {
	q.advance(now)
	for q.visible.len > 0 {
		m := q.visible.first
		if err := to.room(1, m.size); err != nil {
			return err
		}
		q.remove(m)
		to.add(m.content, 0, now)
	}
	return nil
}
