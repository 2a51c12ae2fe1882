package awssdk

import (
	"context"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
)

// A program may have a queue for every customer.
func TestOperation_MoreQueuesThanAreRemembered_AreStillRight(t *testing.T) {
	t.Parallel()
	i := newInstrumentation(Config{})
	for n := range maxKnown + 10 {
		name := strconv.Itoa(n)
		if op := i.operation(context.Background(), "https://sqs/"+name, send); op.spanName != "send "+name {
			t.Fatalf("span name = %q, want that of queue %s", op.spanName, name)
		}
	}
	if len(i.known) != maxKnown {
		t.Errorf("%d operations are remembered, want %d", len(i.known), maxKnown)
	}
}

// A bucket for every customer takes no queue's place.
func TestOperation_ManyBuckets_AreRememberedAsOne(t *testing.T) {
	t.Parallel()
	i := newInstrumentation(Config{})
	client := s3.NewFromConfig(aws.Config{
		APIOptions: []func(*middleware.Stack) error{i.addTo},
		Retryer:    func() aws.Retryer { return aws.NopRetryer{} },
	})
	for n := range 3 {
		if _, err := client.HeadBucket(context.Background(), &s3.HeadBucketInput{Bucket: new(strconv.Itoa(n))}); err == nil {
			t.Fatal("a call without a region was made")
		}
	}
	if len(i.known) != 1 {
		t.Errorf("%d operations are remembered, want 1", len(i.known))
	}
}
