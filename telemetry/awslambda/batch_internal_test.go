package awslambda

import (
	"context"
	"log/slog"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// A handler whose goroutine comes to run only when the answer has been given
// must not get the messages: SQS delivers them again.
func TestSQSBatch_AnsweredBeforeTheHandlerRuns_NothingIsHandedOver(t *testing.T) {
	for name, open := range map[string]func(b *batch) bool{
		"all": func(b *batch) bool { _, ok := b.openAll(context.Background()); return ok },
		"one": func(b *batch) bool { return b.openOne(0) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFunction(Config{Logger: slog.New(slog.DiscardHandler)})
			b := &batch{queue: (&queues{name: f.QueueName}).get("arn:aws:sqs:eu-west-1:111122223333:events")}
			b.read(context.Background(), []events.SQSMessage{{MessageId: "1"}})
			b.invocation = f.begin(context.Background(), f.call(context.Background(), b.queue.system))
			b.start()
			b.openRest()
			m := b.messages[0]
			at := m.HandedOver
			if open(b) {
				t.Error("the messages are handed over")
			}
			if m.HandedOver != at {
				t.Error("a message that had no turn was opened again")
			}
		})
	}
}
