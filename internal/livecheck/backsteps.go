//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

func databaseAway(ctx context.Context, s *scene) (err error) {
	if err := s.pipeline.Database().Kill(ctx); err != nil {
		return err
	}
	return errors.Join(harness.Sleep(ctx, 3*time.Second), s.pipeline.Database().Restart(context.WithoutCancel(ctx)))
}

// tableLocked holds the table for longer than an invocation may take.
func tableLocked(ctx context.Context, s *scene) error {
	return s.withDatabase(ctx, func(c *pgx.Conn) error {
		tx, err := c.Begin(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
		if _, err := tx.Exec(ctx, "LOCK TABLE events IN ACCESS EXCLUSIVE MODE"); err != nil {
			return err
		}
		return harness.Sleep(ctx, consumerTimeout+2*time.Second)
	})
}

// tableRenamed is a failure that does not lie in the data and does not pass by
// itself.
func tableRenamed(ctx context.Context, s *scene) error {
	return s.changed(ctx, 3*time.Second, "ALTER TABLE events RENAME TO events_away", "ALTER TABLE events_away RENAME TO events")
}

// constraint has the database refuse some of the events for good.
func constraint(ctx context.Context, s *scene) error {
	for range 20 {
		s.load.start(ctx, s.pipeline.Addresses().ALB, post(cloudEvent, structured(refusedType, order())))
	}
	return s.changed(ctx, 3*time.Second,
		"ALTER TABLE events ADD CONSTRAINT events_livecheck CHECK (type <> '"+refusedType+"') NOT VALID",
		"ALTER TABLE events DROP CONSTRAINT events_livecheck")
}

// changed makes a change in the database for a while.
func (s *scene) changed(ctx context.Context, d time.Duration, change, back string) error {
	return s.withDatabase(ctx, func(c *pgx.Conn) error {
		if _, err := c.Exec(ctx, change); err != nil {
			return err
		}
		err := harness.Sleep(ctx, d)
		_, backErr := c.Exec(context.WithoutCancel(ctx), back)
		return errors.Join(err, backErr)
	})
}

func (s *scene) withDatabase(ctx context.Context, do func(*pgx.Conn) error) error {
	c, err := pgx.Connect(ctx, s.pipeline.Addresses().DatabaseURL)
	if err != nil {
		return err
	}
	return errors.Join(do(c), c.Close(context.WithoutCancel(ctx)))
}

// poison puts messages that hold no event straight into the queue. Some have
// so many attributes that their context finds no room beside the reason.
func poison(ctx context.Context, s *scene) error {
	dlq := s.consumer().DLQName()
	refusing := func(c messaging.Call) *messaging.Fault {
		if c.Action != "SendMessageBatch" || c.Resource != dlq {
			return nil
		}
		return &messaging.Fault{Error: &messaging.Error{Code: "InternalError", Message: "made up", Receiver: true}}
	}
	for n := range 20 {
		attributes := map[string]sqstypes.MessageAttributeValue{}
		for i := range n % 11 {
			attributes[fmt.Sprintf("own%d", i)] = sqstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String("v")}
		}
		_, err := s.canary.queue.SendMessage(ctx, &sqs.SendMessageInput{
			QueueUrl: aws.String(s.pipeline.Addresses().QueueURL), MessageBody: aws.String(`{"not":`), MessageAttributes: attributes,
		})
		if err != nil {
			return err
		}
	}
	return s.during(ctx, 4*time.Second, refusing)
}
