package messaging

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
)

// on gives a fault to the calls of one action.
func on(action string, f *Fault) func(Call) *Fault {
	return func(c Call) *Fault {
		if c.Action == action {
			return f
		}
		return nil
	}
}

func TestFault_Calls_AreDescribed(t *testing.T) {
	var mu sync.Mutex
	var calls []Call
	b := setup(t, Config{Fault: func(c Call) *Fault {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, c)
		return nil
	}})
	arn, url, _ := b.topic("topic", SubscriptionConfig{})
	b.send(url, "m")
	if _, err := b.publishBatch(arn, "1", "2", "3"); err != nil {
		t.Fatal(err)
	}
	b.publish(&sns.PublishInput{TargetArn: &arn, Message: aws.String("m")})
	if _, err := b.sqs.GetQueueUrl(b.ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("topic")}); err != nil {
		t.Fatal(err)
	}
	want := []Call{
		{"sqs", "SendMessage", "topic", 1},
		{"sns", "PublishBatch", "topic", 3},
		{"sns", "Publish", "topic", 1},
		{"sqs", "GetQueueUrl", "topic", 1},
	}
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Errorf("calls differ (-want +got):\n%s", diff)
	}
}

func TestFault_Error_IsAnsweredAndNothingDone(t *testing.T) {
	b := setup(t, Config{Fault: func(c Call) *Fault {
		switch c.Action {
		case "SendMessage":
			return &Fault{Error: &Error{Code: "RequestThrottled", Message: "slow down"}}
		case "Publish":
			return &Fault{Error: &Error{Code: "InternalError", Message: "oh", Receiver: true}}
		}
		return nil
	}})
	arn, url, _ := b.topic("topic", SubscriptionConfig{})
	_, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("m")})
	wantError[*sqstypes.RequestThrottled](t, err)
	_, err = b.sns.Publish(b.ctx, &sns.PublishInput{TopicArn: &arn, Message: aws.String("m")})
	wantError[*snstypes.InternalErrorException](t, err)
	b.wantDepth("topic", QueueDepth{})
}

// The SDK retries a server's error by itself, and the call works.
func TestFault_ServerErrorOnce_TheSDKRetries(t *testing.T) {
	var calls atomic.Int32
	b := setup(t, Config{Fault: func(Call) *Fault {
		if calls.Add(1) == 1 {
			return &Fault{Error: &Error{Code: "ServiceUnavailable", Status: http.StatusServiceUnavailable, Receiver: true}}
		}
		return nil
	}})
	url := b.queue(QueueConfig{Name: "q"})
	_, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("m")},
		func(o *sqs.Options) { o.RetryMaxAttempts = 2 })
	if err != nil {
		t.Fatal(err)
	}
	if n := calls.Load(); n != 2 {
		t.Errorf("%d calls, want 2", n)
	}
	b.wantDepth("q", QueueDepth{Visible: 1})
}

func TestFault_DropBefore_NothingIsDone(t *testing.T) {
	b := setupBound(t, Config{Fault: on("SendMessage", &Fault{Drop: DropBefore})})
	url := b.queue(QueueConfig{Name: "q"})
	if _, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("m")}); err == nil {
		t.Error("the call succeeded")
	}
	b.wantDepth("q", QueueDepth{})
}

// Accepted and then dropped: the client cannot know, its retry makes a second
// message.
func TestFault_DropAfter_TheWorkIsDone(t *testing.T) {
	b := setupBound(t, Config{Fault: on("PublishBatch", &Fault{Drop: DropAfter})})
	arn, _, _ := b.topic("topic", SubscriptionConfig{})
	for range 2 {
		if _, err := b.publishBatch(arn, "1", "2"); err == nil {
			t.Error("the call succeeded")
		}
	}
	b.wantDepth("topic", QueueDepth{Visible: 4})
}

func TestFault_Delay_IsWaitedForUnlessTheClientGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{Fault: on("SendMessage", &Fault{Delay: 5 * time.Second})})
		url := b.queue(QueueConfig{Name: "q"})
		start := time.Now()
		b.send(url, "m")
		if waited := time.Since(start); waited != 5*time.Second {
			t.Errorf("waited %v, want 5s", waited)
		}
		ctx, cancel := context.WithTimeout(b.ctx, 2*time.Second)
		defer cancel()
		start = time.Now()
		_, err := b.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("m")})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 2*time.Second {
			t.Errorf("%v after %v, want the deadline after 2s", err, time.Since(start))
		}
		b.wantDepth("q", QueueDepth{Visible: 1})
	})
}

// Some entries fail on HTTP 200, and only the others are done.
func TestFault_FailEntries_FailAlone(t *testing.T) {
	throttled := &Error{Code: "Throttled", Message: "slow down", Receiver: true}
	b := setup(t, Config{Fault: func(c Call) *Fault {
		switch c.Action {
		case "PublishBatch", "SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch":
			return &Fault{FailEntries: []int{0, 2}, EntryError: throttled}
		}
		return nil
	}})
	arn, url, _ := b.topic("topic", SubscriptionConfig{RawMessageDelivery: true})
	published, err := b.publishBatch(arn, "a", "b", "c")
	if err != nil {
		t.Fatal(err)
	}
	if len(published.Failed) != 2 || *published.Failed[1].Id != "c" || *published.Failed[1].Code != "Throttled" || published.Failed[1].SenderFault {
		t.Errorf("PublishBatch: failures are %v", published.Failed)
	}
	b.wantDepth("topic", QueueDepth{Visible: 1})

	entries := []sqstypes.SendMessageBatchRequestEntry{
		{Id: aws.String("a"), MessageBody: aws.String("m")}, {Id: aws.String("b"), MessageBody: aws.String("m")}, {Id: aws.String("c"), MessageBody: aws.String("m")},
	}
	sent, err := b.sqs.SendMessageBatch(b.ctx, &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: entries})
	if err != nil {
		t.Fatal(err)
	}
	if len(sent.Failed) != 2 || len(sent.Successful) != 1 || *sent.Successful[0].Id != "b" || sent.Failed[0].SenderFault {
		t.Errorf("SendMessageBatch: %v sent, %v failed", sent.Successful, sent.Failed)
	}
	b.wantDepth("topic", QueueDepth{Visible: 2})

	b.send(url, "third")
	var deletes []sqstypes.DeleteMessageBatchRequestEntry
	var changes []sqstypes.ChangeMessageVisibilityBatchRequestEntry
	for _, m := range b.receive(url) {
		deletes = append(deletes, sqstypes.DeleteMessageBatchRequestEntry{Id: m.MessageId, ReceiptHandle: m.ReceiptHandle})
		changes = append(changes, sqstypes.ChangeMessageVisibilityBatchRequestEntry{Id: m.MessageId, ReceiptHandle: m.ReceiptHandle})
	}
	if _, err := b.sqs.DeleteMessageBatch(b.ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: deletes}); err != nil {
		t.Fatal(err)
	}
	b.wantDepth("topic", QueueDepth{InFlight: 2})
	changed, err := b.sqs.ChangeMessageVisibilityBatch(b.ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url, Entries: changes})
	if err != nil {
		t.Fatal(err)
	}
	if len(changed.Failed) != 3 { // two by the fault, one is deleted
		t.Errorf("ChangeMessageVisibilityBatch: %v failed", changed.Failed)
	}
}
