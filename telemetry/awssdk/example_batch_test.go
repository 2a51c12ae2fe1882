package awssdk_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/tracehaul/tracehaul/telemetry/awssdk"
	"github.com/tracehaul/tracehaul/telemetry/message"
)

// A batch of messages that come from different requests: each continues the
// trace of its own.
func ExampleInstrument_batch() {
	cfg, spans := load()
	awssdk.Instrument(&cfg, awssdk.Config{TracerProvider: spans.provider})
	tracer := spans.provider.Tracer("example")

	one, first := tracer.Start(context.Background(), "POST /orders")
	two, second := tracer.Start(context.Background(), "POST /refunds")
	ctx := message.WithEntries(context.Background(), []context.Context{one, two})
	_, err := sns.NewFromConfig(cfg).PublishBatch(ctx, &sns.PublishBatchInput{
		TopicArn: aws.String("arn:aws:sns:eu-west-1:123456789012:events"),
		PublishBatchRequestEntries: []snstypes.PublishBatchRequestEntry{
			{Id: aws.String("0"), Message: aws.String("order")},
			{Id: aws.String("1"), Message: aws.String("refund")},
		},
	})
	fmt.Println(err)
	sent := spans.Ended()
	fmt.Println(sent[0].SpanContext().TraceID() == first.SpanContext().TraceID())
	fmt.Println(sent[1].SpanContext().TraceID() == second.SpanContext().TraceID())
	// Output:
	// <nil>
	// true
	// true
}
