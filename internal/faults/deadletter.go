//go:build unix

package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

// dlqAway has the dead-letter queue refuse, then fail for some entries, and
// take all in the end.
func dlqAway(ctx context.Context, w *world) error {
	dlq := w.consumer.DLQName()
	var calls atomic.Int64
	w.failCalls(func(c messaging.Call) *messaging.Fault {
		if c.Resource != dlq || c.Action != "SendMessageBatch" {
			return nil
		}
		switch n := calls.Add(1); {
		case n <= 3:
			return &messaging.Fault{Error: &messaging.Error{Code: "ServiceUnavailable", Status: 503, Receiver: true}}
		case n <= 5 && c.Entries > 1:
			return &messaging.Fault{FailEntries: []int{0}}
		default:
			return nil
		}
	})
	if err := w.publish(ctx, w.poisoned()...); err != nil {
		return err
	}
	if err := w.sendAll(ctx); err != nil {
		return err
	}
	return w.StartConsumers()
}

// mostKills is how often a consumer is killed in a scenario.
const mostKills = 4

// killAfterDeadLetter kills the consumer with its answer under way, when the
// dead-letter queue has its message.
func killAfterDeadLetter(ctx context.Context, w *world) error {
	dlq := w.consumer.DLQName()
	var kills atomic.Int64
	w.failInvocations(func(m lambda.Moment) lambda.Fault {
		if m.Stage != lambda.StageAnswer || kills.Load() >= mostKills {
			return lambda.FaultNone
		}
		depth, err := w.Broker().QueueDepth(dlq)
		if err != nil || depth.Visible == 0 {
			return lambda.FaultNone
		}
		kills.Add(1)
		return lambda.FaultKill
	})
	if err := w.publish(ctx, w.poisoned()...); err != nil {
		return err
	}
	return w.sendAll(ctx)
}

// redrive has a constraint refuse events, takes it away, and moves the dead
// letters back as the runbook says.
func redrive(ctx context.Context, w *world) error {
	if _, err := w.pool.Exec(ctx, refusing); err != nil {
		return err
	}
	const refused = 40
	for range refused {
		e := w.impossible()
		e.want = inTable
		w.post(ctx, nil, e)
	}
	if err := w.sendAll(ctx); err != nil {
		return err
	}
	dlq := w.consumer.DLQName()
	err := w.await(ctx, "all that is refused is in the dead-letter queue", func() bool {
		depth, err := w.Broker().QueueDepth(dlq)
		return err == nil && depth.Visible == refused
	})
	if err != nil {
		return err
	}
	if _, err := w.pool.Exec(ctx, allowing); err != nil {
		return err
	}
	return w.moveBack(ctx, refused)
}

// moveBack redrives the dead letters, each a hit, and waits until they are
// gone.
func (w *world) moveBack(ctx context.Context, letters int) error {
	client := sqs.New(sqs.Options{
		Region: w.Pipeline().Region, BaseEndpoint: aws.String(w.Addresses().SQS),
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	source, destination := w.Broker().QueueARN(w.consumer.DLQName()), w.Broker().QueueARN(w.consumer.QueueName())
	if _, err := client.StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{SourceArn: &source, DestinationArn: &destination}); err != nil {
		return fmt.Errorf("redrive: %w", err)
	}
	w.redriven = time.Now()
	w.hits.Add(int64(letters))
	return w.await(ctx, "the dead-letter queue is empty", func() bool {
		depth, err := w.Broker().QueueDepth(w.consumer.DLQName())
		return err == nil && depth.Visible+depth.InFlight == 0
	})
}
