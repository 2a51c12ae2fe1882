package message_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.opentelemetry.io/otel"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
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

// A worker that polls: each message has a span of its own, in the trace that
// it continues. The message is deleted within it, so that the settle span of an
// instrumented client is in the same trace.
func ExampleFromSQS() {
	const queue = "orders"
	tracer := otel.Tracer("worker")
	process := func(ctx context.Context, m sqstypes.Message) {
		r := message.FromSQS(ctx, m)
		ctx, span := tracer.Start(r.Context, "process "+queue, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
			otelsemconv.MessagingSystemAWSSQS, otelsemconv.MessagingDestinationName(queue), otelsemconv.MessagingMessageID(r.MessageID),
			otelsemconv.MessagingOperationName("process"), otelsemconv.MessagingOperationTypeProcess))
		defer span.End()
		fmt.Println(r.Body, "continues", trace.SpanContextFromContext(ctx).TraceID())
		// client.DeleteMessage(ctx, ...)
	}

	process(context.Background(), sqstypes.Message{ // of client.ReceiveMessage
		MessageId: aws.String("a"), Body: aws.String("hello"),
		MessageAttributes: map[string]sqstypes.MessageAttributeValue{"traceparent": {
			DataType: aws.String("String"), StringValue: aws.String("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
		}},
	})
	// Output:
	// hello continues 0af7651916cd43dd8448eb211c80319c
}
