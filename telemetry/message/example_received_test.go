package message_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-lambda-go/events"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
)

// A handler without the Lambda wrapper: the message's own trace goes on.
func ExampleFromLambda() {
	handler := func(ctx context.Context, event events.SQSEvent) error {
		for _, record := range event.Records {
			m := message.FromLambda(ctx, record)
			parent := trace.SpanContextFromContext(m.Context)
			fmt.Println(m.Body, m.Attributes, m.Shape)
			fmt.Println("continues", parent.TraceID(), "found in", m.Source)
		}
		return nil
	}

	text := func(s string) events.SQSMessageAttribute {
		return events.SQSMessageAttribute{DataType: "String", StringValue: &s}
	}
	_ = handler(context.Background(), events.SQSEvent{Records: []events.SQSMessage{{
		Body: "hello",
		MessageAttributes: map[string]events.SQSMessageAttribute{
			"traceparent": text("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
			"kind":        text("greeting"),
		},
	}}})
	// Output:
	// hello map[kind:greeting] raw
	// continues 0af7651916cd43dd8448eb211c80319c found in traceparent
}
