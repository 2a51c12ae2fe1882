package awssdk

import (
	"context"
	"slices"

	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go/middleware"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/span"
	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// receive takes messages from a queue. The span ends when they are here;
// what is made of them is for the consumer to tell, with message.FromSQS.
func (c *call) receive(ctx context.Context, input record, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	op := c.begin(ctx, stringOf(text(input, "QueueUrl")), receive)
	ctx, c.span = span.Start(ctx, c.tracer, op.spanName, op.start)
	asking := with(input, "MessageAttributeNames", askFor(valueOf[[]string](input, "MessageAttributeNames")))
	out, metadata, err := next.HandleInitialize(ctx, middleware.InitializeInput{Parameters: asking.any()})

	failure := errorType(ctx, err)
	if result := recordOf(out.Result); result.name() == "sqs.ReceiveMessageOutput" {
		messages := valueOf[[]sqstypes.Message](result, "Messages")
		c.know(otelsemconv.MessagingBatchMessageCount(len(messages)))
		if c.span.IsRecording() {
			for _, m := range messages {
				received := message.FromSQS(context.Background(), m)
				if creation := trace.SpanContextFromContext(received.Context); creation.IsValid() {
					span.AddLink(c.span, creation)
				}
			}
		}
		if n := len(messages); n > 0 {
			c.consumed.Add(ctx, int64(n), op.adds...)
		}
	}
	c.end(c.span, metadata, failure)
	c.record(ctx, failure, failure)
	return out, metadata, err
}

// contextNames are the attributes that carry a context: W3C's, and that of X-Ray's
// propagator, which OpenTelemetry JavaScript spells in lower case.
var contextNames = []string{traceparentName, "tracestate", "baggage", xray.HeaderName, "x-amzn-trace-id"}

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
func (c *call) settle(ctx context.Context, input record, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	op := c.begin(ctx, stringOf(text(input, "QueueUrl")), settle)
	ctx, c.span = span.Start(ctx, c.tracer, op.spanName, op.start)
	out, metadata, err := next.HandleInitialize(ctx, in)

	failure := errorType(ctx, err)
	worst := failure
	if input.name() == "sqs.DeleteMessageBatchInput" {
		c.know(otelsemconv.MessagingBatchMessageCount(len(valueOf[[]sqstypes.DeleteMessageBatchRequestEntry](input, "Entries"))))
	}
	if failed := valueOf[[]sqstypes.BatchResultErrorEntry](recordOf(out.Result), "Failed"); len(failed) > 0 {
		worst = entryErrorType(failed[0].Code)
	}
	c.end(c.span, metadata, worst)
	c.record(ctx, failure, worst)
	return out, metadata, err
}
