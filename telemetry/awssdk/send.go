package awssdk

import (
	"context"
	"strings"

	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go/middleware"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/remote"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// topicOf returns the ARN of the topic that a message is published to, or
// nothing: text messages and push notifications reach no consumer that could
// continue a trace, and a phone number must not be recorded.
func topicOf(input record) string {
	topic, target := text(input, "TopicArn"), text(input, "TargetArn")
	switch {
	case text(input, "PhoneNumber") != nil:
		return ""
	case topic != nil:
		return *topic
	case target != nil && !strings.Contains(*target, ":endpoint/"):
		return *target
	default:
		return ""
	}
}

// publish sends a message to a topic.
func (c *call) publish(ctx context.Context, input record, topic string, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	op := c.begin(ctx, topic, send)
	own := valueOf[map[string]snstypes.MessageAttributeValue](input, "MessageAttributes")
	if isStructured(text(input, "MessageStructure")) {
		ctx = c.startSend(ctx, op, op.asClient, trace.SpanContext{})
		if c.span.SpanContext().IsValid() && !snsParent(own).IsValid() {
			c.injector.CountDropped(ctx, systemSNS, semconv.ReasonMessageStructure)
		}
	} else {
		ctx = c.startSend(ctx, op, op.start, snsParent(own))
		attrs, err := c.injector.SNS(ctx, own, stringLen(text(input, "Message"))+stringLen(text(input, "Subject")))
		if err != nil {
			return c.refuse(ctx, err)
		}
		input = with(input, "MessageAttributes", attrs)
	}
	c.messages = 1
	out, metadata, err := next.HandleInitialize(ctx, middleware.InitializeInput{Parameters: input.any()})
	c.endSend(ctx, metadata, err, text(recordOf(out.Result), "MessageId"))
	return out, metadata, err
}

// sendMessage sends a message to a queue.
func (c *call) sendMessage(ctx context.Context, input record, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	op := c.begin(ctx, stringOf(text(input, "QueueUrl")), send)
	own := valueOf[map[string]sqstypes.MessageAttributeValue](input, "MessageAttributes")
	ctx = c.startSend(ctx, op, op.start, sqsParent(own))
	attrs, err := c.injector.SQS(ctx, own, stringLen(text(input, "MessageBody")))
	if err != nil {
		return c.refuse(ctx, err)
	}
	input = with(input, "MessageAttributes", attrs)
	c.messages = 1
	out, metadata, err := next.HandleInitialize(ctx, middleware.InitializeInput{Parameters: input.any()})
	c.endSend(ctx, metadata, err, text(recordOf(out.Result), "MessageId"))
	return out, metadata, err
}

// startSend starts the span of a single message. A message that has a parent
// of the caller's choice keeps it: the span is linked to it and, as its own
// context goes nowhere, is none of a producer ("Producer spans", "Span kind").
func (c *call) startSend(ctx context.Context, op *operation, options span.Options, own trace.SpanContext) context.Context {
	if own.IsValid() {
		options = op.asClient
	}
	c.producer = options.Kind == trace.SpanKindProducer
	ctx, c.span = span.Start(ctx, c.tracer, op.spanName, options)
	if own.IsValid() {
		span.AddLink(c.span, own)
	}
	return ctx
}

// endSend ends the span of a single message.
func (c *call) endSend(ctx context.Context, metadata middleware.Metadata, err error, id *string) {
	if id != nil {
		c.know(otelsemconv.MessagingMessageID(*id))
	}
	failure := errorType(ctx, err)
	c.end(c.span, metadata, failure)
	c.record(ctx, failure, failure)
	c.recordSent(ctx, 1, failure)
}

// refuse ends a call that was never made: no message was attempted.
func (c *call) refuse(ctx context.Context, err error) (middleware.InitializeOutput, middleware.Metadata, error) {
	c.fail(ctx, errorType(ctx, err))
	return middleware.InitializeOutput{}, middleware.Metadata{}, err
}

var systemSNS = otelsemconv.MessagingSystemAWSSNS.Value.AsString()

// parent reads a traceparent that the caller has set.
func parent(traceparent *string) trace.SpanContext {
	if traceparent == nil {
		return trace.SpanContext{}
	}
	sc, _ := remote.ParseTraceparent(*traceparent) // as whoever receives the message
	return sc
}

// traceparentName is the attribute that holds a message's parent.
const traceparentName = "traceparent"

func isStructured(structure *string) bool { return structure != nil && *structure != "" }

func stringOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func stringLen(s *string) int { return len(stringOf(s)) }
