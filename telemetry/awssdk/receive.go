package awssdk

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/middleware"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
)

// receive takes messages from a queue. The span ends when they are here;
// what is made of them is for the consumer to tell, with message.FromSQS.
func (c *call) receive(ctx context.Context, input *sqs.ReceiveMessageInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	op := c.operation(ctx, stringOf(input.QueueUrl), receive)
	start := time.Now()
	ctx, c.span = c.tracer.Start(ctx, op.spanName, op.start...) //nolint:spancheck // end ends it
	asking := *input
	asking.MessageAttributeNames = askFor(input.MessageAttributeNames)
	out, metadata, err := next.HandleInitialize(ctx, middleware.InitializeInput{Parameters: &asking})

	failure := errorType(err)
	if result, ok := out.Result.(*sqs.ReceiveMessageOutput); ok && result != nil {
		c.know(otelsemconv.MessagingBatchMessageCount(len(result.Messages)))
		if c.span.IsRecording() {
			for _, m := range result.Messages {
				received := message.FromSQS(context.Background(), m)
				if creation := trace.SpanContextFromContext(received.Context); creation.IsValid() {
					c.span.AddLink(trace.Link{SpanContext: creation})
				}
			}
		}
		if n := len(result.Messages); n > 0 {
			c.consumed.Add(ctx, int64(n), op.adds...)
		}
	}
	c.end(c.span, metadata, failure)
	c.record(ctx, op, time.Since(start), failure)
	return out, metadata, err
}

// contextNames are the attributes that carry a context.
var contextNames = []string{traceparentName, "tracestate", "baggage"}

// askFor adds the attributes that carry a context to those that the caller
// asks for: SQS returns no others.
func askFor(names []string) []string {
	if slices.Contains(names, "All") || slices.Contains(names, ".*") {
		return names
	}
	asked := slices.Clip(names)
	for _, name := range contextNames {
		if !slices.Contains(names, name) {
			asked = append(asked, name)
		}
	}
	return asked
}

// settle deletes messages from a queue, one or a batch.
func (c *call) settle(ctx context.Context, queue *string, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	op := c.operation(ctx, stringOf(queue), settle)
	start := time.Now()
	ctx, c.span = c.tracer.Start(ctx, op.spanName, op.start...) //nolint:spancheck // end ends it
	out, metadata, err := next.HandleInitialize(ctx, in)

	failure := errorType(err)
	if input, ok := in.Parameters.(*sqs.DeleteMessageBatchInput); ok {
		c.know(otelsemconv.MessagingBatchMessageCount(len(input.Entries)))
	}
	if result, ok := out.Result.(*sqs.DeleteMessageBatchOutput); ok && result != nil && len(result.Failed) > 0 {
		failure = entryErrorType(result.Failed[0].Code)
	}
	c.end(c.span, metadata, failure)
	c.record(ctx, op, time.Since(start), failure)
	return out, metadata, err
}
