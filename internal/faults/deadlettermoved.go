//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tracehaul/tracehaul/consumer"
)

// movedBySQS is a fault that outlasts the deliveries that a message has. Then
// SQS moves it: to the dead-letter queue, as it is, without a reason.
func movedBySQS() scenario {
	d := new(database)
	return scenario{
		name: "consumer/moved-by-sqs", what: "The database is away for longer than messages come again, so that SQS moves them; they are redriven when it is back.",
		setup: func(s *settings) {
			d.between(s)
			s.consumer.MaxReceiveCount, s.consumer.Timeout, s.consumer.VisibilityTimeout = 2, time.Second, time.Second
		},
		run: func(ctx context.Context, w *world) error {
			d.proxy.Refuse()
			d.proxy.DropAll()
			if err := w.sendAll(ctx); err != nil {
				return err
			}
			if err := w.wantMoved(ctx); err != nil {
				return err
			}
			return errors.Join(d.proxy.Accept(ctx), w.moveBack(ctx, w.sc.events))
		},
		check: func(w *world, a *account) error {
			return errors.Join(allStored(w, a), wantAcceptedBefore(a, w.redriven))
		},
	}
}

// wantMoved waits until every event is in the dead-letter queue, and wants each
// to have come there as it was: with its trace, and nothing added.
func (w *world) wantMoved(ctx context.Context) error {
	dlq := w.consumer.DLQName()
	err := w.await(ctx, "SQS has moved all messages", func() bool {
		depth, err := w.Broker().QueueDepth(dlq)
		return err == nil && depth.Visible == w.sc.events
	})
	if err != nil {
		return err
	}
	messages, err := w.Broker().Messages(dlq, mostLetters)
	if err != nil {
		return err
	}
	for _, m := range messages {
		if m.Attributes["traceparent"].Value == "" {
			return fmt.Errorf("message %s has lost its traceparent", m.MessageID)
		}
		if reason, given := m.Attributes[consumer.AttributeReason]; given {
			return fmt.Errorf("message %s has reason %q: the consumer has sent it there, for what passes by itself", m.MessageID, reason.Value)
		}
	}
	return nil
}
