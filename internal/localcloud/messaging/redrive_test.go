package messaging

import (
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
)

// A message that was received maxReceiveCount times moves instead of being
// received again. It stays the same message: id, body, attributes, tracing
// header, enqueue time and receive count (SQS guide, "Dead-letter queues").
func TestRedrive_MaxReceiveCountReached_MessageMovesUnchanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		dlq := b.queue(QueueConfig{Name: "dlq"})
		url := b.queue(QueueConfig{Name: "q", VisibilityTimeout: time.Second, DeadLetterQueue: "dlq", MaxReceiveCount: 2})
		_, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{
			QueueUrl: &url, MessageBody: aws.String("m"), MessageAttributes: stringAttributes(2),
			MessageSystemAttributes: map[string]sqstypes.MessageSystemAttributeValue{
				"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(traceHeader)},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		var last sqstypes.Message
		for range 2 {
			time.Sleep(time.Second)
			last = b.receiveOne(url)
		}
		time.Sleep(time.Second)
		b.wantDepth("dlq", QueueDepth{})
		if got := b.receive(url); len(got) != 0 {
			t.Fatal("received a third time")
		}
		b.wantDepth("q", QueueDepth{})

		moved := b.receiveOne(dlq)
		if *moved.MessageId != *last.MessageId || *moved.Body != "m" || *moved.MD5OfMessageAttributes != *last.MD5OfMessageAttributes {
			t.Errorf("the message changed: %v, was %v", moved, last)
		}
		want := maps.Clone(last.Attributes)
		want["ApproximateReceiveCount"] = "3"
		want["DeadLetterQueueSourceArn"] = b.broker.QueueARN("q")
		if diff := cmp.Diff(want, moved.Attributes); diff != "" {
			t.Errorf("system attributes differ (-want +got):\n%s", diff)
		}
	})
}

// "The expiration of a message is always based on its original enqueue
// timestamp" (SQS guide, "Dead-letter queues").
func TestRedrive_Retention_CountsFromTheFirstQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		dlq := b.queue(QueueConfig{Name: "dlq", MessageRetention: 100 * time.Second})
		url := b.queue(QueueConfig{Name: "q", VisibilityTimeout: time.Second, DeadLetterQueue: "dlq", MaxReceiveCount: 1})
		b.send(url, "m")
		b.receiveOne(url)
		time.Sleep(80 * time.Second)
		b.receive(url)
		b.wantDepth("dlq", QueueDepth{Visible: 1})
		time.Sleep(20 * time.Second)
		if got := b.receive(dlq); len(got) != 0 {
			t.Error("the message outlived the retention period of the dead-letter queue")
		}
	})
}

// A receive that waits on the dead-letter queue gets what moves there, and one
// that waits on the queue goes on waiting.
func TestRedrive_ReceivesWait_OnlyTheDeadLetterQueueAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		dlq := b.queue(QueueConfig{Name: "dlq"})
		url := b.queue(QueueConfig{Name: "q", VisibilityTimeout: 5 * time.Second, DeadLetterQueue: "dlq", MaxReceiveCount: 1})
		b.send(url, "m")
		b.receiveOne(url)
		start := time.Now()
		var other sync.WaitGroup
		other.Go(func() {
			if got := b.receiveWith(&sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 10}); len(got) != 0 {
				t.Error("the queue answered")
			}
		})
		got := b.receiveWith(&sqs.ReceiveMessageInput{QueueUrl: &dlq, WaitTimeSeconds: 20})
		if len(got) != 1 || time.Since(start) != 5*time.Second {
			t.Errorf("the dead-letter queue answered with %d messages after %v, want 1 after 5s", len(got), time.Since(start))
		}
		other.Wait()
	})
}

// Two queues that are each other's dead-letter queue pass a message back and
// forth, one receive at a time.
func TestRedrive_Circle_Ends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		first := b.queue(QueueConfig{Name: "first", VisibilityTimeout: time.Second})
		second := b.queue(QueueConfig{Name: "second", VisibilityTimeout: time.Second, DeadLetterQueue: "first", MaxReceiveCount: 1})
		_, err := b.sqs.SetQueueAttributes(b.ctx, &sqs.SetQueueAttributesInput{QueueUrl: &first, Attributes: map[string]string{
			"RedrivePolicy": `{"deadLetterTargetArn":"` + b.broker.QueueARN("second") + `","maxReceiveCount":"1"}`,
		}})
		if err != nil {
			t.Fatal(err)
		}
		b.send(first, "m")
		for range 3 {
			b.receiveOne(first)
			time.Sleep(time.Second)
			b.receive(first)
			b.receiveOne(second)
			time.Sleep(time.Second)
			b.receive(second)
		}
		b.wantDepth("first", QueueDepth{Visible: 1})
	})
}

