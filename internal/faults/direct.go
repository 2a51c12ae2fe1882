//go:build unix

package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// publish puts messages on the topic past the service, as another producer
// would: what the service would refuse, or the same one twice. Each has a
// trace of its own.
func (w *world) publish(ctx context.Context, events ...*entry) error {
	client := sns.New(sns.Options{
		Region: w.Pipeline().Region, BaseEndpoint: aws.String(w.Addresses().SNS),
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	for _, e := range events {
		if e.body == "" {
			e.body = string(e.structured())
		}
		traceID, spanID := randomHex(16), randomHex(8)
		w.books.sent(e, traceID, spanID)
		_, err := client.Publish(ctx, &sns.PublishInput{
			TopicArn: aws.String(w.Addresses().TopicARN), Message: &e.body,
			MessageAttributes: map[string]snstypes.MessageAttributeValue{
				"traceparent": {DataType: aws.String("String"), StringValue: aws.String("00-" + traceID + "-" + spanID + "-01")},
			},
		})
		if err != nil {
			return fmt.Errorf("publish %s: %w", e.key, err)
		}
		w.books.answered(e, accepted, "SNS took it")
	}
	return nil
}
