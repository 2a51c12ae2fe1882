package consumer_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

// ledger is a team's own sink: it books each order once.
type ledger map[event.Key]string

// Write books a batch as a whole or not at all.
func (l ledger) Write(_ context.Context, batch []*consumer.Record) ([]consumer.Stored, error) {
	for _, r := range batch {
		if r.Event.Subject == "" {
			// It will never have one: poison. The consumer finds out which
			// message it is and puts that one aside.
			return nil, consumer.Refuse("no_subject", errors.New("an order needs a subject"))
		}
	}
	stored := make([]consumer.Stored, len(batch))
	for i, r := range batch {
		stored[i] = consumer.Duplicate
		if _, ok := l[r.Event.Key()]; !ok {
			l[r.Event.Key()], stored[i] = r.Event.Subject, consumer.Written
		}
	}
	return stored, nil
}

// A sink of one's own takes one method. In a Lambda function the last line
// is awslambda.Start(handle, c).
func ExampleSink() {
	orders := ledger{}
	consume, err := consumer.New(consumer.Config{Sink: orders, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}
	c := awslambda.Config{Logger: slog.New(slog.DiscardHandler)}
	handle := awslambda.SQSBatch(consume.Handle, c)

	response, _ := handle(context.Background(), events.SQSEvent{Records: []events.SQSMessage{
		{MessageId: "1", Body: `{"specversion":"1.0","id":"a","source":"/shop","type":"order","subject":"order/7"}`},
		{MessageId: "2", Body: `{"specversion":"1.0","id":"b","source":"/shop","type":"order"}`},
		{MessageId: "3", Body: `{"specversion":"1.0","id":"c","source":"/shop","type":"order","subject":"order/8"}`},
	}})
	fmt.Println("booked:", orders[event.Key{Source: "/shop", ID: "a"}], orders[event.Key{Source: "/shop", ID: "c"}])
	// Without a dead-letter queue of the consumer's own, the poisonous one is
	// left to the queue's redrive policy.
	fmt.Println("failed:", response.BatchItemFailures[0].ItemIdentifier)
	// Output:
	// booked: order/7 order/8
	// failed: 2
}
