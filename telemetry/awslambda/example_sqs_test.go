package awslambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/events"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

// A function that handles the messages of a queue one by one. In a program,
// awslambda.Start(handler, c) takes the place of the last lines.
func ExampleSQSEach() {
	c := awslambda.Config{ /* Flush: tel.FlushInvocation, Shutdown: tel.Shutdown */ }
	handler := awslambda.SQSEach(func(_ context.Context, m *awslambda.Message) error {
		if m.Body == "" {
			m.DeadLettered("empty", nil) // would fail forever, and is in the dead-letter queue by now
			return nil
		}
		if m.Body == "later" {
			return errors.New("the store is away")
		}
		return nil
	}, c)

	answer, _ := handler(context.Background(), events.SQSEvent{Records: []events.SQSMessage{
		{MessageId: "a", Body: "order placed"}, {MessageId: "b"}, {MessageId: "c", Body: "later"},
	}})
	_ = json.NewEncoder(os.Stdout).Encode(answer)
	// Output:
	// {"batchItemFailures":[{"itemIdentifier":"c"}]}
}

// A function that stores a batch at once, and tells duplicates apart.
func ExampleSQSBatch() {
	stored := map[string]bool{"a": true}
	handler := awslambda.SQSBatch(func(_ context.Context, batch []*awslambda.Message) error {
		for _, m := range batch {
			if stored[m.MessageID] {
				m.Duplicate()
				continue
			}
			stored[m.MessageID] = true
			m.Written()
		}
		return nil // what is not settled has failed, whatever is returned
	}, awslambda.Config{})

	answer, err := handler(context.Background(), events.SQSEvent{Records: []events.SQSMessage{
		{MessageId: "a"}, {MessageId: "b"},
	}})
	fmt.Println(len(answer.BatchItemFailures), err, stored)
	// Output:
	// 0 <nil> map[a:true b:true]
}