func TestRedrive_DeadLetterQueueFull_MessageStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{MaxMessages: 1})
		dlq := b.queue(QueueConfig{Name: "dlq"})
		url := b.queue(QueueConfig{Name: "q", VisibilityTimeout: time.Second, DeadLetterQueue: "dlq", MaxReceiveCount: 1})
		b.send(dlq, "full")
		b.send(url, "m")
		b.receiveOne(url)
		time.Sleep(time.Second)
		if got := b.receive(url); len(got) != 0 {
			t.Error("received beyond maxReceiveCount")
		}
		b.wantDepth("q", QueueDepth{Delayed: 1})
		if err := b.delete(dlq, b.receiveOne(dlq).ReceiptHandle); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		b.receive(url)
		b.wantDepth("dlq", QueueDepth{Visible: 1})
	})
}

func TestRedrivePolicy_Invalid_IsRefused(t *testing.T) {
	b := setup(t, Config{})
	url := b.queue(QueueConfig{Name: "q"})
	b.queue(QueueConfig{Name: "dlq"})
	arn := b.broker.QueueARN("dlq")
	for name, policy := range map[string]string{
		"no JSON":           `dlq`,
		"no target":         `{"maxReceiveCount":1}`,
		"target elsewhere":  `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dlq","maxReceiveCount":1}`,
		"target not there":  `{"deadLetterTargetArn":"` + arn + `x","maxReceiveCount":1}`,
		"itself":            `{"deadLetterTargetArn":"` + b.broker.QueueARN("q") + `","maxReceiveCount":1}`,
		"count of zero":     `{"deadLetterTargetArn":"` + arn + `","maxReceiveCount":0}`,
		"count of 1001":     `{"deadLetterTargetArn":"` + arn + `","maxReceiveCount":1001}`,
		"count no number":   `{"deadLetterTargetArn":"` + arn + `","maxReceiveCount":"many"}`,
		"count of one half": `{"deadLetterTargetArn":"` + arn + `","maxReceiveCount":0.5}`,
	} {
		_, err := b.sqs.SetQueueAttributes(b.ctx, &sqs.SetQueueAttributesInput{
			QueueUrl: &url, Attributes: map[string]string{"RedrivePolicy": policy},
		})
		t.Run(name, func(t *testing.T) { wantCode(t, err, "InvalidParameterValue") })
	}
}

// StartMessageMoveTask is for the dead-letter queues of queues: the one of an
// SNS subscription is refused as AWS does (SQS API, StartMessageMoveTask).
func TestStartMessageMoveTask_DeadLetterQueueOfASubscription_IsRefused(t *testing.T) {
	b := setup(t, Config{})
	b.queue(QueueConfig{Name: "sns-dlq"})
	b.queue(QueueConfig{Name: "sqs-dlq"})
	b.queue(QueueConfig{Name: "q", DeadLetterQueue: "sqs-dlq"})
	b.topic("topic", SubscriptionConfig{DeadLetterQueue: "sns-dlq"})
	start := func(queue string) error {
		_, err := b.sqs.StartMessageMoveTask(b.ctx, &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(b.broker.QueueARN(queue))})
		return err
	}
	err := start("sns-dlq")
	wantCode(t, err, "InvalidParameterValue")
	if !strings.Contains(err.Error(), "must be configured as a Dead Letter Queue") {
		t.Errorf("the refusal is %v", err)
	}
	wantError[*sqstypes.ResourceNotFoundException](t, start("nothing"))
	wantCode(t, start("sqs-dlq"), "NotImplemented")
}

// What is redriven is as a message that was sent just now: another id, and
// received never.
func TestStartMessageMoveTask_Destination_GetsNewMessages(t *testing.T) {
	b := setup(t, Config{})
	b.queue(QueueConfig{Name: "dlq"})
	b.queue(QueueConfig{Name: "q", DeadLetterQueue: "dlq"})
	url := b.broker.QueueURL("dlq")
	sent, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("body"), MessageAttributes: map[string]sqstypes.MessageAttributeValue{
		"traceparent": {DataType: aws.String("String"), StringValue: aws.String("00")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	move := func(source, destination string) error {
		_, err := b.sqs.StartMessageMoveTask(b.ctx, &sqs.StartMessageMoveTaskInput{
			SourceArn: aws.String(b.broker.QueueARN(source)), DestinationArn: aws.String(b.broker.QueueARN(destination)),
		})
		return err
	}
	wantError[*sqstypes.ResourceNotFoundException](t, move("dlq", "nothing"))
	if err := move("dlq", "q"); err != nil {
		t.Fatal(err)
	}
	left, _ := b.broker.Messages("dlq", 10)
	moved, _ := b.broker.Messages("q", 10)
	if len(left) != 0 || len(moved) != 1 || moved[0].Body != "body" || moved[0].Attributes["traceparent"].Value != "00" ||
		moved[0].ReceiveCount != 0 || moved[0].MessageID == *sent.MessageId {
		t.Errorf("left %+v, moved %+v; want the message moved whole, with another id and no receive", left, moved)
	}
}
